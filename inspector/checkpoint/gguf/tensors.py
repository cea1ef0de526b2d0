"""The tensors of a GGUF file under our names: which there are, and each dequantised in pieces.

A row is quantised for itself. So rows are put into order as they are stored, and what is written
comes a few million numbers at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.checkpoint.gguf.architectures import FALCON_TWO_NORMS, Architecture, Order
from inspector.checkpoint.gguf.config import ROPE_FREQS
from inspector.checkpoint.gguf.file import GGUFFile, TensorInfo
from inspector.checkpoint.json_file import shown
from inspector.checkpoint.safetensors_file import DTYPES
from inspector.errors import ModelError
from inspector.record import record

#: Numbers that are dequantised at once.
_AT_ONCE = 1 << 22
#: What is kept as it is stored; all else comes as float32.
_KEPT = ("F16", "BF16")
_MATRIX = 2


@record(frozen=True, slots=True)
class Planned:
    """A tensor as it will be written."""

    #: Our name, and what safetensors calls its dtype.
    name: str
    dtype: str
    shape: tuple[int, ...]
    source: TensorInfo
    #: The row of the file for each of ours; None where they are in order.
    rows: NDArray[np.int64] | None
    turned_round: bool
    less_one: bool


def planned(file: GGUFFile, architecture: Architecture, config: dict[str, Any]) -> list[Planned]:
    """Return every tensor of the model, as it is to be written.

    Raises
    ------
    ModelError
        When the file lacks a tensor of its architecture, or has one that nobody here knows.
    """
    wanted = _names(file, architecture)
    left = set(file.tensors) - {ROPE_FREQS}
    found = []
    for theirs, (ours, module, needed) in wanted.items():
        if theirs in file.tensors:
            found.append(_plan(file.tensors[theirs], ours, module, architecture, config))
            left.discard(theirs)
        elif needed:
            raise ModelError(
                f"The GGUF file {file.path} lacks the tensor {theirs}.", "Use a complete file."
            )
    _hold_inner(file, architecture)
    if left:
        raise ModelError(
            f"The GGUF file {file.path} has the tensor {shown(min(left))}, which a "
            f"{architecture.name} is not known to have here.",
            "Use the safetensors checkpoint that it was made from.",
        )
    return found


def _hold_inner(file: GGUFFile, architecture: Architecture) -> None:
    """Hold what a file says of the width within its feed-forwards against the first of them."""
    key = f"{architecture.name}.feed_forward_length"
    width = file.tensors["blk.0.ffn_down.weight"].shape[-1]
    if file.metadata[key] != width:
        raise file.wrong(key, f"and the tensor blk.0.ffn_down.weight has rows of {width:,}")


def pieces(file: GGUFFile, tensor: Planned) -> Iterator[NDArray[Any]]:
    """Yield what a planned tensor holds, a few rows at a time, as it is to be written."""
    stored = file.bytes_of(tensor.source)
    flat = len(tensor.source.shape) < _MATRIX
    if tensor.turned_round or flat:
        whole = _numbers(stored, tensor).reshape(tensor.source.shape)
        if tensor.rows is not None:
            whole = whole[tensor.rows]
        yield np.ascontiguousarray(whole.T)
        return
    step = max(1, _AT_ONCE // tensor.source.shape[-1])
    for begin in range(0, len(stored), step):
        part = slice(begin, begin + step)
        chosen = stored[part] if tensor.rows is None else stored[tensor.rows[part]]
        yield _numbers(chosen, tensor)


def _numbers(stored: NDArray[np.uint8], tensor: Planned) -> NDArray[Any]:
    if tensor.dtype != "F32":
        return np.ascontiguousarray(stored).view(DTYPES[tensor.dtype])
    from gguf.constants import GGMLQuantizationType
    from gguf.quants import dequantize

    numbers = dequantize(np.ascontiguousarray(stored), GGMLQuantizationType(tensor.source.kind))
    found: NDArray[Any] = numbers.astype(np.float32, copy=False)
    return found - np.float32(1) if tensor.less_one else found


def _names(file: GGUFFile, architecture: Architecture) -> dict[str, tuple[str, str, bool]]:
    """Return our name, the module and whether it must be there, for each name in the file."""
    inside = dict(architecture.inside)
    if "blk.0.attn_norm_2.weight" in file.tensors and architecture.name == "falcon":
        inside |= FALCON_TWO_NORMS
    biased = set(architecture.biased)
    for modules in architecture.biased_if.values():
        if any(f"blk.0.{module}.bias" in file.tensors for module in modules):
            biased |= set(modules)
    layers = file.metadata[f"{architecture.name}.block_count"]
    if layers > len(file.tensors):
        raise file.wrong(
            f"{architecture.name}.block_count", f"and it has only {len(file.tensors):,} tensors"
        )
    places = [(their, our, their) for their, our in architecture.outside.items()]
    for i in range(layers):
        at = architecture.layer.format(i=i)
        places += [(f"blk.{i}.{their}", f"{at}.{our}", their) for their, our in inside.items()]
    named = {}
    for theirs, ours, module in places:
        needed = module not in architecture.optional
        named[f"{theirs}.weight"] = (f"{ours}.weight", module, needed)
        if module in biased:
            named[f"{theirs}.bias"] = (f"{ours}.bias", module, needed)
    return named


def _plan(
    source: TensorInfo, name: str, module: str, architecture: Architecture, config: dict[str, Any]
) -> Planned:
    less_one = architecture.norms_plus_one and module.endswith("norm")
    turned_round = module in architecture.turned_round and len(source.shape) == _MATRIX
    order = architecture.order.get(module)
    return Planned(
        name,
        dtype=source.kind_name if source.kind_name in _KEPT and not less_one else "F32",
        shape=source.shape[::-1] if turned_round else source.shape,
        source=source,
        rows=None if order is None else _rows(order, source, config),
        turned_round=turned_round,
        less_one=less_one,
    )


def _rows(order: Order, source: TensorInfo, config: dict[str, Any]) -> NDArray[np.int64]:
    """Return which row of the file each of ours is."""
    rows = source.shape[0] if len(source.shape) > 1 else source.shape[-1]
    heads = next(config[key] for key in ("num_attention_heads", "n_head") if key in config)
    kv_heads = config.get("num_key_value_heads", config.get("num_kv_heads", heads))
    units = {"query halves": 2 * heads, "key halves": 2 * kv_heads, "groups": heads + 2 * kv_heads}
    if rows % units[order] or heads % kv_heads:
        raise ModelError(
            f"The tensor {source.name} has {rows:,} rows, which {heads} heads with {kv_heads} for "
            "keys and values cannot share.",
            "Use another GGUF file: this one does not hold together.",
        )
    places = np.arange(rows)
    if order != "groups":
        pairs = places.reshape(units[order] // 2, -1, 2)
        return pairs.swapaxes(1, 2).reshape(-1)
    width = rows // units[order]
    queries, keys, values = np.split(places, [heads * width, (heads + kv_heads) * width])
    groups = [part.reshape(kv_heads, -1) for part in (queries, keys, values)]
    return np.concatenate(groups, axis=1).reshape(-1)
