"""What the answer rests on: in the opening, in the sentence, in the grid and on a head's card."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic
from synthetic_effects import mattering

from inspector.records import Text

TEXT = "the cat sat on a mat and the dog ran"
#: Tokens 2 and 3 are one word.
GROUPS = [[0], [1], [2, 3], [4], [5], [6]]


def chosen(page):
    return tuple(page.evaluate("[inspector.state.index, inspector.state.head]"))


def press(page, group, value):
    page.locator(f"#sentence-{group} [data-value={value}]").click()


def weights(page):
    """The numbers under the words."""
    told = page.locator("#sentence .token-weight").all_inner_texts()
    return np.array([float(text) for text in told])


def in_pieces():
    """An inspection of “the knotty sat still”, of which one word has two pieces."""
    whole = synthetic.inspected("the knot ty sat still")
    tokens = list(whole.trace.text.tokens)
    spans = [(0, 3), (4, 8), (8, 10), (11, 14), (15, 20)]
    for at, (span, number) in enumerate(zip(spans, [0, 1, 1, 2, 3], strict=True), start=1):
        tokens[at] = replace(tokens[at], span=span, word=number)
    text = Text.of(tuple(tokens), "the knotty sat still")
    return replace(whole, trace=replace(whole.trace, text=text))


def size(value, places=3):
    return f"{value:.{places}f}"


def ranked(effects):
    return sorted(effects, key=lambda one: -one.effect.size)


def rows(page, kind):
    """Names, numbers and lengths of the bars of one of the two tables."""
    table = page.locator(f"#rests-{kind} tr")
    widths = table.locator(".fill").evaluate_all("all => all.map(f => parseFloat(f.style.width))")
    return (
        table.locator("th").all_inner_texts(),
        table.locator(".value").all_inner_texts(),
        np.array(widths),
    )


@pytest.mark.parametrize("seed", [2, 11])
def test_the_five_words_and_heads_that_matter_most(open_report, seed):
    whole = mattering(synthetic.inspected(TEXT), seed=seed)
    page = open_report(whole).page
    found = whole.effects_measured
    words = [one for one in ranked(found.tokens) if not one.special][:5]
    heads = ranked(found.heads)[:5]
    most = max(words[0].effect.size, heads[0].effect.size)
    for kind, these, names in (
        ("words", words, [one.token for one in words]),
        ("heads", heads, [f"layer {one.layer}, head {one.head}" for one in heads]),
    ):
        shown, numbers, widths = rows(page, kind)
        assert (shown, numbers) == (names, [size(one.effect.size) for one in these])
        # Both on one scale.
        expected = [100 * one.effect.size / most for one in these]
        np.testing.assert_allclose(widths, expected, atol=1e-3)
    assert "the text’s embedding" in page.locator("#rests-says").inner_text()
    assert page.locator("#rests-left").inner_text() == ""
    # In the opening of a model that says nothing, and once.
    assert page.locator(".opening #rests").count() == page.locator("#rests").count() == 1


def test_of_a_model_that_says_something_they_stand_below_its_answer_in_bits(open_report):
    whole = synthetic.predicting(synthetic.inspected(TEXT, causal=True))
    whole = mattering(whole, bits=True, against=True)
    page = open_report(whole).page
    one = ranked(whole.effects_measured.heads)[0].effect
    points, difference = (f"{-x:+.{n}f}".replace("-", "−") for x, n in
                          ((100 * one.drop, 1), (one.logit_difference, 2)))  # fmt: skip
    told = page.locator("#answer #rests #rests-heads .value").first.inner_text()
    # A sign stands before what rose, too.
    assert told == f"{one.size:.2f} bits ({points} points), logit difference {difference}"
    assert "“Paris” (63 %)" in page.locator("#rests-says").inner_text()


def test_a_click_on_one_of_them_goes_there(open_report):
    whole = mattering(synthetic.inspected(TEXT))
    page = open_report(whole).page
    head = ranked(whole.effects_measured.heads)[1]
    page.locator("#rests-heads button").nth(1).click()
    assert chosen(page) == (head.layer, head.head)
    word = [one for one in ranked(whole.effects_measured.tokens) if not one.special][2]
    page.locator("#rests-words button").nth(2).focus()
    page.keyboard.press("Enter")
    assert page.evaluate("[inspector.state.pinned, inspector.state.direction]") == [
        word.index,
        "does",
    ]


def test_the_sentence_is_coloured_by_what_its_words_do(open_report):
    whole = mattering(in_pieces())
    page = open_report(whole).page
    press(page, "direction", "does")
    sizes = np.array([one.effect.size for one in whole.effects_measured.tokens])
    # Of several tokens the one that does most.
    words = np.array([sizes[group].max() for group in GROUPS])
    np.testing.assert_allclose(weights(page), words, atol=5.1e-4)
    order = page.locator("#sentence .token").evaluate_all(
        "all => all.map((chip) => chip.style.backgroundColor)"
    )
    assert order[int(words.argmax())] not in ("", order[int(words.argmin())])
    # A change of head changes nothing, and there is nobody whose attention it would be.
    page.locator(".thumb").nth(4).click()
    np.testing.assert_allclose(weights(page), words, atol=5.1e-4)
    assert not page.locator("#sentence-whose").is_visible()
    content = words[1:-1]
    for u in (1, 2, 4):
        page.locator("#sentence .token").nth(u).hover()
        place = 1 + int((content > words[u]).sum())
        told = page.locator("#sentence-says").inner_text()
        assert f"moves by {size(words[u])}, rank {place} of 4 words." in told
    page.locator("#sentence .token").nth(0).hover()
    assert "not counted among the words" in page.locator("#sentence-says").inner_text()
    press(page, "subwords", "true")
    np.testing.assert_allclose(weights(page), sizes, atol=5.1e-4)
    press(page, "direction", "in")
    assert page.locator("#sentence-whose").is_visible()


def test_a_click_pins_the_word_for_everything_else_and_the_link_keeps_the_direction(open_report):
    page = open_report(mattering(synthetic.inspected(TEXT))).page
    press(page, "direction", "does")
    page.locator("#sentence .token").nth(3).click()
    page.locator("#sentence .token").nth(5).click()
    state = page.evaluate("inspector.state")
    assert (state["pinned"], state["compared"], state["cell"][0]) == (5, None, 5)
    page.wait_for_function("() => location.hash.includes('direction=does')")


def test_the_grid_is_sorted_and_coloured_by_effect(open_report):
    whole = mattering(synthetic.inspected(TEXT, layers=4, heads=5))
    page = open_report(whole).page
    page.locator("#grid-order").select_option("effect")
    page.locator("#grid-tone").select_option("effect")
    heads = ranked(whole.effects_measured.heads)
    names = page.locator(".thumb .where").all_inner_texts()
    assert names == [f"{one.layer}·{one.head}" for one in heads]
    told = page.locator(".thumb .tone").all_inner_texts()
    assert told == [size(one.effect.size) for one in heads]
    assert "the answer rests on most" in page.locator("#grid-says").inner_text()


@pytest.mark.parametrize("bits", [False, True])
def test_a_heads_card_says_what_becomes_of_the_answer_without_it(open_report, bits):
    whole = mattering(synthetic.inspected(TEXT, layers=3, heads=4), bits=bits)
    page = open_report(whole).page
    heads = ranked(whole.effects_measured.heads)
    for place in (1, 7, 12):
        one = heads[place - 1]
        page.locator(".thumb").nth(one.layer * 4 + one.head).click()
        number = size(one.effect.size, 2 if bits else 3)
        if bits:
            points = f"{-100 * one.effect.drop:+.1f}".replace("-", "−")
            number += f" bits ({points} points)"
        told = page.locator("#head-effect").inner_text()
        assert told == f"Silenced, the answer moves by {number}, rank {place} of 12."


def test_what_was_left_out_is_said(open_report):
    whole = mattering(synthetic.inspected(TEXT), heads=False)
    page = open_report(whole).page
    told = page.locator("#rests-left").inner_text()
    assert told == f"{whole.effects_measured.left_out} The option --effects measures them."
    assert not page.locator("#rests-heads").is_visible()
    assert not page.locator("#head-effect").is_visible()
    assert page.locator("#grid-order option[value=effect]").evaluate("o => o.disabled")
    assert whole.effects_measured.left_out in page.locator("#scatter-says").inner_text()
    page = open_report(mattering(synthetic.inspected(TEXT), tokens=False)).page
    assert not page.locator("#rests-words").is_visible()
    assert page.locator("[data-value=does]").count() == 0
    assert "There is nothing to compare" in page.locator("#telling-says").inner_text()


def test_nothing_of_it_where_nothing_was_measured(open_report):
    page = open_report(synthetic.inspected(TEXT)).page
    for where in ("#rests", "#matter", "nav a[href='#matter']", "[data-value=does]"):
        assert page.locator(where).count() == 0, where
    assert not page.locator("#head-effect").is_visible()
