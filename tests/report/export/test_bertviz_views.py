"""bertviz's pages against bertviz's own output, and against the numbers that went in."""

import base64
import hashlib
import json
import re
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from bertviz import head_view, model_view

from inspector.errors import InputError, MachineError
from inspector.records import Text, Token, Trace, TracedLayer
from inspector.report.export import bertviz_views
from inspector.report.export.bertviz_views import page_bytes, refuse_large, view_paths, write_views

HOSTILE = [
    "</script><script>window.hit=1</script>",
    "</SCRIPT >",
    "<!--",
    "<script>",
    "PYTHON_PARAMS",
    "const params = ",
    '<script type="text/javascript">',
    "; // HACK: ",
    '"quoted" \\ \'`${1}',
    "a\u2028b",
    "lone \ud800",
]


def make_run(tokens=("[CLS]", "the", "cat", "[SEP]"), *, second=None, numbers=(0, 1), heads=3):
    """A run of random attention; ``second`` is where the second text begins."""
    random = np.random.default_rng(7)
    count = len(tokens)
    layers = []
    for number in numbers:
        attention = random.dirichlet(np.full(count, 0.2), (heads, count)).astype(np.float32)
        attention[0, 0, :3] = [0, 1e-30, 1]
        layers.append(TracedLayer("self", number, np.zeros((count, 4)), attention, None))
    told = tuple(
        Token(i, token, i, False, int(second is not None and i >= second), None)
        for i, token in enumerate(tokens)
    )
    text = Text.of(told, " ".join(tokens), None if second is None else "another")
    return Trace(text, tuple(layers))


