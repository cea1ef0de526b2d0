"""What a GGUF file's keys mean, as the config.json that transformers would have written.

Every number is looked at here, because a sentence about a file should name the file's own key. A
value that is not understood is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from inspector.checkpoint.gguf.architectures import Architecture
from inspector.checkpoint.gguf.file import ARCHITECTURE, GGUFFile
from inspector.errors import ModelError
from inspector.families.position_numbers import frequencies

TOKENS = "tokenizer.ggml.tokens"
#: Speeds that Llama 3 slows, each by a number of its own.
ROPE_FREQS = "rope_freqs.weight"

_SPECIAL = {
    "bos_token_id": "tokenizer.ggml.bos_token_id",
    "eos_token_id": "tokenizer.ggml.eos_token_id",
    "pad_token_id": "tokenizer.ggml.padding_token_id",
}  # fmt: skip
#: Keys of sizes, which are whole numbers.
_SIZES = ("block_count", "embedding_length", "attention.head_count", "feed_forward_length")
_SAME_AS_HEADS = "attention.head_count_kv"
#: What a file may leave out: the family's default is then meant, or what follows from others.
_OPTIONAL = (
    _SAME_AS_HEADS, "attention.key_length", "attention.sliding_window", "rope.freq_base",
    "rope.freq_base_swa", "attn_logit_softcapping", "final_logit_softcapping",
)  # fmt: skip
_LARGEST = 1 << 31
#: The numbers of all Llamas whose speeds are slowed.
_LLAMA3 = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
_CLOSE = 1e-4
#: Layers of the Gemmas of 27 billion parameters, whose scale is not that of a head's width.
_GEMMA_27B = {"gemma2": 46, "gemma3": 62}


def config_of(file: GGUFFile, architecture: Architecture) -> dict[str, Any]:
    """Return the values of the config.json that belongs to a GGUF file.

    Raises
    ------
    ModelError
        When a key is missing, has a value that cannot be, or one that is not understood.
    """
    keys = _Keys(file, architecture.name)
    for key in _SIZES:
        keys.whole(key)
    if keys.said(_SAME_AS_HEADS) is not None:
        keys.whole(_SAME_AS_HEADS)
    if keys.said("expert_count"):
        raise keys.wrong("expert_count", "and a mixture of experts is not read from GGUF")
    values: dict[str, Any] = {
        "architectures": [architecture.head],
        "model_type": architecture.model_type,
        "dtype": "float32",
        "tie_word_embeddings": "output.weight" not in file.tensors,
    }
    for name, key in architecture.keys.items():
        if (found := keys.number(key)) is not None:
            values[name] = found
        elif key not in _OPTIONAL:
            raise keys.missing(key)
    heads = keys.whole("attention.head_count")
    for name, key in architecture.keys.items():
        if key == _SAME_AS_HEADS:
            values.setdefault(name, heads)
    values |= _tokens(file) | dict(architecture.fixed)
    for flag, modules in architecture.biased_if.items():
        values[flag] = any(f"blk.0.{module}.bias" in file.tensors for module in modules)
    _heads(values, keys, architecture)
    _rope(values, keys, file)
    if (more := _MORE.get(architecture.name)) is not None:
        more(values, keys, file)
    return values


class _Keys:
    """A file's keys of its architecture, by their names without it."""

    def __init__(self, file: GGUFFile, architecture: str) -> None:
        self._file = file
        self._architecture = architecture

    def said(self, key: str) -> Any:
        return self._file.metadata.get(f"{self._architecture}.{key}")

    def whole(self, key: str) -> int:
        found = self.number(key)
        if found is None:
            raise self.missing(key)
        if type(found) is not int or found < 1:
            raise self.wrong(key, "and it is a whole number from 1 on")
        return found

    def number(self, key: str) -> int | float | None:
        found = self.said(key)
        if found is None:
            return None
        if isinstance(found, list | np.ndarray):
            raise self.wrong(key, "a value for each layer, and layers that differ are not read")
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self.wrong(key, "and it is a number")
        if not math.isfinite(found) or not 0 <= found < _LARGEST:
            raise self.wrong(key, "and it is within bounds")
        # A float32 has seven digits to say; as a float64 it would be written with seventeen.
        return found if isinstance(found, int) else float(str(np.float32(found)))

    def missing(self, key: str) -> ModelError:
        return ModelError(
            f"The GGUF file {self._file.path} does not say {self._architecture}.{key}.",
            "Convert the model again with a newer llama.cpp.",
        )

    def wrong(self, key: str, why: str) -> ModelError:
        return self._file.wrong(f"{self._architecture}.{key}", why)


def _tokens(file: GGUFFile) -> dict[str, Any]:
    tokens = file.metadata.get(TOKENS)
    if not isinstance(tokens, list) or not tokens:
        raise ModelError(
            f"The GGUF file {file.path} has no vocabulary ({TOKENS}).",
            "Use a file of a whole model, not of a part of one.",
        )
    values: dict[str, Any] = {"vocab_size": len(tokens)}
    for name, key in _SPECIAL.items():
        # None, or the family's own default would stand for it.
        values[name] = file.metadata.get(key)
        if values[name] is not None and not (
            type(values[name]) is int and 0 <= values[name] < len(tokens)
        ):
            raise file.wrong(key, f"and the vocabulary has {len(tokens):,} entries")
    return values


