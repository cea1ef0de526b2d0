"""Every tensor of an inspection in one safetensors file, for one's own analysis."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from inspector.files import TENSORS, write_whole
from inspector.records import Array, Inspected
from inspector.report.export.summary import summarise


def save_tensors(inspected: Inspected, path: Path) -> None:
    """Write ``<site>.<layer>.<name>`` for every layer, and the JSON summary as metadata.

    Names and shapes: ``hidden`` (T, D), ``query`` (H, T, d), ``key`` and ``value`` (KV, S, d) as
    rebuilt, ``attention`` (H, T, S) of the model, ``recomputed`` (H, T, S), ``output`` (T, D) of
    the model; in cross-attention ``key_states`` (S, D), the encoder's states, which keys and values
    are made from. Where q, k and v were captured they are the model's own. A family without any
    rebuild has only what is the model's. All float32.

    Raises
    ------
    InputError, MachineError
        As ``write_whole``.
    """
    tensors: dict[str, Array | None] = {}
    for layer in inspected.trace.layers:
        prefix = f"{layer.site}.{layer.layer}"
        tensors[f"{prefix}.hidden"] = layer.hidden
        tensors[f"{prefix}.attention"] = layer.attention
        tensors[f"{prefix}.output"] = layer.output
        tensors[f"{prefix}.key_states"] = layer.key_states
    for ours in inspected.rebuild.layers:
        prefix = f"{ours.site}.{ours.layer}"
        tensors[f"{prefix}.query"] = ours.query
        tensors[f"{prefix}.key"] = ours.key
        tensors[f"{prefix}.value"] = ours.value
        tensors[f"{prefix}.recomputed"] = ours.attention
    data = save(
        {
            # safetensors writes memory as it lies, so views of heads must be laid out first.
            name: np.ascontiguousarray(tensor, dtype=np.float32)
            for name, tensor in tensors.items()
            if tensor is not None
        },
        metadata={"inspector": json.dumps(summarise(inspected, {}), allow_nan=False)},
    )
    write_whole(path, data, TENSORS)
