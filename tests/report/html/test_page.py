import base64
import gzip
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import synthetic
from synthetic_effects import mattering

from inspector.analogy.classroom import article_class, study
from inspector.report.html.classroom_page import render_classroom
from inspector.report.html.page import render_report
from inspector.session import inspect

HOSTILE = "</script><script>alert(1)</script> <!-- ' \" & <b>x</b> {{ 7*7 }}"


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.seen, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def test_a_page_names_no_other_file_and_no_style_attribute():
    for page in (
        render_report(synthetic.inspected()),
        render_classroom(article_class(), own_table=False),
    ):
        for tag, attributes in Elements(page).seen:
            assert "style" not in attributes
            assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
            assert "src" not in attributes
            assert attributes.get("href", "#").startswith("#")


def test_the_policy_allows_nothing_unnamed():
    policy = re.search(
        r'Content-Security-Policy" content="([^"]*)"', render_report(synthetic.inspected())
    )
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].replace("&#39;", "'").split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for source in (rules["style-src"] + " " + rules["script-src"]).split():
        assert source.startswith("'sha256-")


def test_hostile_text_opens_no_element():
    plain = Elements(render_report(synthetic.inspected("the cat sat")))
    hostile = Elements(render_report(synthetic.inspected(HOSTILE), command=HOSTILE))
    assert [tag for tag, _ in hostile.seen] == [tag for tag, _ in plain.seen]


def test_a_lone_surrogate_can_be_written():
    render_report(synthetic.inspected("a \ud800 b"), command="\udfff").encode("utf-8")


def test_the_page_of_a_sentence_keeps_to_its_budget(bundled):
    """With effects; real numbers, which can be packed more tightly than random ones."""
    found = inspect("The old clock on the wall had stopped, so nobody knew the time", model=bundled)
    assert len(found.tokens) == 16
    assert len(render_report(found.with_effects()).encode()) <= 0.45e6


@pytest.mark.parametrize(("tokens", "budget"), [(128, 2.5e6), (512, 7e6)])
def test_a_page_keeps_to_its_budget(tokens, budget):
    whole = synthetic.inspected("w " * (tokens - 2), layers=6, heads=12, d=32)
    assert len(render_report(whole).encode()) <= budget


@pytest.mark.parametrize("tokens", [16, 128, 512])
def test_effects_add_little_to_a_page(tokens):
    whole = synthetic.inspected("w " * (tokens - 2), layers=6, heads=12, d=32)
    without = len(render_report(whole).encode())
    measured = mattering(whole, bits=True, contributions=True)
    assert without < len(render_report(measured).encode()) <= 1.05 * without


def test_the_worker_s_script_travels_in_front_of_the_page_s():
    packed = re.search(r'id="script">([^<]*)<', render_report(synthetic.inspected()))
    style, worker, script = gzip.decompress(base64.b64decode(packed[1])).decode().split("\0")
    assert style.startswith("@property") and "#sentence" in style
    assert "self.onmessage" in worker and "document" not in worker
    assert "self.onmessage" not in script and "new Worker" in script
    # What both need stands first in both, where deflate finds it again.
    assert script.startswith(worker[: worker.index("const $attention_worker")][:2000])


def test_a_classroom_shows_its_tables_and_what_is_inferred():
    page = render_classroom(article_class(), own_table=False)
    text = " ".join("".join(Elements(page).text).split())
    assert "our own invention" in text
    assert text.count("Our inference") == 2
    Q = article_class().table
    expected = sum(Q[0][k] * Q[5][k] for k in range(7))
    assert f"Joey ({expected:g}), most of all through trekking" in text


def test_a_table_of_one_s_own_is_not_called_ours():
    page = render_classroom(
        study(["<b>", "B"], ["x & y"], np.array([[1.0], [2.0]])), own_table=True
    )
    assert "invention" not in page
    assert "&lt;b&gt;" in page and "x &amp; y" in page
