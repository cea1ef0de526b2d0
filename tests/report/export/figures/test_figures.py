"""Figures as a reader of the files has them: SVG as XML, PDF and PNG by their own bytes."""

from __future__ import annotations

import base64
import io
import math
import re
import shutil
import struct
import subprocess
import warnings
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from page_colours import blended, stops_of_the_page
from PIL import Image

import inspector
from inspector.errors import InputError
from inspector.records import Text, Token
from inspector.referee.loading import LoadedModel
from inspector.report.export.figures import Figure, canvas
from inspector.report.export.figures.drawing import Words
from inspector.session import Inspection

TOKENS = [
    "[CLS]",
    "The",
    "cat",
    "sat",
    "on",
    "the",
    "mat",
    "because",
    "it",
    "was",
    "tired",
    "[SEP]",
]
HOSTILE = [
    "$x$",
    r"\frac{a}{b}",
    "<script>alert(1)</script>",
    "&amp;",
    "\x1b[31m",
    "a\ufffeb",
    "]]>",
]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def early(bundled: LoadedModel) -> Inspection:
    """Our own answer of a short text, in half a second."""
    return inspector.inspect("The cat sat", model=bundled, prove=False)


def tree(figure: Figure) -> ET.Element:
    return ET.fromstring(figure.svg)  # noqa: S314 - our own


def named(figure: Figure) -> dict[str, ET.Element]:
    """What in an SVG has a name, by it."""
    root = tree(figure)
    return {one.get("id", ""): one[0] for one in root.iter(f"{SVG}g") if len(one)}


def said(figure: Figure) -> list[str]:
    return ["".join(one.itertext()) for one in tree(figure).iter(f"{SVG}text")]


def texts(figure: Figure, kind: str) -> list[str]:
    found = {name: one.text or "" for name, one in named(figure).items()}
    count = sum(bool(re.fullmatch(rf"{kind}-\d+", name)) for name in found)
    return [found[f"{kind}-{at}"] for at in range(count)]


def style(element: ET.Element, key: str) -> str:
    return dict(part.split(": ") for part in element.get("style", "").split("; "))[key]


def calling(found: Inspection, pieces: list[str]) -> Inspection:
    """The same inspection of tokens that are called otherwise."""
    tokens = tuple(Token(0, piece, None, True, 0, None) for piece in pieces)
    return replace(found, trace=replace(found.trace, text=Text.of(tokens, " ".join(pieces))))


def sized(found: Inspection, size: int, word: str = "word") -> Inspection:
    """An inspection of so many tokens, every weight of which is one."""
    layers = tuple(
        replace(layer, attention=np.ones((12, size, size), np.float32) / size)
        for layer in found.trace.layers
    )
    long = calling(found, [word] * size)
    nothing = replace(found.rebuild, layers=(), from_weights=())
    return replace(long, trace=replace(long.trace, layers=layers), rebuild=nothing)


def png(figure: Figure) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(figure.to_bytes("png"))).convert("RGB"))


# --- what is drawn ----------------------------------------------------------------------------


def test_a_matrix_has_the_tokens_as_text_and_the_weights_as_colours(cat: Inspection) -> None:
    figure = cat.figure(layer=2, head=8)
    assert texts(figure, "row") == texts(figure, "column") == TOKENS
    weights, stops = cat.attention(2, 8), stops_of_the_page("light")
    high, cells = weights.max(), named(figure)
    for i in range(len(TOKENS)):
        for j in range(len(TOKENS)):
            step = int(np.floor(float(weights[i, j]) / float(high) * 255 + 0.5))
            colour = "#{:02x}{:02x}{:02x}".format(*blended(stops, step))
            assert style(cells[f"cell-{i}-{j}"], "fill") == colour
    assert cells["title"].text == "Layer 2, head 8"
    assert cells["model-0"].text == "sentence-transformers/all-MiniLM-L6-v2 · verified"
    assert cells["high"].text == f"{high:.3f}"
    assert tree(figure).get("width") == "237.6pt"


