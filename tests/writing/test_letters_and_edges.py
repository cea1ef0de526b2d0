"""Where a checkpoint begins and ends what it writes, and what it wrote as a text."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_tokenizers import kinds

from inspector.checkpoint.tokens import encode
from inspector.errors import InputError, ModelError
from inspector.records import Checkpoint, Text
from inspector.referee.vocabulary import RefereeVocabulary
from inspector.writing.edges import Edges, beginning, read_edges, refuse_window
from inspector.writing.letters import FileVocabulary, written_on

#: Each cut in two where a model might begin to write.
TEXTS = [
    ("The cat", " sat on the mat."),
    ("The ca", "ts sat, and the mat"),
    ("Ich sah ", "我們 im Café 🐈\u200d⬛ sitzen"),
    ("one\n", "\n  two\tthree"),
]
LINES = ["".join(both) for both in TEXTS]
KINDS = kinds(LINES)


def checkpoint(tokenizer: Any = None, folder: Path | None = None, **config: Any) -> Checkpoint:
    return Checkpoint(
        "small", "small", "gpt2", None, None, (), None, config=SimpleNamespace(**config),
        tokenizer=None if tokenizer is None else tokenizer.backend_tokenizer, folder=folder,
    )  # fmt: skip


@pytest.mark.parametrize("name", [n for n in KINDS if n.startswith("byte-level")])
@pytest.mark.parametrize("parts", TEXTS)
@pytest.mark.parametrize("whose", ["file", "referee"])
def test_what_is_written_stands_where_it_would_as_one_text(
    name: str, parts: tuple[str, str], whose: str
) -> None:
    """The oracle: the tokenizer on the whole, where it cuts the whole as it cuts the parts."""
    tokenizer, (before, behind) = KINDS[name], parts
    known = checkpoint(tokenizer, vocab_size=300)
    text = encode(known, before, truncate=False)
    entries = tokenizer(behind, add_special_tokens=False)["input_ids"]
    whole = encode(known, before + behind, truncate=False)
    vocabulary = FileVocabulary(known) if whose == "file" else RefereeVocabulary(tokenizer)
    found = written_on(vocabulary, text, entries)
    assert found.text == before + behind
    assert found.ids.tolist() == [*text.ids.tolist(), *entries]
    assert found.pieces[: len(text)] == text.pieces
    np.testing.assert_array_equal(found.spans[: len(text)], text.spans)
    np.testing.assert_array_equal(found.words[: len(text)], text.words)
    if found.ids.tolist() == whole.ids.tolist() and "trimmed" not in name:
        assert found.shown == whole.shown
        np.testing.assert_array_equal(found.words, whole.words)
        np.testing.assert_array_equal(found.spans, whole.spans)


def test_the_pieces_of_a_character_share_it() -> None:
    tokenizer = KINDS["byte-level BPE"]
    known = checkpoint(tokenizer)
    entries = tokenizer("我 x", add_special_tokens=False)["input_ids"]
    text = encode(known, "a ", truncate=False)
    found = written_on(FileVocabulary(known), text, entries)
    assert found.shown[len(text) :] == ("我 1/3", "我 2/3", "我 3/3", " ", "x")
    # Stopped in the middle of it: what there is of it is no letter yet.
    part = written_on(FileVocabulary(known), text, entries[:2])
    assert part.ids.tolist() == [*text.ids.tolist(), *entries[:2]]
    assert part.text.startswith("a ")


def test_a_word_goes_on() -> None:
    tokenizer = KINDS["byte-level BPE"]
    known = checkpoint(tokenizer)
    text = encode(known, "the ca", truncate=False)
    entries = tokenizer("ts sat", add_special_tokens=False)["input_ids"]
    found = written_on(FileVocabulary(known), text, entries)
    words = {
        word: "".join(
            piece for piece, of in zip(found.shown, found.words.tolist(), strict=True) if of == word
        )
        for word in (0, 1, 2)
    }
    assert words == {0: "the", 1: "cats", 2: "sat"}


def test_special_tokens_are_no_letters() -> None:
    tokenizer = KINDS["WordPiece"]
    known = checkpoint(tokenizer)
    text = encode(known, "the", truncate=False)
    end = tokenizer.sep_token_id
    entries = [*tokenizer("on", add_special_tokens=False)["input_ids"], end]
    found = written_on(FileVocabulary(known), text, entries)
    assert found.text.startswith("the")
    assert "[SEP]" not in found.text
    assert found.special.tolist()[-1] is True
    assert found.words.tolist()[-1] == -1
    assert found.spans.tolist()[-1] == [-1, -1]


def test_segments_go_on() -> None:
    tokenizer = KINDS["WordPiece"]
    known = checkpoint(tokenizer, type_vocab_size=2)
    text = encode(known, "the cat", truncate=False)
    found = written_on(FileVocabulary(known), text, text.ids.tolist()[1:3])
    assert found.token_types is not None
    assert len(found.token_types) == len(found) == len(text) + 2


def test_where_a_text_ends(tmp_path: Path) -> None:
    file = tmp_path / "generation_config.json"
    said = checkpoint(folder=tmp_path, eos_token_id=3, bos_token_id=1)
    assert read_edges(said) == Edges((3,), 1)
    file.write_text(json.dumps({"eos_token_id": [7, 9], "decoder_start_token_id": 5}))
    assert read_edges(said) == Edges((7, 9), 5)
    file.write_text(json.dumps({"eos_token_id": 0}))
    assert read_edges(said) == Edges((0,), 1)
    assert read_edges(checkpoint(folder=tmp_path / "none")) == Edges((), None)
    assert read_edges(checkpoint()) == Edges((), None)


@pytest.mark.parametrize("entry", ["3", 2.5, True, [1, None]])
def test_an_end_that_is_no_entry_is_refused(tmp_path: Path, entry: Any) -> None:
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": entry}))
    with pytest.raises(ModelError, match="eos_token_id of small is"):
        read_edges(checkpoint(folder=tmp_path))
    (tmp_path / "generation_config.json").write_text("{")
    with pytest.raises(ModelError):
        read_edges(checkpoint(folder=tmp_path))


def test_a_decoder_begins() -> None:
    known = checkpoint(KINDS["WordPiece"], decoder_start_token_id=3)
    text = beginning(known, FileVocabulary(known))
    assert (text.ids.tolist(), text.pieces, text.text) == ([3], ("[SEP]",), "")
    assert text.special.all()
    for begins in (None, 5000):
        unknown = checkpoint(KINDS["WordPiece"], decoder_start_token_id=begins)
        with pytest.raises(ModelError, match="do not say with which token"):
            beginning(unknown, FileVocabulary(unknown))


def test_what_does_not_fit_is_refused() -> None:
    text = Text.of_ids(np.arange(30))
    refuse_window(text, "text", 10, 40)
    refuse_window(text, "text", 1000, None)
    with pytest.raises(InputError, match=r"30 tokens and 40 fit .* 11 more do not") as found:
        refuse_window(text, "text", 11, 40)
    assert found.value.hint == "Use --generate 10 at most."
    with pytest.raises(InputError, match="1 more do not") as found:
        refuse_window(text, "target", 1, 30)
    assert found.value.hint == "Shorten the target."
