"""Vocabularies of GGUF files, beside what transformers makes of the same files.

Where transformers leaves out how a vocabulary parts a text, as for digits, by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gguf_models import STRINGS, made, write
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import PreTokenizer
from transformers import AutoTokenizer, GPT2TokenizerFast

from inspector.checkpoint.gguf.architectures import ARCHITECTURES
from inspector.checkpoint.gguf.file import GGUFFile
from inspector.checkpoint.gguf.tokenizer import tokenizer_of
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.checkpoint.tokens import encode
from inspector.errors import ModelError
from inspector.referee.loading import load
from inspector.referee.text import encode as encode_by_referee

SPECIAL = ("a <think>b</s> c", "<s>begin", "in <end>the middle")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def ours_of(path: Path, architecture: str) -> Tokenizer:
    files = tokenizer_of(GGUFFile(path), ARCHITECTURES[architecture], 64)
    return Tokenizer.from_str(files.tokenizer)


def write_with(tmp_path: Path, architecture: str, **vocabulary: Any) -> Path:
    return write(made(architecture), tmp_path / "model.gguf", **vocabulary)


@pytest.mark.parametrize("pre", ["gpt-2", "llama-bpe", "qwen2"])
def test_byte_level_vocabularies_are_read_as_transformers_reads_them(
    pre: str, tmp_path: Path
) -> None:
    path = write_with(tmp_path, "llama", kind="gpt2", pre=pre, add_bos_token=False)
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file=path.name)
    ours = ours_of(path, "llama")
    for text in (*STRINGS, *SPECIAL):
        assert ours.encode(text).ids == theirs(text)["input_ids"], text
        ids = ours.encode(text).ids
        assert ours.decode(ids, skip_special_tokens=False) == text
        # What users defined is text; what controls is not.
        assert ours.decode(ids) == theirs.decode(ids, skip_special_tokens=True)


@pytest.mark.parametrize("architecture", ["llama", "gemma2", "phi3"])
def test_sentence_pieces_are_read_as_transformers_reads_them(
    architecture: str, tmp_path: Path
) -> None:
    prefix = architecture != "gemma2"
    path = write_with(
        tmp_path, architecture, kind="llama", add_bos_token=True, add_space_prefix=prefix
    )
    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file=path.name)
    ours = ours_of(path, architecture)
    # Behind a special entry SentencePiece begins anew, and transformers' Llama does not.
    more = SPECIAL if architecture != "llama" else ()
    for text in (*STRINGS, *more):
        assert ours.encode(text).ids == theirs(text)["input_ids"], text


def test_a_space_at_the_beginning_is_kept(tmp_path: Path) -> None:
    """SentencePiece puts its own space before it."""
    ours = ours_of(write_with(tmp_path, "llama", kind="llama"), "llama")
    spaces = [ours.encode(text).tokens[1:] for text in ("the", " the", "  the")]
    assert ["".join(tokens) for tokens in spaces] == ["▁the", "▁▁the", "▁▁▁the"]


def test_ends_are_added_as_the_file_says(tmp_path: Path) -> None:
    path = write_with(tmp_path, "llama", kind="gpt2", add_bos_token=True, add_eos_token=True)
    tokens = ours_of(path, "llama").encode("the").tokens
    assert (tokens[0], tokens[-1]) == ("<s>", "</s>")
    # Llama 3's files that say nothing mean yes; GPT-2's mean no.
    for pre, begins in (("llama-bpe", True), ("gpt-2", False)):
        path = write_with(tmp_path, "llama", kind="gpt2", pre=pre)
        assert (ours_of(path, "llama").encode("the").tokens[0] == "<s>") == begins


@pytest.mark.parametrize(
    ("pre", "text", "parts"),
    [
        ("gpt-2", "it's 2024!", ["it", "'s", "Ġ2024", "!"]),
        ("smollm", "it's 2024!", ["it", "'s", "Ġ", "2", "0", "2", "4", "!"]),
        ("llama-bpe", "it'S 20245!\n", ["it", "'S", "Ġ", "202", "45", "!Ċ"]),
        ("qwen2", "it's 2024!\n", ["it", "'s", "Ġ", "2", "0", "2", "4", "!Ċ"]),
        ("falcon", "it's 20245!", ["it", "'", "s", "Ġ", "202", "45", "!"]),
        ("bloom", "it's 2024! ok", ["it's", "Ġ2024", "!", "Ġok"]),
    ],
)
def test_texts_are_parted(pre: str, text: str, parts: list[str], tmp_path: Path) -> None:
    said = json.loads(
        ours_of(write_with(tmp_path, "llama", kind="gpt2", pre=pre), "llama").to_str()
    )
    whole = Tokenizer.from_str(json.dumps(said)).pre_tokenizer
    assert isinstance(whole, PreTokenizer)
    assert [part for part, _ in whole.pre_tokenize_str(text)] == parts


def test_gpt2s_own_tokenizer_parts_alike(tmp_path: Path) -> None:
    """A second oracle for the plainest: the class of the real GPT-2, on the same vocabulary."""
    path = write_with(tmp_path, "gpt2", kind="gpt2")
    said = json.loads(ours_of(path, "gpt2").to_str())["model"]
    merges = [tuple(pair) for pair in said["merges"]]
    theirs = GPT2TokenizerFast(vocab=said["vocab"], merges=merges)
    ours = ours_of(path, "gpt2")
    for text in STRINGS:
        assert ours.encode(text).ids == theirs(text)["input_ids"], text


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_the_real_model_reads_the_folder_alike(kind: str, tmp_path: Path) -> None:
    path = write_with(tmp_path, "llama", kind=kind, add_bos_token=True)
    source = locate(str(path))
    checkpoint, loaded = open_checkpoint(source), load(source, device="cpu")
    assert checkpoint.window == 64
    for text in STRINGS:
        ours = encode(checkpoint, text, truncate=True)
        theirs = encode_by_referee(text, None, loaded.tokenizer, loaded.model.config, truncate=True)
        assert ours.ids.tolist() == theirs.ids.tolist(), text
        assert [one.span for one in ours.tokens] == [one.span for one in theirs.tokens], text


@pytest.mark.parametrize(
    ("vocabulary", "complaint"),
    [
        ({"kind": "bert"}, "tokenizer.ggml.model = \"bert\""),
        ({"kind": "gpt2", "pre": "superbpe"}, "tokenizer.ggml.pre = \"superbpe\""),
        ({"kind": "gpt2", "pre": "default"}, "tokenizer.ggml.pre = \"default\""),
        ({"kind": "gpt2", "token_merges": ["a zzz"]}, "does not hold together"),
        ({"kind": "gpt2", "token_types": [1, 2]}, "tokenizer.ggml.token_type = a list of 2"),
        ({"kind": "llama", "token_scores": [1.0]}, "tokenizer.ggml.scores = a list of 1"),
        ({"kind": "gpt2", "bos_token_id": 5000}, "tokenizer.ggml.bos_token_id = 5000"),
        ({"kind": "gpt2", "pad_token_id": 512}, "tokenizer.ggml.padding_token_id = 512"),
    ],
)  # fmt: skip
def test_vocabularies_that_are_refused(
    vocabulary: dict[str, Any], complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as caught:
        locate(str(write_with(tmp_path, "llama", **vocabulary)))
    assert complaint in caught.value.message


def test_older_files_that_do_not_say_how_texts_are_parted(tmp_path: Path) -> None:
    path = write_with(tmp_path, "gpt2", kind="gpt2", pre="default")
    assert ours_of(path, "gpt2").encode("it's").tokens[0].startswith("i")
