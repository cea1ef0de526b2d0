"""The answer's logit as a sum: the parts on the page add up to it, and are Python's."""

import numpy as np
import synthetic
from synthetic_effects import PARIS, mattering, spearman

TEXT = "the cat sat on a mat and the dog ran to it again"


def opened(open_report, **how):
    whole = synthetic.predicting(synthetic.inspected(TEXT, layers=4, heads=5, causal=True))
    whole = mattering(whole, bits=True, contributions=True, **how)
    return whole, open_report(whole).page


def numbers(page, table):
    """What each line of a table says, by its name, in order."""
    lines = page.locator(f"#{table} tr")
    told = [text.replace("−", "-") for text in lines.locator(".value").all_inner_texts()]
    return list(zip(lines.locator("th").all_inner_texts(), map(float, told), strict=True))


def test_the_parts_add_up_to_the_logit(open_report):
    whole, page = opened(open_report)
    parts = whole.effects_measured.contributions.parts
    heads = {f"layer {p.layer}, head {p.head}": p.value for p in parts if p.kind == "head"}
    kept = sorted(heads, key=lambda name: -abs(heads[name]))[:10]
    told = numbers(page, "sum-parts")
    names, values = zip(*told, strict=True)
    assert list(names) == [
        "embedding", *kept, "10 other heads", "4 feed-forwards", "5 biases", "the logit",
    ]  # fmt: skip
    rest = sum(value for name, value in heads.items() if name not in kept)
    kinds = [sum(p.value for p in parts if p.kind == kind) for kind in ("feed_forward", "bias")]
    expected = [-0.5, *(heads[name] for name in kept), rest, *kinds, PARIS.logit]
    np.testing.assert_allclose(values, expected, atol=6e-4)
    np.testing.assert_allclose(sum(values[:-1]), PARIS.logit, atol=8e-3)
    said = page.locator("#sum-says").inner_text()
    assert "“Paris” is 12.500" in said and "3.0e−7" in said
    # A bar begins at zero and goes to its own side.
    fills = page.locator("#sum-parts .fill").evaluate_all(
        "all => all.map((f) => [parseFloat(f.style.left), parseFloat(f.style.width), f.className])"
    )
    origin = float(
        page.locator("#sum-parts .origin").first.evaluate("o => parseFloat(o.style.left)")
    )
    span = max(expected) - min(0, *expected)
    for (left, width, kind), value in zip(fills, expected, strict=True):
        assert ("negative" in kind) == (value < 0)
        np.testing.assert_allclose(width or 0, 100 * abs(value) / span, atol=0.01)
        np.testing.assert_allclose(left + (width if value < 0 else 0), origin, atol=0.02)


def test_word_by_word_they_add_up_too(open_report):
    whole, page = opened(open_report)
    taken = whole.effects_measured.contributions.from_tokens
    texts = [token.text for token in whole.trace.text.tokens]

    def expected(values, whole_name):
        kept = sorted(np.argsort(-np.abs(values), kind="stable")[:10])
        rest = values.sum() - values[kept].sum()
        return [
            *((texts[i], values[i]) for i in kept),
            (f"{len(texts) - 10} other tokens", rest),
            (whole_name, values.sum()),
        ]

    def check(told, given):
        assert [name for name, _ in told] == [name for name, _ in given]
        # Half precision travelled.
        np.testing.assert_allclose([v for _, v in told], [v for _, v in given], atol=0.02)

    every = taken.sum(axis=(0, 1))
    told = numbers(page, "sum-words")
    check(told[:-2], expected(every, "all heads"))
    others = PARIS.logit - every.sum()
    check(told[-2:], [("all but the heads", others), ("the logit", PARIS.logit)])
    for layer, head in ((0, 1), (3, 4)):
        page.locator(".thumb").nth(layer * 5 + head).click()
        check(numbers(page, "sum-head"), expected(taken[layer, head], "this head"))
        caption = page.locator("#sum-head caption").inner_text()
        assert caption == f"The chosen head, layer {layer}, head {head}"


def test_a_click_on_a_part_chooses_its_head(open_report):
    _, page = opened(open_report)
    name = page.locator("#sum-parts button").nth(3).inner_text()
    page.locator("#sum-parts button").nth(3).click()
    assert page.evaluate("`layer ${inspector.state.index}, head ${inspector.state.head}`") == name


def test_that_contribution_and_effect_differ_is_said_with_this_texts_number(open_report):
    whole, page = opened(open_report)
    found = whole.effects_measured
    given = [part.value for part in found.contributions.parts if part.kind == "head"]
    rank = spearman(given, [one.effect.size for one in found.heads])
    told = page.locator("#sum-body .note").inner_text()
    assert "different questions" in told and f"is {rank:.2f}.".replace("-", "−") in told


def test_where_the_logit_is_no_sum_the_page_says_why(open_report):
    page = open_report(mattering(synthetic.inspected(TEXT))).page
    assert "the model has no head for words" in page.locator("#sum-says").inner_text()
    assert not page.locator("#sum-body").is_visible()
    assert page.locator("#scatter-across option[value=contribution]").count() == 0
