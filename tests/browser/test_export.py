"""The address that restores the view, the files that are taken away, and the keys."""

import csv
import io
import re
import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import synthetic
from synthetic_effects import mattering

from inspector.report.html.notebook import render_frame

SVG = "{http://www.w3.org/2000/svg}"
FIRST, SECOND = "the cat sat on a mat", "a dog barked"
#: For every key of the state a value that it does not have at first.
OTHER = {
    "index": 0, "head": 2, "pinned": 3, "cell": [2, 4], "rung": "learned", "between": "BA",
    "scope": "all", "tokens": "content", "order": "entropy", "tone": "distance",
    "label": "previous", "folded": True, "glance": "lines", "whose": "layer", "direction": "in",
    "subwords": True, "compared": 4, "zoom": [1, 2, 3, 4], "shape": "lines", "sink": True,
    "log": True, "measure": "top1_agreement", "dimensions": "contribution", "dimension": 1,
    "across": "entropy", "upward": "words", "telling": "rollout",
    "together": "contrast", "beside": [1, 4], "projected": True,
}  # fmt: skip

TOP_OF_LADDER = "() => Math.abs(document.getElementById('ladder').getBoundingClientRect().top) < 60"


def state(page):
    found = page.evaluate("({ ...inspector.state })")
    passing = ("hovered", "peek", "own")
    return {key: value for key, value in found.items() if key not in passing}


