"""The guided tour: its numbers beside NumPy's, by the keyboard alone, and what it leaves behind."""

import re

import numpy as np
import synthetic
from complaints import complaints
from synthetic_effects import mattering

HOSTILE = "</script><b>bold</b> \u202eשלום {{7*7}} cat"


def softmax(scores):
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def percent(value):
    return "< 1 %" if 0 < value < 0.01 else f"{int(100 * value + 0.5)} %"


def captions(page):
    """Every step's chapter, title and text, walked with the arrow key; and what each chose."""
    found = []
    while page.locator("#tour").count():
        lines = [
            page.locator(f"#tour-{part}").inner_text() for part in ("chapter", "title", "text")
        ]
        found.append((*lines, page.evaluate("({ ...inspector.state })")))
        page.keyboard.press("ArrowRight")
    return found


def test_the_tour_tells_this_text_s_numbers_and_brings_the_view_back(open_report, cat):
    page = open_report(cat.with_effects()).page
    tokens = [token.text for token in cat.tokens]
    asks, offers = tokens.index("it"), tokens.index("cat")
    layer, head = 3, 1
    # Somebody has chosen a head, a word and what to look at already.
    page.evaluate("hash => { location.hash = hash; }", f"index={layer}&head={head}&pinned={asks}")
    page.wait_for_function("() => inspector.state.head === 1")
    page.locator("#sentence-direction [data-value=in]").click()
    page.keyboard.press("t")
    assert page.evaluate("document.activeElement.id") == "tour"
    before = page.evaluate("""() => new Promise((done) => {
      document.getElementById('tour-close').click();
      setTimeout(() => done({ ...inspector.state })); })""")
    assert before["direction"] == "in" and page.locator("#tour").count() == 0
    # The cell is that of the word that is asked about; the tour tells of that cell.
    page.locator("#sentence-direction [data-value=out]").click()
    before = page.evaluate("({ ...inspector.state })")
    assert before["cell"] == [asks, offers]
    page.keyboard.press("t")
    steps = captions(page)
    assert page.evaluate("({ ...inspector.state })") == before
    assert page.evaluate("document.activeElement.dataset.value") == "out"

    rebuilt = cat.rebuild.from_weights[layer]
    X = rebuilt.states.astype(np.float64)
    R, D = X @ X.T, X.shape[1]
    weight = percent(cat.attention(layer, head)[asks, offers])
    texts = {title: text for _, title, text, _ in steps}
    assert [chapter.split(" · ")[-1] for chapter, *_ in steps] == [
        "Classroom", "Sentence", "Head", "Weight", *["Ladder"] * 8, "Effect"
    ]  # fmt: skip
    assert f"“cat” gets {weight}." in texts["One word listens"]
    q, k = (side[head].astype(np.float64) for side in (rebuilt.query, rebuilt.key))
    dot = q[asks] @ k[offers]
    told = re.findall(r"-?\d+\.\d+", texts["How a weight is computed"])
    np.testing.assert_allclose([float(x) for x in told], [dot, 32**-0.5, dot * 32**-0.5], atol=0.01)
    assert f"makes that {weight}." in texts["How a weight is computed"]
    assert f"“it” × “cat” is {R[asks, offers]:.1f}." in texts["Classroom"]
    for title, matrix in {"Softmax": softmax(R), "Scaled": softmax(R / np.sqrt(D))}.items():
        kept = np.diag(matrix).mean()
        assert percent(matrix[asks, offers]) in texts[title]
        assert percent(kept) in texts[title]
        # Said only where it is so.
        assert ("because a vector is most like itself" in texts[title]) == (kept >= 0.9), title
    assert "because a vector is most like itself" in texts["Softmax"]
    ladder = {rung.name: rung for rung in cat.ladder}
    for name, title in {
        "softmax": "Softmax",
        "scaled": "Scaled",
        "learned": "Learned q and k",
    }.items():
        bits = ladder[name].all_tokens.jsd_bits[layer, head]
        assert f"Divergence from this head: {bits:.3f} bits." in texts[title]
    chosen = [state["rung"] for chapter, *_, state in steps if chapter.endswith("Ladder")]
    assert chosen == [rung.name for rung in cat.ladder if rung.applies and not rung.reference]
    # What is said of the effect is what the head's own card says.
    assert page.locator("#head-effect").text_content() in texts["Does it matter?"]


def test_a_hostile_text_is_told_as_text_and_every_step_can_be_heard(open_report):
    whole = mattering(synthetic.predicting(synthetic.inspected(HOSTILE, causal=True)))
    page = open_report(whole).page
    bold, already = page.locator("b").count(), complaints(page)
    page.locator("#tour-open").focus()
    page.keyboard.press("Enter")
    assert page.locator("#tour-open").get_attribute("aria-expanded") == "true"
    places = []
    while page.locator("#tour-on").inner_text() != "end":
        places.append(page.evaluate("document.querySelector('[data-toured]').id"))
        assert page.locator("[data-toured]").count() == 1
        assert page.locator("#tour b").count() == 0
        if places[-1] == "why":
            # Nothing that the page without it would not be told as well.
            assert complaints(page) == already
        # The keyboard stays on the button that it pressed.
        page.locator("#tour-on").press("Enter")
        assert page.evaluate("document.activeElement.id") == "tour-on"
    assert places[:4] == ["classroom", "sentence-view", "head", "why"]
    # Back, and out in the middle; the page is not modal, a letter in a field is no key.
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.querySelector('[data-toured]').id") == "ladder-pair-view"
    page.keyboard.press("Escape")
    assert page.locator("#tour, [data-toured]").count() == 0
    assert page.evaluate("document.activeElement.id") == "tour-open"
    assert page.evaluate("inspector.state.rung") == "classroom"
    assert page.locator("b").count() >= bold
    # Without single keys there is the button.
    page.keyboard.press("?")
    page.locator("#keys-letters").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    assert page.locator("#tour").count() == 0


def test_a_report_without_a_rebuild_has_a_shorter_tour(open_report):
    page = open_report(synthetic.not_recomputed(synthetic.inspected("the cat sat"))).page
    page.keyboard.press("t")
    chapters = [chapter.split(" · ")[-1] for chapter, *_ in captions(page)]
    assert chapters == ["Classroom", "Sentence", "Head"]
