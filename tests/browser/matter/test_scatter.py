"""Every head as a point: where it stands, what it says, and how it is chosen."""

from dataclasses import replace

import numpy as np
import synthetic
from synthetic_effects import mattering, spearman

TEXT = "the cat sat on a mat"


def chosen(page):
    return tuple(page.evaluate("[inspector.state.index, inspector.state.head]"))


def read(whole):
    """The same inspection, its heads in no order, and one without an entropy."""
    random = np.random.default_rng(3)
    heads = [
        replace(
            head,
            entropy_bits=float(random.uniform(0, 4)) if i else float("nan"),
            masses={name: float(random.uniform(0, 0.4)) for name in head.masses},
        )
        for i, head in enumerate(whole.heads)
    ]
    return replace(whole, heads=tuple(heads))


def opened(open_report, **how):
    whole = mattering(read(synthetic.inspected(TEXT, layers=4, heads=5)), **how)
    return whole, open_report(whole).page


def points(page):
    """Where the points are, as parts of the field, by head; NaN for those that are not there."""
    return np.array(
        page.locator(".point").evaluate_all(
            "all => all.map((p) => p.hidden ? [NaN, NaN]"
            " : [parseFloat(p.style.left), parseFloat(p.style.bottom)])"
        )
    )


def to_words(whole):
    return np.array([1 - head.masses["first"] - head.masses["separator"] for head in whole.heads])


def parts(values):
    low, high = min(0, np.nanmin(values)), np.nanmax(values)
    return 100 * (values - low) / (high - low)


def test_attention_to_words_against_effect(open_report):
    whole, page = opened(open_report)
    effect = np.array([one.effect.size for one in whole.effects_measured.heads])
    expected = np.stack([parts(to_words(whole)), parts(effect)], axis=1)
    np.testing.assert_allclose(points(page), expected, atol=1e-3)
    found = spearman(to_words(whole), effect)
    told = page.locator("#scatter-says").inner_text()
    assert f"over 20 heads: {found:.2f}.".replace("-", "−") in told
    name = page.locator(".point").nth(7).get_attribute("aria-label")
    assert name == (
        f"Layer 1, head 2: attention to words {to_words(whole)[7]:.2f}, effect {effect[7]:.3f}"
    )


def test_any_number_against_any_other(open_report):
    whole, page = opened(open_report, contributions=True, bits=True)
    page.locator("#scatter-across").select_option("contribution")
    page.locator("#scatter-upward").select_option("entropy")
    parts_of = whole.effects_measured.contributions.parts
    given = np.array([part.value for part in parts_of if part.kind == "head"])
    entropy = np.array([head.entropy_bits for head in whole.heads])
    found = points(page)
    # The one head without an entropy has no point.
    assert np.isnan(found).any(axis=1).tolist() == np.isnan(entropy).tolist()
    there = ~np.isnan(entropy)
    expected = np.stack([parts(given), parts(entropy)], axis=1)
    np.testing.assert_allclose(found[there], expected[there], atol=1e-3)
    page.wait_for_function("() => location.hash.includes('across=contribution')")


def test_a_point_chooses_its_head_and_the_grid_a_point(open_report):
    _, page = opened(open_report)
    page.locator(".point").nth(13).evaluate("point => point.click()")
    assert chosen(page) == (2, 3)
    assert page.locator(".thumb").nth(13).get_attribute("aria-pressed") == "true"
    page.locator(".thumb").nth(6).click()
    assert (
        page.locator(".point[aria-pressed=true]")
        .get_attribute("title")
        .startswith("Layer 1, head 1:")
    )
    assert "Layer 1, head 1:" in page.locator("#scatter-says").inner_text()


def test_arrow_keys_go_to_the_next_point_across_and_upward(open_report):
    whole, page = opened(open_report)
    effect = np.array([one.effect.size for one in whole.effects_measured.heads])
    orders = [np.argsort(to_words(whole), kind="stable"), np.argsort(effect, kind="stable")]
    page.locator(".point[tabindex='0']").focus()
    page.keyboard.press("Home")
    assert chosen(page) == divmod(int(orders[0][0]), 5)
    for key, order, by in (("ArrowRight", 0, 1), ("ArrowUp", 1, 1), ("ArrowLeft", 0, -1)):
        here = chosen(page)[0] * 5 + chosen(page)[1]
        to = orders[order].tolist().index(here) + by
        page.keyboard.press(key)
        if 0 <= to < 20:
            assert chosen(page) == divmod(int(orders[order][to]), 5)
    assert page.locator(".point[tabindex='0']").count() == 1
