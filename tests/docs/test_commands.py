"""Every command in docs is run, every excerpt of output was printed, every option exists.

The commands of a page run in order in one folder, in this process: torch is imported once.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from markdown import DOCS, PAGES, ROOT, blocks, prose, spans

from inspector.commands import main
from inspector.commands.grammar import VERBS, verb
from inspector.commands.program import cli, route

#: Of somebody else: what is read from it can be looked at but not run here.
NOT_OURS = "en_ewt-ud-dev.conllu"
#: Options of the programs beside ours.
THEIRS = {"--no-deps", "--rounds", "--sentences"}


def commands(page: Path) -> list[str]:
    return [line for block in blocks(page) if block.language == "bash" for line in block.lines]


def options(command: click.Command) -> set[str]:
    inside = map(verb, VERBS) if isinstance(command, click.Group) else ()
    own = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    return own | {"--help", "-h"} | {name for one in inside for name in options(one)}


def check_usage(line: str) -> None:
    """Parse a command line without running it; what is only named may lack its arguments."""
    name, *rest = route(shlex.split(line)[1:])
    if name.startswith("-"):
        return
    with suppress(click.exceptions.Exit, click.MissingParameter):
        verb(name).make_context("inspect", rest)


def printed(text: str) -> list[str]:
    """Lines of output; what differs in the last digits from machine to machine is left out."""
    lines = [line.rstrip() for line in text.splitlines()]
    return [line for line in lines if not re.search("largest difference|ids alone", line)]


def interrupted(_server: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_commands_work_and_print_what_is_shown(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    # What is served until Ctrl-C is opened by no browser here, and ended at once.
    monkeypatch.setattr("webbrowser.open", lambda _address: True)
    monkeypatch.setattr("inspector.server.serving.Server.wait", interrupted)
    output: list[str] = []
    for block in blocks(page):
        if block.language == "bash":
            for line in block.lines:
                if line.startswith("inspect ") and NOT_OURS not in line:
                    monkeypatch.setattr(sys, "argv", shlex.split(line))
                    assert main(shlex.split(line)[1:]) == 0, (line, capsys.readouterr().err)
                    output += printed(capsys.readouterr().out)
        elif block.language == "text":
            shown = printed(block.body)
            rows = range(len(output) - len(shown) + 1)
            assert any(output[row : row + len(shown)] == shown for row in rows), block.body


@pytest.mark.slow
def test_the_python_page_works(tmp_path: Path) -> None:
    """Its blocks follow one another, as a reader would type them."""
    code = "\n".join(
        block.body for block in blocks(ROOT / "docs/python.md") if block.language == "python"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("True") == 3
    assert "False" not in done.stdout.replace("special=False", "")
    assert done.stdout.endswith("verified\n")


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_block_is_checked(page: Path) -> None:
    """A block in a language that no test here knows would be a promise that nobody keeps."""
    assert {block.language for block in blocks(page)} <= {"bash", "text", "python"}
    for line in commands(page):
        assert line.startswith(("inspect ", "python -m benchmarks", "pip install ")), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_prose_could_be_run(page: Path) -> None:
    for line in [*commands(page), *spans(page)]:
        if line.startswith("inspect ") and "|" not in line:
            check_usage(line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_that_is_named_exists(page: Path) -> None:
    named = {found for span in spans(page) for found in re.findall(r"(?<!\S)--[a-z][\w-]*", span)}
    assert named <= options(cli) | THEIRS


def test_an_option_that_does_not_exist_is_found() -> None:
    with pytest.raises(click.NoSuchOption):
        check_usage('inspect "the cat" --colour')
    check_usage("inspect corpus --restart")


def test_the_benchmarks_that_are_named_exist(capsys: pytest.CaptureFixture[str]) -> None:
    # They live beside the package and are not installed with it.
    sys.path.append(str(ROOT))
    from benchmarks.__main__ import SECTIONS
    from benchmarks.__main__ import main as benchmarks

    with pytest.raises(SystemExit):
        benchmarks(["--help"])
    told = set(re.findall(r"--[a-z]+", capsys.readouterr().out))
    lines = [line for page in PAGES for line in commands(page) + spans(page)]
    lines = [line for line in lines if line.startswith("python -m benchmarks")]
    assert len(lines) > 2
    for line in lines:
        module, *words = shlex.split(line)[2:]
        assert find_spec(module) is not None
        if module == "benchmarks":
            plain = [word for word in words if not word.startswith("--") and word != NOT_OURS]
            assert set(plain) <= set(SECTIONS), line
            assert {word for word in words if word.startswith("--")} <= told, line


def test_extras_that_are_named_exist() -> None:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for page in PAGES:
        for extra in re.findall(r'"[\w.-]*\[([a-z]+)\]"', page.read_text(encoding="utf-8")):
            assert re.search(rf"^{extra} = \[", declared, re.MULTILINE), extra


def test_no_prose_speaks_of_rooms() -> None:
    """The house's own word for modules meant nothing to a reader."""
    for page in PAGES:
        assert not re.search(r"\brooms?\b", prose(page)), page.name
