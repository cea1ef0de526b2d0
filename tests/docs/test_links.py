"""Links, anchors, paths and figures of README, docs and CONTRIBUTING lead where they say."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml
from markdown import DOCS, PAGES, ROOT, anchors, links, prose, spans

from inspector.families.registry import FAMILIES
from inspector.version import __version__


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link).resolve() for link in links(ROOT / "README.md")}
    assert set(DOCS) <= linked


def test_every_path_named_in_contributing_is_there() -> None:
    page = ROOT / "CONTRIBUTING.md"
    inner = (path for path in (ROOT / "inspector").rglob("*") if path.is_dir())
    folders = [ROOT, ROOT / "inspector", *inner]
    missing = []
    for span in spans(page):
        if re.fullmatch(r"[\w./-]+/", span) or re.fullmatch(
            r"[\w./-]+\.(py|js|ts|md|jinja|json)", span
        ):
            inside = [folder / span for folder in folders] if "/" not in span[:-1] else []
            known = [ROOT / span, ROOT / "inspector/report/html/assets" / span, *inside]
            if not any(path.exists() for path in known):
                missing.append(span)
    assert missing == []


def test_the_table_of_families_is_made_from_the_registry() -> None:
    page = ROOT / "docs/families.md"
    made = runpy.run_path(str(ROOT / "docs/make_families.py"))
    text = page.read_text(encoding="utf-8")
    # Sorted: another test takes rows out and puts them back, behind the others.
    assert sorted(made["with_table"](text).splitlines()) == sorted(text.splitlines())
    rows = re.findall(r"^\| `([\w-]+)` \|", made["table"](), re.MULTILINE)
    assert sorted(rows) == sorted(FAMILIES)
    assert len(rows) >= 75


def test_the_figures_of_the_readme_are_those_of_the_benchmarks() -> None:
    """Each is quoted from the tables, and nowhere else a second time."""
    speed = prose(ROOT / "README.md").split("## Speed")[1].split("## ")[0]
    rows = [row for row in speed.splitlines() if row.startswith("|")][2:]
    figures = [figure for row in rows for figure in re.findall(r"\d+\.\d+|\d{3,}", row)]
    assert len(figures) == 15
    tables = prose(ROOT / "docs/benchmarks.md")
    for figure in figures:
        assert re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d.])", tables), figure
    for page in PAGES:
        if page.name not in {"README.md", "benchmarks.md", "findings.md"}:
            assert not {"0.65", "5.23", "5.89", "53.4", "4685"} & set(
                re.findall(r"[\d.]+", prose(page))
            )


def test_the_citation_says_what_the_package_says() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(cited) == {
        *("cff-version", "message", "type", "title", "abstract"),
        *("authors", "version", "license", "keywords"),
    }
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "software"
    assert [list(author) for author in cited["authors"]] == [["name"]]
    assert cited["version"] == project["version"] == __version__
    assert cited["license"] == project["license"]
    assert cited["abstract"] == project["description"]
    assert cited["keywords"] == project["keywords"]


def test_the_lowest_versions_are_the_bounds() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = declared["dependencies"] + declared["optional-dependencies"]["test"]
    bounds = dict(re.findall(r"^([\w-]+)[\w\[\]]*[>=]=([\d.]+)", "\n".join(wanted), re.MULTILINE))
    lines = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {name for name in pins if name not in bounds} == set()
    for requirement in declared["dependencies"]:
        assert re.match(r"[\w-]+", requirement)[0] in pins  # type: ignore[index]
    for name, version in pins.items():
        # 8.2 is 8.2.0; of jQuery's carrier every release of 3.7 is a build of one jQuery.
        assert name in ("torch", "XStatic-jQuery") or version in (
            bounds[name],
            f"{bounds[name]}.0",
            f"{bounds[name]}.0.0",
        ), name
