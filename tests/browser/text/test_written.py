"""What the model wrote, on the page: marked, with probabilities, and walked through."""

from dataclasses import replace

import pytest
import synthetic
from writers import writer

import inspector

SENTENCE = "the cat sat on the mat"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    return {
        name: inspector.inspect(SENTENCE, model=writer(name, place / name), generate=6, prove=False)
        for name in ("mistral", "bart")
    }


def state(page, key):
    return page.evaluate(f"inspector.state.{key}")


def test_every_token_has_its_number(open_report, found):
    whole = found["mistral"]
    page = open_report(whole).page
    chips = page.locator("#written-text .token")
    numbers = chips.locator(".token-weight").all_inner_texts()
    assert len(numbers) == 6
    for number, token in zip(numbers, whole.generation.tokens, strict=True):
        assert abs(float(number.removesuffix(" %")) - 100 * token.probability) <= 0.5
    assert "6 tokens, the likeliest each time" in page.locator("#written-how").inner_text()
    assert "has not been asked to write" in page.locator("#written-verdict").inner_text()


def test_steps_walk_through_it(open_report, found):
    whole = found["mistral"]
    start, tokens = len(whole.generation.begun), whole.generation.tokens
    opened = open_report(whole)
    page = opened.page
    on, back = page.locator("#written-on"), page.locator("#written-back")
    # A word from which nothing was predicted is none of the steps: the first of them comes next.
    page.locator("#sentence .token").nth(1).click()
    assert page.locator("#written-text [aria-pressed=true]").count() == 0
    assert "Choose a word" in page.locator("#written-says").inner_text()
    on.click()
    # The query is the token that the first was predicted from.
    assert state(page, "pinned") == start - 1
    assert back.is_disabled()
    said = page.locator("#written-says").inner_text()
    assert said.startswith("Token 1 of 6:")
    assert f"came second with {round(100 * tokens[0].second.probability)} %" in said
    on.click()
    on.click()
    assert state(page, "pinned") == start + 1
    pressed = page.locator("#written-text [aria-pressed=true]")
    assert pressed.count() == 1
    back.click()
    assert state(page, "pinned") == start
    page.locator("#written-text .token").last.click()
    assert state(page, "pinned") == start + 4
    assert on.is_disabled()
    page.locator("#sentence .token").nth(1).click()
    assert page.locator("#written-text [aria-pressed=true]").count() == 0
    assert opened.complaints == []


def test_a_decoder_is_looked_at_from_the_target(open_report, found):
    page = open_report(found["bart"]).page
    page.locator("#site-choice [data-value=encoder]").click()
    page.locator("#written-text .token").nth(3).click()
    chosen = page.locator("#site-choice [aria-pressed=true]").inner_text()
    assert chosen == "cross"
    assert state(page, "pinned") == 1 + 2


@pytest.mark.parametrize(
    ("verdict", "parts_at", "said"),
    [
        ("verified", None, "The real model writes the same; the largest difference"),
        ("mismatch", None, "writes the same, but the largest difference"),
        ("mismatch", 3, "writes something else from token 4 of 6 on; the largest"),
        ("rounding", 3, "from token 4 of 6 on, where rounding decides between two"),
    ],
)
def test_the_verdict_on_it(open_report, found, verdict, parts_at, said):
    whole = found["mistral"]
    judged = replace(
        whole.generation, verdict=verdict, parts_at=parts_at, probability_max_abs_error=2e-5
    )
    page = open_report(replace(whole, generation=judged)).page
    assert said in page.locator("#written-verdict").inner_text()


def test_without_it_there_is_no_such_part(open_report):
    page = open_report(synthetic.inspected("the cat sat on a mat")).page
    assert page.locator("#written").is_hidden()