def test_lines_are_the_weights_from_a_tenth_on(cat: Inspection) -> None:
    figure = cat.figure("lines", layer=2, head=8)
    weights = cat.attention(2, 8)
    found = named(figure)
    drawn = {name: one for name, one in found.items() if name.startswith("line-")}
    wanted = {f"line-{i}-{j}" for i, j in np.argwhere(weights >= 0.1)}
    assert set(drawn) == wanted
    heights = {name: float(one.get("y", "")) for name, one in found.items() if one.get("y")}
    for name, line in drawn.items():
        i, j = map(int, name.split("-")[1:])
        given = re.search(r"opacity: ([\d.]+)", line.get("style", ""))
        strength = float(given[1]) if given else 1.0
        assert strength == pytest.approx(weights[i, j] / weights.max(), abs=0.5 / 255 + 1e-6)
        numbers = [float(number) for number in re.findall(r"[\d.]+", line.get("d", ""))]
        # From the middle of the one word to the middle of the other.
        assert numbers[1] == pytest.approx(heights[f"row-{i}"] - 2.9, abs=1e-4)
        assert numbers[-1] == pytest.approx(heights[f"column-{j}"] - 2.9, abs=1e-4)
    assert texts(figure, "row") == texts(figure, "column") == TOKENS
    # In a document what comes later is above: the strongest.
    order = [weights[tuple(map(int, name.split("-")[1:]))] for name in drawn]
    assert order == sorted(order)


def test_a_tenth_is_drawn_and_less_is_not(early: Inspection) -> None:
    layer, weights = early.trace.layers[0], np.zeros((12, 5, 5), np.float32)
    weights[0, 0] = [0.1, 0.0999, 0.105, 0, 0.5]
    layers = (replace(layer, attention=weights), *early.trace.layers[1:])
    found = replace(early, trace=replace(early.trace, layers=layers))
    drawn = {name for name in named(found.figure("lines", layer=0, head=0)) if "line-" in name}
    assert drawn == {"line-0-0", "line-0-2", "line-0-4"}
    assert "No weight reaches 0.1." in said(found.figure("lines", layer=0, head=1))


def test_a_grid_has_every_head(cat: Inspection) -> None:
    figure = cat.figure("grid")
    assert texts(figure, "head") == [str(head) for head in range(12)]
    assert texts(figure, "layer") == [str(layer) for layer in range(6)]
    root = tree(figure)
    links = [one.get("{http://www.w3.org/1999/xlink}href", "") for one in root.iter(f"{SVG}image")]
    pictures = [Image.open(io.BytesIO(base64.b64decode(link.split(",")[1]))) for link in links]
    heads = np.asarray(max(pictures, key=lambda one: one.height).convert("RGB"))
    stops = stops_of_the_page("light")
    # Heads of 96 pixels, 8 of them a cell, 10 from one head to the next.
    for layer in range(6):
        for head in range(12):
            weights = cat.attention(layer, head)
            part = heads[2 + 106 * layer :, 2 + 106 * head :][4:96:8, 4:96:8]
            steps = np.floor(weights.astype(np.float64) * 255 + 0.5).astype(int)
            wanted = [[blended(stops, step) for step in row] for row in steps.tolist()]
            assert part.tolist() == wanted