def plain(view, run, **how):
    """What bertviz itself returns for a run."""
    tensors = [torch.from_numpy(layer.attention)[None] for layer in run.layers]
    tokens = [token.text for token in run.text.tokens]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        return view(tensors, tokens, html_action="return", **how).data


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.elements, self.scripts, self.title, self.inside = [], [], "", None
        self.source = path.read_bytes().decode("utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside == "title":
            self.title += data

    @property
    def params(self):
        return json.JSONDecoder().raw_decode(self.scripts[-1].split("const params = ", 1)[1])[0]


@pytest.fixture
def pages(tmp_path):
    def go(run):
        written = write_views(run, tmp_path / "report.html")
        assert sorted(p.name for p in tmp_path.iterdir()) == [
            "report.head.html",
            "report.model.html",
        ]
        return [Page(written["bertviz_head"]), Page(written["bertviz_model"])]

    return go


def test_the_numbers_are_there_once_and_exact(pages):
    run = make_run()
    for page, view in zip(pages(run), (head_view, model_view), strict=True):
        assert plain(view, run).count('"left_text"') == 2
        assert page.source.count('"left_text"') == 1
        (data,) = page.params["attention"]
        assert data["left_text"] == data["right_text"] == ["[CLS]", "the", "cat", "[SEP]"]
        for shown, layer in zip(data["attn"], run.layers, strict=True):
            np.testing.assert_array_equal(np.array(shown, np.float32), layer.attention)


def test_a_page_is_well_under_half_of_bertvizs_own_and_what_was_foretold(pages):
    for run in (make_run(["w"] * 60, heads=12), make_run(["w"] * 60, heads=12, second=20)):
        second = None if run.text.pair is None else 20
        for page, view in zip(pages(run), (head_view, model_view), strict=True):
            size = len(page.source)
            libraries = sum(map(len, page.scripts[:2]))
            own = len(plain(view, run, sentence_b_start=second))
            assert size - libraries < 0.4 * own
            assert size == pytest.approx(page_bytes(run), rel=0.1)


def test_what_bertviz_wrote_is_there_but_for_the_second_copy_and_the_loader(pages):
    run = make_run()
    for page, view in zip(pages(run), (head_view, model_view), strict=True):
        theirs = Path(view.__globals__["__file__"]).with_suffix(".js").read_text()
        before, _, after = theirs.partition("PYTHON_PARAMS")
        ours = page.scripts[-1].strip()
        assert ours.startswith(before)
        assert ours.endswith(after.strip())
        assert "cdnjs" not in page.source.replace(before, "")


def test_hostile_tokens_are_only_text(pages):
    run = make_run(HOSTILE)
    for page in pages(run):
        assert [tag for tag, _ in page.elements].count("script") == 4
        assert page.params["attention"][0]["left_text"] == HOSTILE
        assert "<!--" not in page.source
        assert page.source.lower().count("</script") == 4
        assert page.title.startswith("</script><script>")


def test_the_policy_names_every_script_and_nothing_is_loaded(pages):
    for page in pages(make_run(HOSTILE)):
        policies = [a["content"] for tag, a in page.elements if "http-equiv" in a]
        (policy,) = policies
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules.pop("default-src") == "'none'"
        assert rules.pop("style-src") == "'unsafe-inline'"
        named = rules.pop("script-src")
        assert rules == {"base-uri": "'none'", "form-action": "'none'", "img-src": "data:"}
        digests = [hashlib.sha256(script.encode()).digest() for script in page.scripts]
        assert named == " ".join(f"'sha256-{base64.b64encode(d).decode()}'" for d in digests)
        assert page.elements[0] == ("html", {"lang": "en"})
        assert {"charset": "utf-8"} in [attributes for _, attributes in page.elements]
        assert not [a for _, a in page.elements if "src" in a or "href" in a]


def test_the_libraries_are_the_ones_that_bertviz_was_written_for(pages):
    for page in pages(make_run()):
        assert re.match(r"/\*! jQuery v3\.", page.scripts[0])
        assert page.scripts[1].startswith("// https://d3js.org v5.7.0 ")


def test_of_a_pair_each_text_is_shown_against_each(pages):
    run = make_run(["[CLS]", "a", "[SEP]", "b", "c", "[SEP]"], second=3)
    A = run.layers[1].attention
    for page in pages(run):
        whole, *parts = page.params["attention"]
        assert (len(whole["left_text"]), len(parts)) == (6, 4)
        crossed = next(p for p in parts if p["name"] == "Sentence A -> Sentence B")
        assert crossed["left_text"] == ["[CLS]", "a", "[SEP]"]
        assert crossed["right_text"] == ["b", "c", "[SEP]"]
        np.testing.assert_array_equal(np.array(crossed["attn"][1], np.float32), A[:, :3, 3:])


def test_layers_keep_their_numbers(pages):
    run = make_run(numbers=(1, 4))
    for page in pages(run):
        assert page.params["include_layers"] == [1, 4]
        for shown, layer in zip(page.params["attention"][0]["attn"], run.layers, strict=True):
            np.testing.assert_array_equal(np.array(shown, np.float32), layer.attention)


def test_what_bertviz_cannot_draw_is_refused(tmp_path):
    few, many = make_run(heads=2), make_run(heads=3)
    uneven = Trace(few.text, (few.layers[0], many.layers[1]))
    crossing = TracedLayer("cross", 0, few.layers[0].hidden, few.layers[0].attention, None)
    for run in (uneven, Trace(few.text, (crossing,))):
        with pytest.raises(InputError, match="other layers"):
            write_views(run, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def test_beyond_128_tokens_it_asks(tmp_path):
    refuse_large(make_run(["w"] * 128))
    with pytest.raises(InputError, match=r"At 129 tokens .* about 2 MB") as caught:
        refuse_large(make_run(["w"] * 129))
    assert "--yes" in caught.value.hint
    assert caught.value.exit_code == 2


def test_a_library_that_is_not_there_is_named(tmp_path, monkeypatch):
    for missing in (("no-such-package", "a.js", "a"), ("mpld3", "mpld3/js/none.js", "d3")):
        monkeypatch.setattr(bertviz_views, "_LIBRARIES", [missing])
        with pytest.raises(MachineError, match=missing[0]):
            write_views(make_run(), tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("report", "stem"),
    [
        ("attention.html", "attention"),
        ("a/b.c.HTM", "a/b.c"),
        ("report", "report"),
        ("page.v2", "page.v2"),
    ],
)
def test_names(report, stem):
    assert view_paths(Path(report)) == {
        "bertviz_head": Path(f"{stem}.head.html"),
        "bertviz_model": Path(f"{stem}.model.html"),
    }
