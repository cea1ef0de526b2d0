"""From text to tokens, with hostile text, pairs and texts that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from small_models import save
from transformers import AutoConfig, AutoModel, AutoTokenizer

import inspector
from inspector.errors import InputError, ModelError
from inspector.families.small import SMALL
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


# --- pairs, windows and ids of other models ----------------------------------------------------


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    def make(model_type: str, **changes: Any) -> Path:
        torch.manual_seed(0)
        config = AutoConfig.for_model(model_type, **SMALL.get(model_type, SMALL["bert"]) | changes)
        return save(AutoModel.from_config(config), tmp_path / model_type)

    return make


@pytest.mark.parametrize("model_type", ["roberta", "distilbert", "deberta-v2", "modernbert"])
def test_a_tokenizer_that_builds_pairs_reads_pairs(
    made: Callable[..., Path], model_type: str
) -> None:
    found = inspector.inspect("the cat", pair="it sat", model=made(model_type))
    assert [token.text for token in found.tokens].count("[SEP]") == 2
    assert [token.segment for token in found.tokens] == [0, 0, 0, 0, 1, 1, 1]
    assert found.verification.verdict in ("verified", "rounding")


def test_a_bert_with_one_segment_reads_pairs(made: Callable[..., Path]) -> None:
    found = inspector.inspect("the cat", pair="it sat", model=made("bert", type_vocab_size=1))
    assert found.verification.verdict in ("verified", "rounding")


def test_a_tokenizer_that_puts_nothing_between_reads_no_pairs(made: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match="puts nothing between"):
        inspector.inspect("the cat", pair="it sat", model=made("qwen2"))


@pytest.mark.parametrize(
    ("model_type", "fit"),
    # 40 positions, of which those up to the padding's id, 1, are never used.
    [("bert", 40), ("roberta", 38), ("xlm-roberta", 38), ("mpnet", 38), ("camembert", 38)],
)
def test_as_many_tokens_fit_as_transformers_can_take(
    made: Callable[..., Path], model_type: str, fit: int
) -> None:
    folder = made(model_type, pad_token_id=1)
    theirs = AutoModel.from_pretrained(folder).eval()
    ids = torch.full((1, fit), 7)
    with torch.no_grad():
        theirs(input_ids=ids)
        with pytest.raises((IndexError, RuntimeError)):
            theirs(input_ids=torch.full((1, fit + 1), 7))
    model = inspector.load(folder)
    assert len(inspector.inspect("cat " * (fit - 2), model=model).tokens) == fit
    with pytest.raises(InputError, match=f"{fit + 1} tokens and {fit} fit"):
        inspector.inspect("cat " * (fit - 1), model=model)
    assert len(inspector.inspect("cat " * 90, model=model, truncate=True).tokens) == fit


def test_ids_beyond_the_embeddings(made: Callable[..., Path]) -> None:
    folder = made("bert", vocab_size=8)
    tokens = AutoTokenizer.from_pretrained(folder)
    assert tokens.convert_tokens_to_ids("mat") >= 8
    inspector.inspect("the cat", model=folder)
    with pytest.raises(ModelError, match=r"gives the id \d+ \(mat\), and the model has 8 emb"):
        inspector.inspect("the mat", model=folder)


def test_a_vocabulary_without_its_unknown_token(made: Callable[..., Path]) -> None:
    folder = made("bert")
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace('"[UNK]": 1', '"[UNK!]": 1'))
    model = inspector.load(folder)
    with pytest.raises(ModelError, match=r"no entry \[UNK\]"):
        inspector.inspect("the zebra", model=model)
