"""What the model says, and the weaker proof, as a reader sees them."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic

TEXT = "the cat sat on a mat"


def test_the_next_token(open_report):
    whole = synthetic.predicting(synthetic.inspected(TEXT))
    opened = open_report(whole)
    page = opened.page
    assert page.locator("nav a[href='#words']").is_visible()
    # The text and what is likeliest to follow, before anything else is said.
    assert page.locator("h1").inner_text() == "What the model says"
    assert page.locator("#answer-text").inner_text() == f"{TEXT} mat50 %"
    rows = page.locator(".guess tr")
    assert rows.locator("th").all_inner_texts() == [
        "mat", "</script><b>x</b>", "↵", "#10", "‹U+202E›cba",
    ]  # fmt: skip
    assert rows.locator(".value").all_inner_texts() == ["50 %", "25 %", "17 %", "13 %", "10 %"]
    widths = rows.locator(".fill").evaluate_all("all => all.map((f) => parseFloat(f.style.width))")
    np.testing.assert_allclose(widths, [50, 25, 50 / 3, 12.5, 10], atol=1e-3)
    assert page.locator("#answer b, #words b").count() == 0
    assert opened.complaints == []


def test_how_likely_each_token_was_held(open_report):
    whole = synthetic.predicting(synthetic.inspected(TEXT))
    page = open_report(whole).page
    words = page.locator(".expected-word")
    tokens = whole.trace.text.tokens
    # The first has no number, special ones are the tokenizer's and not the reader's.
    shown = [i for i, token in enumerate(tokens) if i == 0 or not token.special]
    assert words.count() == len(shown)
    numbers = words.locator("small").all_inner_texts()
    assert numbers[0] == "–"
    for place, number in zip(shown[1:], numbers[1:], strict=True):
        share = whole.trace.predictions.probabilities[place]
        assert abs(float(number.removesuffix(" %")) - 100 * share) <= 0.5


def test_masks_are_filled_in(open_report):
    page = open_report(synthetic.predicting(synthetic.inspected(TEXT), "masked")).page
    # Each in the text, where its mask stood.
    assert page.locator("#answer-text").inner_text() == "mat50 % cat mat50 % on a mat"
    captions = page.locator(".guess caption").all_inner_texts()
    assert [caption.rpartition("(")[2] for caption in captions] == ["token 1)", "token 3)"]
    assert "itself and everything around it in sight" in page.locator("#expected-note").inner_text()


@pytest.mark.parametrize(
    ("verdict", "error", "said"),
    [
        ("verified", 3e-7, "computed by the inspector from the token ids alone, within 3.0e−7 of"),
        ("rounding", 3e-4, "and but for rounding the same as the real model’s"),
        ("mismatch", 0.3, "the real model’s own, with which the inspector’s computing does not"),
        ("unproved", None, "from the token ids alone; the real model has not been asked"),
        ("consistent", None, "the real model’s own, computed once"),
    ],
)
def test_whose_predictions_they_are(open_report, verdict, error, said):
    whole = synthetic.predicting(synthetic.inspected(TEXT))
    if error is None:
        whole = replace(whole, verification=replace(whole.verification, verdict=verdict))
    else:
        errors = {"probability_max_abs_error": error, "embedding_max_abs_error": None}
        whole = synthetic.answering(whole, verdict=verdict, **errors)
        whole = replace(whole, trace=replace(whole.trace, embedding=None))
    page = open_report(whole).page
    assert said in page.locator("#expected-note").inner_text()
    assert said in page.locator("#sources").inner_text()


def test_an_embedding_and_the_similarity_of_a_pair_are_said(open_report):
    whole = synthetic.answering(synthetic.inspected("the cat", pair="a dog"), cosine=-0.1234)
    opened = open_report(whole)
    facts = opened.page.locator("#facts").inner_text()
    assert "24 numbers: the mean over all tokens, brought to length 1" in facts
    assert "cosine −0.123, each of the two texts read alone" in facts
    assert "within 4.0e−8 of the real model’s" in opened.page.locator("#sources").inner_text()
    assert opened.page.locator("#words").count() == 0
    assert opened.complaints == []
    page = open_report(synthetic.inspected(TEXT)).page
    assert "cosine" not in page.locator("#facts").inner_text()


def test_an_embedding_that_is_off_is_named_with_the_mismatch(open_report):
    whole = synthetic.inspected(TEXT)
    whole = synthetic.answering(whole, verdict="mismatch", embedding_max_abs_error=0.25)
    said = open_report(whole).page.locator("#verdict").inner_text()
    assert "2.5e−1 in the embedding" in said


def test_without_a_head_there_is_no_such_section(open_report):
    page = open_report(synthetic.inspected(TEXT)).page
    assert page.locator("#answer, #words, nav a[href='#words']").count() == 0
    assert page.locator("h1").inner_text() == "Who listens to whom (attention) in"
    assert page.locator(".opening #verdict").is_visible()


def test_without_a_mask_the_least_expected_are_named(open_report):
    whole = synthetic.predicting(synthetic.inspected(TEXT), "masked")
    told = whole.trace.predictions
    shares = np.array([0.9, 0.4, 0.02, 0.7, 0.1, 0.3, 0.8, 0.001])
    whole = replace(
        whole,
        trace=replace(whole.trace, predictions=replace(told, probabilities=shares, guesses=())),
    )
    page = open_report(whole).page
    assert page.locator("#answer-text").inner_text() == TEXT
    table = page.locator(".guess")
    assert table.locator("caption").inner_text() == "Least expected where they stand"
    words = [token.text for token in whole.trace.text.tokens]
    order = [i for i in np.argsort(shares) if not whole.trace.text.tokens[i].special][:5]
    assert table.locator("th").all_inner_texts() == [words[i] for i in order]


@pytest.mark.parametrize("tokens", [6, 40])
def test_the_weaker_proof_is_called_by_its_name(open_report, tokens):
    whole = synthetic.captured(synthetic.inspected(" ".join(["w"] * tokens)))
    opened = open_report(whole)
    page = opened.page
    for place in ("#verdict", "#head-verdict"):
        said = page.locator(place).inner_text()
        assert "Consistent" in said
        assert "erified" not in said
        assert page.locator(place).get_attribute("data-verdict") == "consistent"
    assert "weaker proof" in page.locator("#verdict").inner_text()
    assert "captured q, k, v" in page.locator("#facts").inner_text()
    assert "neither is known" in page.locator("#ladder-view").inner_text()
    assert "the model’s own q and k" in page.locator("#why-note").inner_text()
    assert "none were measured" in page.locator("#sources").inner_text()
    assert page.locator(".thumb").first.get_attribute("aria-label").endswith("consistent")
    # The page's arithmetic starts from q and k here too.
    expected = whole.trace.layers[1].attention[2]
    shown = page.evaluate("Array.from(inspector.attention('self', 1, 2).data)")
    np.testing.assert_allclose(np.reshape(shown, expected.shape), expected, atol=5e-3)
    assert opened.complaints == []
