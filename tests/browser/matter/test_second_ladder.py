"""The second ladder on the page, beside the numbers that it was given."""

import numpy as np
import synthetic
from synthetic_effects import mattering

TEXT = "the cat sat on a mat and the dog ran"


def opened(open_report, text=TEXT, **how):
    whole = mattering(synthetic.inspected(text), **how)
    return whole, open_report(whole).page


def columns(page):
    """Names, and of both columns the numbers and the lengths of the bars."""
    cells = page.locator("#telling-rows tr")
    numbers = [
        [float(text) for text in cells.locator(f"td:nth-child({at}) .value").all_inner_texts()]
        for at in (2, 3)
    ]
    widths = [
        cells.locator(f"td:nth-child({at}) .fill").evaluate_all(
            "all => all.map(f => parseFloat(f.style.width))"
        )
        for at in (2, 3)
    ]
    return cells.locator("th").all_inner_texts(), np.array(numbers), np.array(widths)


def test_a_chart_of_every_reading_that_has_a_correlation(open_report):
    whole, page = opened(open_report, contributions=True)
    readings = whole.effects_measured.explanations
    label = page.locator("#telling-chart > svg").get_attribute("aria-label")
    for one in readings:
        name = one.rung.replace("_", " ").replace("value w", "value-w").replace("alti", "ALTI")
        told = f"{name[0].upper()}{name[1:]} "
        if one.rank_correlation is None:
            assert told not in label
        else:
            number = f"{one.rank_correlation:.3f}".replace("-", "−")
            assert f"{told}{number}" in label
    dots = page.locator("#telling-chart > svg circle")
    assert dots.evaluate_all("all => all.map((dot) => dot.dataset.rung)") == [
        one.rung for one in readings if one.rank_correlation is not None
    ]
    # Higher is nearer.
    heights = dots.evaluate_all("all => all.map((dot) => -Number(dot.getAttribute('cy')))")
    numbers = [one.rank_correlation for one in readings if one.rank_correlation is not None]
    assert np.argsort(heights).tolist() == np.argsort(numbers).tolist()


def test_the_chosen_readings_scores_stand_beside_what_the_words_do(open_report):
    whole, page = opened(open_report)
    content = [i for i, token in enumerate(whole.trace.text.tokens) if not token.special]
    effect = np.array([one.effect.size for one in whole.effects_measured.tokens])[content]
    for one in whole.effects_measured.explanations:
        page.locator(f"#telling-chart .tick[data-rung={one.rung}]").click()
        names, numbers, widths = columns(page)
        scores = one.scores[content]
        assert names == [whole.trace.text.tokens[i].text for i in content]
        np.testing.assert_allclose(numbers, [scores, effect], atol=5.1e-4)
        np.testing.assert_allclose(widths, [100 * x / x.max() for x in (scores, effect)], atol=5e-3)
        said = page.locator("#telling-text .note").inner_text()
        if one.rank_correlation is None:
            assert "not defined here" in said and "shares its favourite" in said
        else:
            number = f"{one.rank_correlation:.2f}".replace("-", "−")
            assert f"over 10 words: {number}; " in said
            assert ("the same favourite" in said) == (one.top1 == 1)


def test_arrows_step_through_the_readings_and_the_link_brings_one_back(open_report):
    _, page = opened(open_report)
    page.locator("#telling-on").click()
    assert page.evaluate("inspector.state.telling") == "rollout"
    page.locator("#telling-chart .tick[data-rung=rollout]").focus()
    page.keyboard.press("End")
    assert page.evaluate("inspector.state.telling") == "effect"
    assert page.locator("#telling-on").get_attribute("aria-disabled") == "true"
    page.wait_for_function("() => location.hash.includes('telling=effect')")
    page.reload()
    page.wait_for_selector("html[data-complete]", state="attached")
    assert page.locator("#telling-text h3").inner_text().startswith("6 · Effect")
    page.evaluate("location.hash = '#telling=contributions'")
    page.locator("#address-says", has_text="telling=contributions").wait_for()


def test_under_eight_words_it_says_that_a_correlation_means_little(open_report):
    whole, page = opened(open_report)
    best = max(
        (
            one
            for one in whole.effects_measured.explanations
            if one.rung not in ("uniform", "effect")
        ),
        key=lambda one: one.rank_correlation,
    )
    told = page.locator("#telling-says").inner_text()
    assert f"rank correlation {best.rank_correlation:.2f}" in told and "illustration" in told
    _, page = opened(open_report, "the cat sat on a mat and")
    assert (
        "Over 7 words a rank correlation means little" in page.locator("#telling-says").inner_text()
    )


def test_of_a_long_text_the_words_that_do_most_stand_in_their_order(open_report):
    whole, page = opened(open_report, " ".join(f"w{i}" for i in range(40)))
    effects = [one for one in whole.effects_measured.tokens if not one.special]
    most = sorted(effects, key=lambda one: -one.effect.size)[:24]
    names, _, _ = columns(page)
    assert names == [one.token for one in sorted(most, key=lambda one: one.index)]
    assert "24 of 40 words" in page.locator("#telling-note").inner_text()
