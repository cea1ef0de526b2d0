"""A GGUF file's vocabulary as a tokenizer.json, and what belongs beside it.

Two kinds are read: byte-level BPE (``gpt2``), whose merges stand in the file, and SentencePiece's
BPE (``llama``), whose merges follow from the vocabulary: two neighbours are merged where together
they are an entry, and of all such pairs first the one whose entry has the highest score.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from inspector.checkpoint.gguf.architectures import Architecture
from inspector.checkpoint.gguf.config import TOKENS
from inspector.checkpoint.gguf.file import GGUFFile
from inspector.checkpoint.gguf.splits import SPLITS, Split
from inspector.checkpoint.json_file import shown
from inspector.errors import ModelError
from inspector.record import record

_MODEL = "tokenizer.ggml.model"
_PRE = "tokenizer.ggml.pre"
_MERGES = "tokenizer.ggml.merges"
_SCORES = "tokenizer.ggml.scores"
_KINDS = "tokenizer.ggml.token_type"
_PREFIX = "tokenizer.ggml.add_space_prefix"
_CHAT = "tokenizer.chat_template"
#: Kinds of entries.
_UNKNOWN, _CONTROL, _USERS = 2, 3, 4
_NAMED = {
    "bos_token": "tokenizer.ggml.bos_token_id",
    "eos_token": "tokenizer.ggml.eos_token_id",
    "unk_token": "tokenizer.ggml.unknown_token_id",
    "pad_token": "tokenizer.ggml.padding_token_id",
}
_SPACE = "▁"
_FIRST_BYTE = "<0x00>"
#: No entry of a SentencePiece vocabulary is longer, and each is taken apart at every letter.
_LONGEST = 512
_HINT = "Use the safetensors checkpoint that the file was made from."


@record(frozen=True, slots=True)
class TokenizerFiles:
    """What is written beside a converted model."""

    tokenizer: str
    config: dict[str, Any]


def tokenizer_of(file: GGUFFile, architecture: Architecture, longest: int | None) -> TokenizerFiles:
    """Return the tokenizer.json and the tokenizer_config.json of a GGUF file.

    ``longest`` is how many tokens the model reads.

    Raises
    ------
    ModelError
        When its tokenizer is of a kind that is not read, or does not hold together.
    """
    tokens: list[str] = file.metadata[TOKENS]
    kind = file.metadata.get(_MODEL)
    if kind == "gpt2":
        said = _byte_level(file, tokens, _split(file, architecture))
    elif kind == "llama":
        said = _sentence_piece(file, tokens)
    else:
        raise file.wrong(_MODEL, "a kind of tokenizer that is not read from GGUF")
    said["added_tokens"] = _added(file, tokens)
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
    }
    for name, key in _NAMED.items():
        if (at := _entry(file, tokens, key)) is not None:
            config[name] = tokens[at]
    if longest is not None:
        config["model_max_length"] = longest
    if isinstance(template := file.metadata.get(_CHAT), str):
        config["chat_template"] = template
    return TokenizerFiles(_checked(file, said), config)


def _checked(file: GGUFFile, said: dict[str, Any]) -> str:
    """Return a tokenizer as the package itself writes it down, once it has understood it."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(json.dumps({"version": "1.0"} | said))
    except Exception as error:  # the package raises a plain Exception
        raise ModelError(
            f"The tokenizer in {file.path} does not hold together: {str(error)[:100]}.", _HINT
        ) from error
    return str(tokenizer.to_str())


def _byte_level(file: GGUFFile, tokens: list[str], split: Split) -> dict[str, Any]:
    merges = file.metadata.get(_MERGES)
    if not isinstance(merges, list):
        raise file.wrong(_MERGES, "and it is a list of pairs")
    bos = _flag(file, "tokenizer.ggml.add_bos_token", usual=split.begins)
    return {
        "normalizer": {"type": "NFC"} if split.composed else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": list(split.steps)},
        "post_processor": _around(file, tokens, bos=bos, byte_level=True),
        "decoder": {
            "type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True,
        },
        "model": _bpe(tokens, merges, None, whole=split.whole),
    }  # fmt: skip