def test_a_grid_of_a_long_text_shows_the_largest_weights(early: Inspection) -> None:
    long = sized(early, 1000)
    layer = long.trace.layers[3]
    weights = np.zeros_like(layer.attention)
    weights[5, 700, 123] = 1
    layers = (*long.trace.layers[:3], replace(layer, attention=weights), *long.trace.layers[4:])
    figure = replace(long, trace=replace(long.trace, layers=layers)).figure("grid")
    picture = np.asarray(
        next(mark.colours for mark in figure.drawing.marks if hasattr(mark, "colours"))
    )
    head = picture[2 + 106 * 3 :, 2 + 106 * 5 :][:96, :96]
    dark = np.argwhere((head == blended(stops_of_the_page("light"), 255)).all(axis=2))
    assert dark.tolist() == [[700 * 96 // 1000, 123 * 96 // 1000]]


def test_a_ladder_has_the_means_over_all_heads(cat: Inspection) -> None:
    figure = cat.figure("ladder")
    found = named(figure)
    measured = {rung.name: rung for rung in cat.ladder if rung.all_tokens is not None}
    assert {name[5:] for name in found if name.startswith("rung-")} == set(measured)
    bits = {}
    for name, rung in measured.items():
        assert rung.all_tokens is not None
        values = [v for v in rung.all_tokens.jsd_bits.ravel().tolist() if not math.isnan(v)]
        if not values:
            assert found[f"bits-{name}"].text == "none: raw scores"
            assert f"bar-{name}" not in found
            continue
        bits[name] = sum(values) / len(values)
        assert found[f"bits-{name}"].text == f"{bits[name]:.3f}"
    assert set(measured) - set(bits) == {"classroom"}
    widths = {}
    for name in bits:
        across = [
            float(x) for x, _ in re.findall(r"([\d.]+) ([\d.]+)", found[f"bar-{name}"].get("d", ""))
        ]
        widths[name] = max(across) - min(across)
    for name, width in widths.items():
        whole = widths["strangers"] / bits["strangers"]
        assert width == pytest.approx(bits[name] * whole, abs=1e-3)
    # The references stand below the rungs.
    height = {name: float(found[f"rung-{name}"].get("y", "")) for name in measured}
    assert sorted(height, key=lambda name: height[name])[-2:] == ["uniform", "layer_mean"]


def test_between_the_texts_of_an_encoder_decoder(tmp_path: Path) -> None:
    from seq2seq_models import SOURCE, TARGET, random_encoder_decoder

    folder = random_encoder_decoder("t5", tmp_path / "t5")
    found = inspector.inspect(SOURCE, target=TARGET, model=folder, prove=False)
    assert found.target_tokens is not None
    figure = found.figure(layer=1, head=2, site="cross")
    assert len(texts(figure, "row")) == len(found.target_tokens)
    assert len(texts(figure, "column")) == len(found.tokens)
    assert len(texts(figure, "row")) != len(texts(figure, "column"))
    assert named(figure)["title"].text == "Cross layer 1, head 2"
    assert texts(found.figure("grid", site="decoder"), "layer") == ["0", "1", "2"]
    # What a decoder may not look at is grey, and said to be.
    masked = found.figure(layer=0, head=0, site="decoder")
    cells = named(masked)
    assert style(cells["cell-0-1"], "fill") == "#ddd7ca" != style(cells["cell-1-0"], "fill")
    assert "Grey: masked." in " ".join(said(masked))
    assert "Grey: masked." not in " ".join(said(figure))
    with pytest.raises(InputError, match="no attention 'self'") as caught:
        found.figure(layer=0, head=0)
    assert caught.value.hint == "Use --site encoder or --site decoder or --site cross."


def test_what_is_not_proved_or_changed_says_so(early: Inspection) -> None:
    assert named(early.figure("grid"))["model-0"].text.endswith("MiniLM-L6-v2 · not yet proved")
    changed = early.what_if(silence=[(0, 0)]).figure("ladder")
    assert " ".join(texts(changed, "model")).endswith("· changed · not yet proved")


# --- room -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["matrix", "lines"])
@pytest.mark.parametrize(("size", "word"), [(48, "W" * 40), (3, "i")])
def test_nothing_is_cut_off(early: Inspection, kind: str, size: int, word: str) -> None:
    model = replace(early.checkpoint, title="a/very-long-folder/" * 9)
    found = replace(sized(early, size, word), checkpoint=model)
    figure = found.figure(kind, layer=0, head=0)  # type: ignore[arg-type]
    drawn = png(figure)
    assert figure.drawing.height <= 9 * 72
    # Whatever ran over an edge would have left ink there.
    edges = (drawn[:4], drawn[-4:], drawn[:, :4], drawn[:, -4:])
    assert all((edge == 255).all() for edge in edges)
    # 8 points, and no row nearer to the next than that.
    words = [mark for mark in figure.drawing.marks if isinstance(mark, Words)]
    assert {mark.size for mark in words} == {8, 9}
    heights = sorted(mark.y for mark in words if mark.name.startswith("row-"))
    assert min(np.diff(heights)) > 8


def test_a_figure_takes_two_columns_where_one_is_not_enough(early: Inspection) -> None:
    widths = [sized(early, size).figure(layer=0, head=0).drawing.width for size in (20, 40)]
    assert widths == pytest.approx([3.3 * 72, 7 * 72])
    assert early.figure(layer=0, head=0, columns=2).drawing.width == 7 * 72
    with pytest.raises(InputError, match="40 tokens have no room in one column"):
        sized(early, 40).figure(layer=0, head=0, columns=1)


def test_a_text_with_too_many_words_is_refused(early: Inspection) -> None:
    for kind in ("matrix", "lines"):
        sized(early, 48).figure(kind, layer=0, head=0)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"With 49 tokens .* up to 48 have room") as caught:
            sized(early, 49).figure(kind, layer=0, head=0)  # type: ignore[arg-type]
        assert "--kind grid" in caught.value.hint
    sized(early, 200).figure("grid")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "is of one head, and none was named"),
        ({"layer": 2}, "is of one head, and none was named"),
        ({"layer": 6, "head": 0}, "no layer 6: its layers are 0 to 5 and its heads 0 to 11"),
        ({"layer": 0, "head": 12}, "no head 12: its layers are 0 to 5 and its heads 0 to 11"),
        ({"layer": 0, "head": -1}, "no head -1"),
        ({"layer": 0, "head": 0, "site": "cross"}, "has no attention 'cross'"),
        ({"kind": "grid", "site": "cross"}, "has no attention 'cross'"),
        ({"kind": "grid", "layer": 1}, "A grid is of all heads, and --layer would choose"),
        ({"kind": "ladder", "head": 1}, "A ladder is of all heads, and --head would choose"),
        ({"kind": "ladder", "site": "self"}, "and --site would choose"),
        ({"kind": "pie"}, "no kind of figure 'pie'"),
        ({"kind": "grid", "theme": "sepia"}, "no theme 'sepia'"),
        ({"kind": "grid", "columns": 3}, "no number of columns 3"),
    ],
)
def test_what_there_is_not_is_refused(early: Inspection, asked: dict, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        early.figure(**asked)


def test_without_matplotlib_it_says_how_to_have_it(
    early: Inspection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match="matplotlib, which draws figures, is not inst") as caught:
        early.figure("grid")
    assert caught.value.hint == 'Install it: pip install "attention-inspector[figures]"'


# --- the text is only text --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["matrix", "lines"])
def test_hostile_text_is_text(early: Inspection, kind: str) -> None:
    found = calling(early, HOSTILE[:5])
    figure = found.figure(kind, layer=0, head=0)  # type: ignore[arg-type]
    shown = [*HOSTILE[:4], r"\x1b[31m"]
    for side in ("row", "column"):
        for there, wanted in zip(texts(figure, side), shown, strict=True):
            assert there == wanted or (there[-1] == "…" and wanted.startswith(there[:-1]))
    assert "<script" not in figure.svg
    figure = calling(early, [*HOSTILE[5:], "\ud800", " \u202e", "\n"]).figure(kind, layer=0, head=0)  # type: ignore[arg-type]
    assert texts(figure, "row") == [r"a\ufffeb", "]]>", r"\ud800", r" \u202e", "↵"]
    figure.to_bytes("pdf")
    title = tree(figure).findtext(f"{SVG}title") or ""
    assert r"a\ufffeb" in title


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext")
def test_a_pdf_gives_its_text_back(early: Inspection, tmp_path: Path) -> None:
    calling(early, ["$x$", "<b>", r"\pi", "Čeština", "ends"]).figure(layer=0, head=0).save(
        tmp_path / "a.pdf"
    )
    done = subprocess.run(
        ["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, text=True, check=True
    )
    for word in ("$x$", "<b>", r"\pi", "Čeština", "ends", "Layer 0, head 0"):
        assert done.stdout.count(word) >= 1, word


def test_what_no_font_has_is_said(
    early: Inspection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of no script: nobody's font has these, except the one that is made here.
    letters = "\ue0f3", "\ue0f4"
    monkeypatch.setattr(canvas, "_truetype", lambda file: file == str(tmp_path / "own.ttf"))
    monkeypatch.setattr("inspector.report.export.figures.frame.visible", lambda text: text)
    forget_fonts()
    found = calling(early, ["a", *letters, "b", "c"])
    figure = found.figure(layer=0, head=0)
    assert [notice.split(":")[0] for notice in figure.notices] == [
        f"No TrueType font of this machine has {letters[0]}, {letters[1]}"
    ]
    with pytest.warns(UserWarning, match="an SVG keeps the text"):
        figure.save(tmp_path / "a.png")
    figure.save(tmp_path / "a.svg")
    assert texts(figure, "row")[1:3] == list(letters)

    make_font(tmp_path / "own.ttf", letters[0])
    from matplotlib import font_manager

    before = list(font_manager.fontManager.ttflist)
    font_manager.fontManager.addfont(tmp_path / "own.ttf")
    forget_fonts()
    try:
        figure = found.figure(layer=0, head=0)
        assert len(figure.notices) == 1
        assert letters[0] not in figure.notices[0]
        assert letters[1] in figure.notices[0]
        assert b"OwnLetters" in figure.to_bytes("pdf")
    finally:
        font_manager.fontManager.ttflist = before
        forget_fonts()


def forget_fonts() -> None:
    canvas._fallbacks.cache_clear()
    canvas.text_width.cache_clear()


def make_font(path: Path, letter: str) -> None:
    """Save a TrueType font of one letter, a square."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for corner in ((100, 700), (600, 700), (600, 0)):
        pen.lineTo(corner)
    pen.closePath()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "square"])
    font.setupCharacterMap({ord(letter): "square"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "square": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (500, 0), "square": (700, 100)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable(
        {"familyName": "OwnLetters", "styleName": "Regular", "psName": "OwnLetters"}
    )
    font.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    font.setupPost()
    font.save(path)


# --- the files --------------------------------------------------------------------------------


def test_a_png_has_the_dots_of_a_paper(early: Inspection) -> None:
    data = early.figure("ladder").to_bytes("png")
    width, _height = struct.unpack(">II", data[16:24])
    assert width == 990
    at = data.index(b"pHYs") + 4
    # 300 dots to the inch, in dots to the metre.
    assert struct.unpack(">IIB", data[at : at + 9]) == (11811, 11811, 1)


def test_a_pdf_has_the_size_of_a_column_and_truetype_fonts(early: Inspection) -> None:
    data = early.figure("lines", layer=0, head=0).to_bytes("pdf")
    assert re.search(rb"/MediaBox \[ 0 0 237\.6 [\d.]+ \]", data)
    assert b"/CIDFontType2" in data
    assert b"/Type3" not in data
    assert b"/FontFile2" in data


def test_the_same_figure_is_the_same_file_whatever_the_users_settings(early: Inspection) -> None:
    def files() -> list[bytes]:
        figures = [early.figure("grid"), early.figure(layer=1, head=2)]
        return [figure.to_bytes(kind) for figure in figures for kind in ("svg", "pdf", "png")]

    first = files()
    with mpl.rc_context(
        {"svg.fonttype": "path", "savefig.bbox": "tight", "pdf.compression": 0, "font.size": 31}
    ):
        assert files() == first
    assert b"Date" not in first[0] + first[1]


def test_dark_is_dark(early: Inspection) -> None:
    drawn = png(early.figure("grid", theme="dark"))
    assert drawn[0, 0].tolist() == [0x14, 0x16, 0x1A]
    stops = stops_of_the_page("dark")
    figure = early.figure(layer=0, head=0, theme="dark")
    assert style(named(figure)["cell-0-0"], "fill") in {
        "#{:02x}{:02x}{:02x}".format(*blended(stops, step)) for step in range(256)
    }


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_a_file_replaces_its_like_and_nobody_elses(
    early: Inspection, tmp_path: Path, kind: str
) -> None:
    place = tmp_path / f"a.{kind.upper()}"
    for figure in (early.figure("grid"), early.figure("ladder")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            figure.save(place)
        assert place.read_bytes() == figure.to_bytes(kind)  # type: ignore[arg-type]
    theirs = b"%PDF-1.4 attention-inspector" + b"." * 9000
    place.write_bytes(theirs)
    with pytest.raises(InputError, match="is there already and is not a figure"):
        figure.save(place)
    assert place.read_bytes() == theirs
    assert [path.name for path in tmp_path.iterdir()] == [place.name]


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.svg.gz", ".svg"])
def test_an_unknown_ending_is_refused(early: Inspection, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"figures are \.svg, \.pdf or \.png") as caught:
        early.figure("ladder").save(tmp_path / name)
    assert caught.value.hint == "Name it such as head.svg."
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_it(early: Inspection) -> None:
    figure = early.figure("lines", layer=0, head=3)
    assert figure._repr_svg_() == figure.svg == figure.to_bytes("svg").decode()
    assert repr(figure).startswith("<Figure lines 'Layer 0, head 3 · sentence-transformers/")
    assert "\n" not in repr(figure)
