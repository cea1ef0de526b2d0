"""Effects of an encoder–decoder: the words of both its texts, and the heads of its three sites."""

from dataclasses import replace

import numpy as np
import pytest
from seq2seq_models import SOURCE, TARGET, random_encoder_decoder

import inspector
from inspector.report.html.page import render_report


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    model = random_encoder_decoder("bart", tmp_path_factory.mktemp("model") / "bart")
    found = inspector.inspect(SOURCE, target=TARGET, model=model, prove=False)
    return replace(found, effects_measured=found.effects())


def under_words(page):
    """The numbers under the words, by the text that they are in."""
    return {
        line.locator(".text-name").inner_text(): np.array(
            [float(chip.inner_text()) for chip in line.locator(".token-weight").all()]
        )
        for line in page.locator("#sentence p").all()
    }


def test_the_words_of_both_texts_say_what_they_do(open_html, measured):
    page = open_html(render_report(measured)).page
    effects = measured.effects_measured.tokens
    sizes = {
        name: np.array([one.effect.size for one in effects if one.of == of])
        for name, of in (("source", "text"), ("target", "target"))
    }
    assert len(sizes["source"]) + len(sizes["target"]) == len(effects)
    page.evaluate("location.hash = '#pinned=3&subwords=yes'")
    page.wait_for_function("() => inspector.state.pinned === 3")
    page.locator("#sentence-direction [data-value=does]").click()
    # Of the text whose words ask, as before.
    assert page.evaluate("inspector.state.pinned") == 3
    told = under_words(page)
    assert set(told) == {"source", "target"}
    for name, given in sizes.items():
        np.testing.assert_allclose(told[name], given, atol=5.1e-4)
    # A word of the text that is not asked about is heard of, too, and stays where it is.
    chip = page.locator("#sentence p").first.locator(".token").nth(1)
    chip.hover()
    assert f"by {sizes['source'][1]:.3f}, " in page.locator("#sentence-says").inner_text()
    before = page.evaluate("inspector.state.pinned")
    chip.click()
    assert page.evaluate("[inspector.state.pinned, inspector.state.direction]") == [before, "does"]
    page.locator("#site-choice [data-value=decoder]").click()
    told = page.locator("#sentence .token-weight").all_inner_texts()
    np.testing.assert_allclose(np.array(told, float), sizes["target"], atol=5.1e-4)


def test_its_heads_are_ranked_over_all_sites_and_readings_are_not_defined(open_html, measured):
    page = open_html(render_report(measured)).page
    heads = measured.effects_measured.heads
    best = max(heads, key=lambda one: one.effect.size)
    name = page.locator("#rests-heads button").first.inner_text()
    assert name.endswith(f"{best.layer}, head {best.head}") and best.site in name
    page.locator("#rests-heads button").first.click()
    assert f"rank 1 of {len(heads)}." in page.locator("#head-effect").inner_text()
    assert "Between two texts" in page.locator("#telling-says").inner_text()
    assert "has no head for words" in page.locator("#sum-says").inner_text()


def test_a_word_of_the_source_is_asked_about_where_it_asks(open_html, measured):
    page = open_html(render_report(measured)).page
    names = page.locator("#rests-words button").all_inner_texts()
    words = sorted(
        (one for one in measured.effects_measured.tokens if not one.special),
        key=lambda one: -one.effect.size,
    )
    at = next(i for i, one in enumerate(words[:5]) if one.of == "text")
    assert names[at]
    page.locator("#rests-words button").nth(at).click()
    state = page.evaluate("inspector.state")
    assert measured.trace.layers[state["index"]].site == "encoder"