def _sentence_piece(file: GGUFFile, tokens: list[str]) -> dict[str, Any]:
    scores = file.metadata.get(_SCORES)
    if not isinstance(scores, np.ndarray) or len(scores) != len(tokens):
        raise file.wrong(_SCORES, "and there is one for each entry of the vocabulary")
    if max(map(len, tokens)) > _LONGEST:
        raise ModelError(
            f"The vocabulary in {file.path} has an entry of more than {_LONGEST} letters.", _HINT
        )
    merges = file.metadata.get(_MERGES) or _merges(tokens, scores)
    spaced = [{"type": "Replace", "pattern": {"String": " "}, "content": _SPACE}]
    read = [
        {"type": "Replace", "pattern": {"String": _SPACE}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    if _flag(file, _PREFIX, usual=True):
        spaced = [{"type": "Prepend", "prepend": _SPACE}, *spaced]
        read.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    at = _entry(file, tokens, _NAMED["unk_token"])
    if at is None:
        at = next((i for i, kind in enumerate(_kinds(file, tokens)) if kind == _UNKNOWN), None)
    bos = _flag(file, "tokenizer.ggml.add_bos_token", usual=True)
    return {
        "normalizer": {"type": "Sequence", "normalizers": spaced},
        "pre_tokenizer": None,
        "post_processor": _around(file, tokens, bos=bos, byte_level=False),
        "decoder": {"type": "Sequence", "decoders": read},
        "model": _bpe(tokens, merges, None if at is None else tokens[at], whole=False),
    }


def _bpe(
    tokens: list[str], merges: list[Any], unknown: str | None, *, whole: bool
) -> dict[str, Any]:
    return {
        "type": "BPE",
        "unk_token": unknown,
        "fuse_unk": unknown is not None,
        "byte_fallback": _FIRST_BYTE in tokens,
        "ignore_merges": whole,
        "vocab": {token: at for at, token in enumerate(tokens)},
        "merges": merges,
    }


def _merges(tokens: list[str], scores: np.ndarray[Any, Any]) -> list[tuple[str, str]]:
    """Return every pair of entries that are an entry together, in the order of merging."""
    known = set(tokens)
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    return [
        (token[:at], token[at:])
        for token in (tokens[i] for i in order)
        for at in range(1, len(token))
        if token[:at] in known and token[at:] in known
    ]


def _split(file: GGUFFile, architecture: Architecture) -> Split:
    name = file.metadata.get(_PRE, architecture.pre_tokenizer)
    if name == "default":
        name = architecture.pre_tokenizer
    if not isinstance(name, str) or name not in SPLITS:
        raise file.wrong(_PRE, f"and only {', '.join(SPLITS)} are read")
    return SPLITS[name]


def _around(
    file: GGUFFile, tokens: list[str], *, bos: bool, byte_level: bool
) -> dict[str, Any] | None:
    """Return what puts the first and the last token around a text."""
    steps: list[dict[str, Any]] = []
    if byte_level:
        steps.append(
            {
                "type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False,
                "use_regex": True,
            }
        )  # fmt: skip
    eos = _flag(file, "tokenizer.ggml.add_eos_token", usual=False)
    begin = _entry(file, tokens, _NAMED["bos_token"]) if bos else None
    end = _entry(file, tokens, _NAMED["eos_token"]) if eos else None
    if begin is not None or end is not None:

        def text(name: str, at: int) -> list[dict[str, Any]]:
            around = [
                [] if entry is None else [{"SpecialToken": {"id": tokens[entry], "type_id": at}}]
                for entry in (begin, end)
            ]
            return [*around[0], {"Sequence": {"id": name, "type_id": at}}, *around[1]]

        used = {tokens[at]: at for at in (begin, end) if at is not None}
        steps.append(
            {
                "type": "TemplateProcessing",
                "single": text("A", 0),
                "pair": [*text("A", 0), *text("B", 1)],
                "special_tokens": {
                    token: {"id": token, "ids": [at], "tokens": [token]}
                    for token, at in used.items()
                },
            }
        )
    return {"type": "Sequence", "processors": steps} if steps else None


def _added(file: GGUFFile, tokens: list[str]) -> list[dict[str, Any]]:
    """Return the entries that are found in a text before it is parted."""
    return [
        {
            "id": at, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": kind != _USERS,
        }
        for at, (token, kind) in enumerate(zip(tokens, _kinds(file, tokens), strict=True))
        if kind in (_CONTROL, _USERS) and token
    ]  # fmt: skip


def _kinds(file: GGUFFile, tokens: list[str]) -> list[int]:
    kinds = file.metadata.get(_KINDS)
    if kinds is None:
        return [1] * len(tokens)
    if not isinstance(kinds, np.ndarray) or len(kinds) != len(tokens):
        raise file.wrong(_KINDS, "and there is one for each entry of the vocabulary")
    return [int(kind) for kind in kinds]


def _entry(file: GGUFFile, tokens: list[str], key: str) -> int | None:
    at = file.metadata.get(key)
    if at is None:
        return None
    if type(at) is not int or not 0 <= at < len(tokens):
        raise file.wrong(key, f"and the vocabulary has {len(tokens):,} entries")
    return at


def _flag(file: GGUFFile, key: str, *, usual: bool) -> bool:
    said = file.metadata.get(key, usual)
    if not isinstance(said, bool):
        raise file.wrong(key, f"and it is true or false, not {shown(said)}")
    return said
