"""From text to tokens, with hostile text, pairs and texts that do not fit."""

from __future__ import annotations

import pytest

import inspector
from inspector.errors import InputError
from inspector.records import Text
from inspector.referee.loading import LoadedModel
from inspector.referee.text import encode


def read(
    bundled: LoadedModel, text: str, pair: str | None = None, *, truncate: bool = False
) -> Text:
    return encode(text, pair, bundled.tokenizer, bundled.model.config, truncate=truncate)


def test_tokens_know_their_place(bundled: LoadedModel) -> None:
    text = "Unbelievable, isn't it?"
    found = read(bundled, text)
    assert [token.text for token in found.tokens if token.special] == ["[CLS]", "[SEP]"]
    for token in found.tokens:
        if token.special:
            assert token.span is None
            assert token.word is None
        else:
            assert token.span is not None
            spelt = text[slice(*token.span)].lower()
            assert spelt == token.text.removeprefix("##")
    words = [token.word for token in found.tokens if not token.special]
    assert words == sorted(words)
    assert found.special.tolist() == [token.special for token in found.tokens]


def test_a_pair_counts_its_words_on(bundled: LoadedModel) -> None:
    found = read(bundled, "the cat", "it sat")
    assert [(t.text, t.segment, t.word) for t in found.tokens] == [
        ("[CLS]", 0, None),
        ("the", 0, 0),
        ("cat", 0, 1),
        ("[SEP]", 0, None),
        ("it", 1, 2),
        ("sat", 1, 3),
        ("[SEP]", 1, None),
    ]


def test_a_pair_reaches_the_model_as_two_segments(bundled: LoadedModel) -> None:
    encoded = encode("a", "b", bundled.tokenizer, bundled.model.config, truncate=False)
    assert encoded.token_types is not None
    assert encoded.token_types.tolist() == [0, 0, 0, 1, 1]
    assert (
        inspector.inspect("a cat", pair="a dog", model=bundled).verification.verdict == "verified"
    )


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!-- & \"quotes\" 'and' `more` -->",
        "שלום עולם",
        "\u200bzero\u200bwidth\u200d",
        "👩‍👩‍👧 and 🏳️‍🌈",
        "e\u0301 a\u030a\u0323",
        "x" * 400,
        "?!…—",
        "[SEP] [MASK]",
        "two\nlines\tand a tab",
    ],
)
def test_hostile_text_is_read_and_verified(bundled: LoadedModel, text: str) -> None:
    found = inspector.inspect(text, model=bundled)
    assert found.trace.text.text == text
    assert found.verification.verdict == "verified"
    for token in found.tokens:
        if token.span is not None:
            assert 0 <= token.span[0] <= token.span[1] <= len(text)


@pytest.mark.parametrize("text", ["", "  ", "\n\t", "\u2003"])
def test_blank_text(bundled: LoadedModel, text: str) -> None:
    with pytest.raises(InputError, match="empty"):
        inspector.inspect(text, model=bundled)


def test_text_of_which_the_tokenizer_leaves_nothing(bundled: LoadedModel) -> None:
    with pytest.raises(InputError, match="nothing to read"):
        inspector.inspect("\u200b\u200b", model=bundled)


def test_half_a_character(bundled: LoadedModel) -> None:
    with pytest.raises(InputError, match="character 3"):
        inspector.inspect("cat\udce9", model=bundled)


def test_a_text_that_does_not_fit(bundled: LoadedModel) -> None:
    text = "cat " * 600
    with pytest.raises(InputError, match="602 tokens and 512 fit") as caught:
        read(bundled, text)
    assert "--truncate" in caught.value.hint
    cut = read(bundled, text, truncate=True)
    assert len(cut.tokens) == 512
    assert cut.truncated_from == 602
    assert cut.tokens[-1].text == "[SEP]"
    assert read(bundled, "cat " * 510).truncated_from is None


def test_a_target_needs_a_decoder(bundled: LoadedModel) -> None:
    with pytest.raises(InputError, match="target"):
        inspector.inspect("cat", target="Katze", model=bundled)