def written(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def go(page, anchor):
    page.evaluate("(hash) => { location.hash = hash; }", anchor)
    page.wait_for_timeout(50)


def settled(page):
    """The address, once the page has had time to write it."""
    page.wait_for_timeout(450)
    return page.evaluate("location.hash")


def strongest(whole, *, index, head, pinned, direction, **_):
    """The cell that goes with a pinned word: its strongest other, sinks and specials aside."""
    tokens = whole.trace.text.tokens
    weights = whole.trace.layers[index].attention[head].astype(float)
    along = weights[pinned] if direction == "out" else weights[:, pinned]
    aside = [i for i, t in enumerate(tokens) if t.special or (direction == "out" and i == 0)]
    along = np.where(np.isin(np.arange(len(tokens)), aside), -1, along)
    other = int(along.argmax())
    return [pinned, other] if direction == "out" else [other, pinned]


def test_every_key_of_the_state_comes_back_from_the_address(open_report):
    whole = mattering(synthetic.inspected(FIRST, pair=SECOND))
    page = open_report(whole).page
    first = state(page)
    assert set(first) <= set(OTHER), "a new key of the state needs another value here"
    wanted = {key: OTHER[key] for key in first}
    assert all(first[key] != wanted[key] for key in first)
    go(page, "&".join(f"{key}={written(value)}" for key, value in wanted.items()))
    assert state(page) == wanted
    go(page, "")
    assert state(page) == first
    for key, value in wanted.items():
        go(page, f"{key}={written(value)}")
        expected = first | {key: value}
        if key in ("pinned", "index", "head", "direction"):
            expected["cell"] = strongest(whole, **expected)
        if key == "compared":
            # A second word asks about its link with the first.
            expected["cell"] = [first["pinned"], value]
        assert state(page) == expected


def test_what_is_chosen_stands_in_the_address_and_is_there_at_opening(open_report, chromium):
    opened = open_report(synthetic.inspected(FIRST))
    page = opened.page
    assert settled(page) == ""
    page.locator(".thumb").nth(2).click()
    page.locator("#grid-order").select_option("distance")
    page.locator("#sentence .token").nth(5).click()
    page.locator("tr[data-rung=softmax] button").click()
    page.locator("#ladder-scope [data-value=all]").click()
    address = settled(page)
    for part in ("index=0", "head=2", "pinned=5", "order=distance", "rung=softmax", "scope=all"):
        assert part in re.split("[#&]", address)
    assert "hovered" not in address and "tokens" not in address
    other = chromium.new_page()
    other.goto(opened.address + address)
    # Ready is the sentence; the title of the head is there with all the sections.
    other.wait_for_selector("html[data-complete]", state="attached")
    assert state(other) == state(page)
    assert other.locator("#head-title").inner_text() == "Layer 0, head 2"
    assert other.locator("#grid-order").input_value() == "distance"
    other.close()
    page.locator("#sentence .token").nth(5).click()  # none is kept any more: that is something, too
    assert "pinned=" in re.split("[#&]", settled(page))
    go(page, "")
    go(page, "pinned=")
    assert state(page)["pinned"] is None


@pytest.mark.parametrize(
    "damaged",
    [
        "index=99", "index=-1", "index=1.5", "index=", "index=one", "head=3", "head=1e0", "cell=9",
        "cell=99,0", "cell=0,1,2", "cell=a,b", "pinned=8", "pinned=1,2", "rung=nonsense",
        "rung=mask", "between=CC", "scope=%3Cscript%3E", "order=__proto__", "tone=toString",
        "label=cat", "glance=", "constructor=1", "__proto__=2", "foreign=3", "=", "&&==&",
        "%E0%A4=%", "hovered=2", "tokens=all%00", "zoom=0,0,99,1", "zoom=1", "compared=99",
    ],
)  # fmt: skip
def test_a_damaged_address_is_ignored(open_report, damaged):
    page = open_report(synthetic.inspected(FIRST)).page
    first = state(page)
    page.evaluate("(hash) => { location.hash = hash; }", f"{damaged}&x=1")
    page.wait_for_timeout(50)
    assert state(page) == first
    assert page.evaluate("inspector.state.hovered") is None


def test_a_layer_of_the_address_is_there_before_its_head(open_report):
    page = open_report(synthetic.inspected(FIRST)).page
    go(page, "head=2&cell=7,7&index=0&foreign=1")
    assert (state(page)["index"], state(page)["head"], state(page)["cell"]) == (0, 2, [7, 7])


def test_places_on_the_page_are_still_gone_to(open_report, chromium):
    opened = open_report(synthetic.inspected(FIRST))
    page = opened.page
    page.locator(".thumb").nth(1).click()
    before = settled(page)
    assert before == "#index=0"
    page.locator("nav a[href='#ladder']").click()
    page.wait_for_function(TOP_OF_LADDER)
    assert state(page)["index"] == 0 and state(page)["head"] == 1
    assert settled(page) == before
    page.locator(".thumb").nth(5).click()
    assert settled(page) == "#head=2"
    page.go_back()
    assert state(page)["head"] == 1 and state(page)["index"] == 0
    page.go_forward()
    assert state(page)["head"] == 2 and state(page)["index"] == 1
    other = chromium.new_page(viewport={"width": 900, "height": 500})
    other.goto(opened.address + "#ladder")
    other.wait_for_selector("html[data-ready]", state="attached")
    other.wait_for_function(TOP_OF_LADDER)
    other.close()


def test_a_frame_without_an_address_works(open_html):
    page = open_html(render_frame(synthetic.inspected(FIRST)), wait="iframe").page
    frame = page.frames[1]
    frame.wait_for_selector("html[data-ready]", state="attached")
    frame.locator(".thumb").nth(4).click()
    page.wait_for_timeout(450)
    assert frame.locator("#head-title").inner_text() == "Layer 1, head 1"
    frame.locator("[data-export=link]").click()
    assert "no address" in frame.locator("#export-says").inner_text()
    frame.locator("[data-export=command]").wait_for(state="hidden")


def taken(page, way):
    with page.expect_download() as download:
        page.locator(f"[data-export={way}]").click()
    found = download.value
    assert found.suggested_filename in page.locator("#export-says").inner_text()
    return found.suggested_filename, Path(found.path()).read_bytes()


def drawing(content):
    return ET.fromstring(content)  # noqa: S314 - written by the page, from the test's own words


def ramp_of(call, scheme="light"):
    flat = call(
        "shared/colour",
        "(() => { document.documentElement.dataset.theme = x;"
        " return Array.from(m.currentRamp('amount')); })()",
        scheme,
    )
    return np.reshape(flat, (256, 3))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_drawing_has_a_shape_for_each_cell(open_report, call, scheme):
    whole = synthetic.inspected(FIRST)
    page = open_report(whole, scheme=scheme).page
    page.locator(".thumb").nth(5).click()
    name, content = taken(page, "svg")
    assert name == "the-cat-sat-on-a-mat-synthetic-model-layer-1-head-2.svg"
    root = drawing(content)
    cells = root.findall(f"{SVG}rect[@class='cell']")
    A = whole.trace.layers[1].attention[2]
    assert len(cells) == A.size
    ramp = ramp_of(call, scheme)
    for cell, value in zip(cells, A.ravel(), strict=True):
        wanted = ramp[int(np.floor(value / A.max() * 255 + 0.5))]
        assert cell.get("fill") == "#{:02x}{:02x}{:02x}".format(*wanted)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts[:2] == ["Layer 1, head 2", "synthetic <model>"]
    assert texts[2] == "the model’s own attention"
    assert texts[3].startswith("rebuild: verified, largest difference ")
    names = [token.text for token in whole.trace.text.tokens]
    assert [t.text for t in root.iter(f"{SVG}text") if t.get("class") == "row"] == names
    assert [t.text for t in root.iter(f"{SVG}text") if t.get("class") == "column"] == names
    assert {"0", f"{A.max():.3f}"} <= set(texts)
    # Opened again in a browser, nothing sticks out.
    boxes = page.evaluate(
        """(svg) => {
            const root = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
            document.body.append(root);
            const [, , w, h] = root.getAttribute('viewBox').split(' ').map(Number);
            const out = [...root.querySelectorAll('text, rect')].map((node) => {
              const a = node.getBoundingClientRect(), b = root.getBoundingClientRect();
              return a.left < b.left - 1 || a.top < b.top - 1
                || a.right > b.left + w + 1 || a.bottom > b.top + h + 1;
            });
            root.remove();
            return [out.length, out.filter(Boolean).length];
        }""",
        content.decode(),
    )
    assert boxes[0] > A.size and boxes[1] == 0


def test_beyond_64_cells_a_picture_stands_under_the_labels(open_report, call):
    whole = synthetic.inspected(" ".join(f"w{i}" for i in range(80)), causal=True)
    page = open_report(whole).page
    page.locator(".thumb").nth(1).click()
    root = drawing(taken(page, "svg")[1])
    (image,) = root.findall(f"{SVG}image")
    assert not root.findall(f"{SVG}rect[@class='cell']")
    pixels = page.evaluate(
        """async (href) => {
            const image = new Image(); image.src = href; await image.decode();
            const canvas = document.createElement('canvas');
            canvas.width = image.width; canvas.height = image.height;
            const context = canvas.getContext('2d'); context.drawImage(image, 0, 0);
            const { data } = context.getImageData(0, 0, image.width, image.height);
            return [image.width, image.height, Array.from(data)];
        }""",
        image.get("href"),
    )
    assert pixels[:2] == [82, 82]
    rgb = np.reshape(pixels[2], (82, 82, 4))[:, :, :3]
    A = whole.trace.layers[0].attention[1]
    ramp = ramp_of(call)
    allowed = np.tril(np.ones((82, 82), bool))
    wanted = ramp[np.floor(A / A.max() * 255 + 0.5).astype(int)]
    close = np.abs(rgb - wanted).max(axis=2) <= 4  # a step of the ramp, by the page's arithmetic
    assert close[allowed].mean() > 0.99
    (grey,) = {tuple(pixel) for pixel in rgb[~allowed].tolist()}
    assert grey not in set(map(tuple, ramp.tolist()))
    texts = " ".join(text.text for text in root.iter(f"{SVG}text"))
    assert "within" in texts and "masked" in texts and "w79" in texts


def test_forbidden_cells_are_not_zeros(open_report):
    whole = synthetic.inspected(FIRST, causal=True)
    page = open_report(whole).page
    root = drawing(taken(page, "svg")[1])
    assert len(root.findall(f"{SVG}rect[@class='masked']")) == 8 * 7 // 2
    table = list(csv.reader(io.StringIO(taken(page, "csv")[1].decode())))
    empty = [[value == "" for value in row[1:]] for row in table[1:]]
    np.testing.assert_array_equal(empty, ~np.tril(np.ones((8, 8), bool)))


def test_the_picture_is_the_drawing_at_twice_the_size(open_report):
    page = open_report(synthetic.inspected(FIRST)).page
    root = drawing(taken(page, "svg")[1])
    name, content = taken(page, "png")
    assert name.endswith(".png") and content[:8] == b"\x89PNG\r\n\x1a\n"
    size = struct.unpack(">II", content[16:24])
    assert size == (2 * int(root.get("width")), 2 * int(root.get("height")))


def test_the_table_has_every_digit(open_report):
    whole = synthetic.inspected('=SUM(A1) +1 -2 @x "quo,ted" cat')
    page = open_report(whole).page
    page.locator(".thumb").nth(4).click()
    name, content = taken(page, "csv")
    assert name == "SUM-A1-1-2-x-quo-ted-cat-synthetic-model-layer-1-head-1.csv"
    assert content.endswith(b"\r\n") and content.count(b"\r\n") == 9
    table = list(csv.reader(io.StringIO(content.decode(), newline="")))
    names = ["[CLS]", "'=SUM(A1)", "'+1", "'-2", "'@x", '"quo,ted"', "cat", "[SEP]"]
    assert table[0] == ["", *names]
    assert [row[0] for row in table[1:]] == names
    got = np.array([[np.float32(value) for value in row[1:]] for row in table[1:]])
    np.testing.assert_array_equal(got, whole.trace.layers[1].attention[1])


def test_formulas_are_defused(call):
    names = ["\tx", "\rx", "=x", "x=", "", 'a"b']
    got = call("report/export/files", "x.map(m.csvName)", names)
    assert got == ['"\'\tx"', '"\'\rx"', '"\'=x"', '"x="', '""', '"a""b"']


def test_a_long_table_is_within_the_stated_error(open_report):
    whole = synthetic.inspected(" ".join(["w"] * 70))
    page = open_report(whole).page
    table = list(csv.reader(io.StringIO(taken(page, "csv")[1].decode())))
    n, h = page.evaluate("[inspector.state.index, inspector.state.head]")
    shown = page.evaluate("([n, h]) => Array.from(inspector.attention('self', n, h).data)", [n, h])
    got = np.array([row[1:] for row in table[1:]]).astype(np.float32)
    np.testing.assert_array_equal(got.ravel(), np.float32(shown))
    assert np.abs(got - whole.trace.layers[n].attention[h]).max() < 5e-3


def test_of_a_pair_the_part_on_screen_is_taken(open_report):
    whole = synthetic.inspected(FIRST, pair=SECOND)
    page = open_report(whole).page
    segments = np.array([token.segment for token in whole.trace.text.tokens])
    page.get_by_role("button", name="B → A").click()
    n, h = page.evaluate("[inspector.state.index, inspector.state.head]")
    A = whole.trace.layers[n].attention[h][np.ix_(segments == 1, segments == 0)]
    table = list(csv.reader(io.StringIO(taken(page, "csv")[1].decode())))
    np.testing.assert_array_equal([[np.float32(v) for v in row[1:]] for row in table[1:]], A)
    root = drawing(taken(page, "svg")[1])
    assert len(root.findall(f"{SVG}rect[@class='cell']")) == A.size
    assert next(root.iter(f"{SVG}text")).text == f"Layer {n}, head {h}, B → A"


@pytest.mark.parametrize(
    "sentence", ["</text><script>hit</script> &amp; x", "\ufffe \u202e a\ud800b"]
)
def test_hostile_words_are_text_in_the_drawing(open_report, sentence):
    page = open_report(synthetic.inspected(sentence)).page
    root = drawing(taken(page, "svg")[1])
    assert {node.tag.removeprefix(SVG) for node in root.iter()} == {
        "svg", "title", "rect", "text", "g", "linearGradient", "stop"}  # fmt: skip
    assert taken(page, "png")[1][:4] == b"\x89PNG"


CLIPBOARD = """(refused) => Object.defineProperty(navigator, 'clipboard', { configurable: true,
    value: { async writeText(text) {
      if (refused) throw new Error('no');
      window.copied = text;
    } } })"""


def test_link_and_command_are_copied(open_report):
    opened = open_report(synthetic.inspected(FIRST), command="inspect 'it''s <b>'")
    page = opened.page
    page.evaluate(CLIPBOARD, False)
    page.locator(".thumb").nth(1).click()
    page.locator("[data-export=link]").click()
    page.wait_for_function(
        "() => document.getElementById('export-says').textContent === 'The link is copied.'"
    )
    assert page.evaluate("window.copied") == f"{opened.address}#index=0"
    page.locator("[data-export=command]").click()
    page.wait_for_function("() => window.copied === \"inspect 'it''s <b>'\"")
    assert not page.locator("#export-by-hand").is_visible()


@pytest.mark.parametrize("how", ["refused", "missing"])
def test_without_a_clipboard_the_text_is_selected(open_report, how):
    page = open_report(synthetic.inspected(FIRST), command="inspect x").page
    page.evaluate(CLIPBOARD, True)
    if how == "missing":
        page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.locator("[data-export=command]").click()
    page.locator("#export-by-hand").wait_for()
    assert "refuses" in page.locator("#export-says").inner_text()
    assert page.evaluate("getSelection().toString()") == "inspect x"
    assert page.evaluate("document.activeElement.id") == "export-by-hand"


def test_no_command_no_button(open_report):
    page = open_report(synthetic.inspected()).page
    assert not page.locator("[data-export=command]").is_visible()


def test_a_walk_by_keyboard_alone(open_report):
    page = open_report(synthetic.inspected(FIRST, layers=3), command="inspect x").page
    page.evaluate(CLIPBOARD, False)
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("n")  # nothing happens behind the list
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    at = "[inspector.state.index, inspector.state.head]"
    assert page.evaluate(at) == [2, 1]
    for key, expected in [
        ("n", [2, 2]),
        ("n", [2, 2]),
        ("P", [1, 2]),
        ("p", [1, 1]),
        ("N", [2, 1]),
    ]:
        page.keyboard.press(key)
        assert page.evaluate(at) == expected
    page.keyboard.press("Control+p")
    assert page.evaluate(at) == [2, 1]
    page.keyboard.press("2")
    assert page.evaluate("document.activeElement.id") == "heads"
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate(
                "(({ id, dataset, className }) => id || dataset.export || className)"
                "(document.activeElement)"
            )
        )
        if stops[-1] == "grid-order":
            page.keyboard.press("ArrowDown")
        if stops[-1] == "svg":
            break
    assert page.evaluate("inspector.state.order") == "words"
    assert stops[:3] == ["grid-order", "grid-tone", "grid-label"]
    assert stops.count("thumb") == 1 and "matrix-field" in stops
    with page.expect_download():
        page.keyboard.press("Enter")
    page.keyboard.press("l")
    page.wait_for_function("() => window.copied?.includes('order=words')")