def _heads(values: dict[str, Any], keys: _Keys, architecture: Architecture) -> None:
    """Say how wide a head is, where the family asks, and refuse what it does not allow."""
    width, heads = keys.whole("embedding_length"), keys.whole("attention.head_count")
    size = keys.number("attention.key_length")
    if (other := keys.number("attention.value_length")) is not None and other != (
        size or width // heads
    ):
        raise keys.wrong("attention.value_length", "and queries and values are as wide as keys")
    if "head_dim" in architecture.keys:
        values["head_dim"] = size or width // heads
    elif size is not None and size != width / heads:
        raise keys.wrong("attention.key_length", f"and {heads} heads share a width of {width:,}")
    turned = keys.number("rope.dimension_count")
    # llama.cpp writes it for GPT-2 and BLOOM too, which turn nothing.
    if turned is None or not any(key.startswith("rope.") for key in architecture.keys.values()):
        return
    whole = size or width // heads
    if architecture.model_type == "phi3":
        values["partial_rotary_factor"] = turned / whole
    elif turned != whole:
        raise keys.wrong(
            "rope.dimension_count", f"and a {architecture.model_type} turns all {whole} of a head"
        )


def _rope(values: dict[str, Any], keys: _Keys, file: GGUFFile) -> None:
    """Say what else positions are turned by."""
    kind = keys.said("rope.scaling.type") or "none"
    if kind == "linear":
        values["rope_scaling"] = {"rope_type": kind, "factor": keys.number("rope.scaling.factor")}
    elif kind == "yarn":
        values["rope_scaling"] = {
            "rope_type": kind,
            "factor": keys.number("rope.scaling.factor"),
            "original_max_position_embeddings": keys.whole("rope.scaling.original_context_length"),
        }
    elif kind != "none":
        raise keys.wrong("rope.scaling.type", "which is not read from GGUF")
    if kind != "none" and not values["rope_scaling"]["factor"]:
        raise keys.wrong("rope.scaling.factor", "and it is a positive number")
    if ROPE_FREQS in file.tensors:
        values["rope_scaling"] = _llama3(values, file)


def _llama3(values: dict[str, Any], file: GGUFFile) -> dict[str, Any]:
    """Find the numbers from which the slowing of each pair of dimensions follows."""
    slowed = file.bytes_of(file.tensors[ROPE_FREQS])
    half = values["head_dim"] // 2
    parameters: dict[str, Any] = {"rope_theta": values.get("rope_theta", 10000.0)}
    if file.tensors[ROPE_FREQS].kind_name == "F32" and slowed.nbytes == 4 * half:
        by = slowed.view(np.float32)[0]
        plain, _ = frequencies(parameters, 2 * half)
        said = {"rope_type": "llama3", "factor": float(by.max()), **_LLAMA3}
        ours, _ = frequencies(parameters | said, 2 * half)
        if np.allclose(plain / by, ours, rtol=_CLOSE, atol=0):
            return said
    raise ModelError(
        f"The GGUF file {file.path} turns positions by speeds of its own ({ROPE_FREQS}), which are "
        "not those of a Llama 3.",
        "Use the safetensors checkpoint that it was made from.",
    )


def _gemma(values: dict[str, Any], keys: _Keys, _file: GGUFFile) -> None:
    """Gemma 2 and 3: the file tells neither the scale nor which layers see all, llama.cpp does."""
    name = "gemma2" if values["model_type"] == "gemma2" else "gemma3"
    layers, heads = keys.whole("block_count"), keys.whole("attention.head_count")
    large = layers == _GEMMA_27B[name]
    values["query_pre_attn_scalar"] = (
        keys.whole("embedding_length") // heads if large else values["head_dim"]
    )
    keys.whole("attention.sliding_window")
    pattern = keys.said("attention.sliding_window_pattern")
    if pattern is not None:
        raise keys.wrong("attention.sliding_window_pattern", "which is not read from GGUF")
    every = {"gemma2": 2, "gemma3": 6}[name]
    values["layer_types"] = [
        "full_attention" if (layer + 1) % every == 0 else "sliding_attention"
        for layer in range(layers)
    ]


def _phi3(values: dict[str, Any], keys: _Keys, file: GGUFFile) -> None:
    # 0 stands for none.
    values["sliding_window"] = values.get("sliding_window") or None
    if any(name.startswith("rope_factors_") for name in file.tensors):
        raise ModelError(
            f"The GGUF file {file.path} turns long texts otherwise than short ones (longrope), "
            "which is not read.",
            "Use a Phi-3 for short texts, such as Phi-3-mini-4k.",
        )


def _falcon(values: dict[str, Any], keys: _Keys, file: GGUFFile) -> None:
    heads, kv_heads = keys.whole("attention.head_count"), values["num_kv_heads"]
    two_norms = "blk.0.attn_norm_2.weight" in file.tensors
    newer = two_norms or 1 < kv_heads < heads
    values |= {
        "new_decoder_architecture": newer,
        "multi_query": not newer and kv_heads == 1,
        "num_ln_in_parallel_attn": (2 if two_norms else 1) if newer else None,
    }


_MORE: dict[str, Callable[[dict[str, Any], _Keys, GGUFFile], None]] = {
    "gemma2": _gemma, "gemma3": _gemma, "phi3": _phi3, "falcon": _falcon,
}  # fmt: skip


def name_of(file: GGUFFile) -> str:
    """Return what a file calls its architecture.

    Raises
    ------
    ModelError
        When it does not say.
    """
    found = file.metadata.get(ARCHITECTURE)
    if not isinstance(found, str) or not found.isprintable() or not found:
        raise ModelError(
            f"The GGUF file {file.path} does not say its {ARCHITECTURE}.",
            "Convert the model again with llama.cpp.",
        )
    return found