def test_keys_can_be_switched_off_and_leave_typing_alone(open_report):
    page = open_report(synthetic.inspected(FIRST), command="nnn").page
    page.evaluate(CLIPBOARD, True)
    head = page.evaluate("inspector.state.head")
    page.locator("[data-export=command]").click()
    page.locator("#export-by-hand").press("n")
    page.locator("#grid-order").focus()
    page.keyboard.press("p")
    assert page.evaluate("inspector.state.head") == head
    page.locator("#keys-open").click()
    page.get_by_label("Enable single-key shortcuts").uncheck()
    page.get_by_role("button", name="Close", exact=True).click()
    page.keyboard.press("n")
    assert page.evaluate("inspector.state.head") == head


def test_the_list_of_keys_names_every_section(open_report):
    page = open_report(synthetic.inspected(FIRST)).page
    page.get_by_role("button", name="Keys").click()
    told = page.locator("#keys-sections").inner_text()
    for i, link in enumerate(page.locator("nav a").all_inner_texts()):
        assert f"{i + 2} {link}" in told
    assert page.evaluate("document.activeElement.id") == "keys-close"
    page.keyboard.press("Enter")
    assert not page.locator("#keys").is_visible()
    assert page.evaluate("document.activeElement.id") == "keys-open"


def test_lines_on_screen_are_taken_as_lines(open_report, call):
    whole = synthetic.inspected(FIRST)
    page = open_report(whole).page
    page.locator(".thumb").nth(5).click()
    page.locator("#head-shape [data-value=lines]").click()
    page.locator("#sentence .token").nth(3).click()
    root = drawing(taken(page, "svg")[1])
    A = whole.trace.layers[1].attention[2]
    n = len(A)
    paths = root.findall(f"{SVG}path")
    assert len(paths) == A.size
    ink = "#{:02x}{:02x}{:02x}".format(*ramp_of(call)[204])
    left, right, top = 0, 0, 96
    for path, at in zip(paths, np.argsort(A, axis=None, kind="stable"), strict=True):
        i, j = divmod(int(at), n)
        x, from_y, *_, end, to_y = map(float, re.findall(r"[\d.]+", path.get("d")))
        left, right = left or x, right or end
        assert (x, end) == (left, right)
        assert (from_y, to_y) == (top + (i + 0.5) * 22, top + (j + 0.5) * 22)
        assert float(path.get("stroke-opacity")) == pytest.approx(A[i, j] / A.max(), abs=1e-4)
        assert (path.get("stroke") == ink) == (i != 3)
    texts = {kind: [t.text for t in root.iter(f"{SVG}text") if t.get("class") == kind]
             for kind in ("row", "column", "value")}  # fmt: skip
    names = [token.text for token in whole.trace.text.tokens]
    assert texts == {"row": names, "column": names, "value": [f"{a:.3f}" for a in A[3]]}
    content = taken(page, "png")[1]
    size = struct.unpack(">II", content[16:24])
    assert size == (2 * int(root.get("width")), 2 * int(root.get("height")))


def test_a_group_of_choices_is_one_stop_and_arrow_keys_choose(open_report):
    page = open_report(synthetic.inspected(FIRST)).page
    group = page.locator("#sentence-whose")
    assert group.locator("[tabindex='0']").evaluate_all("all => all.map(b => b.dataset.value)") == [
        "head"
    ]
    group.locator("[data-value=head]").focus()
    for key, value in [("ArrowRight", "layer"), ("ArrowLeft", "head"), ("ArrowLeft", "all"),
                       ("ArrowDown", "head"), ("End", "all"), ("Home", "head")]:  # fmt: skip
        page.keyboard.press(key)
        assert page.evaluate("inspector.state.whose") == value
        assert page.evaluate("document.activeElement.dataset.value") == value
        assert group.locator("[tabindex='0'][aria-pressed=true]").count() == 1
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('#sentence-whose') != null")
