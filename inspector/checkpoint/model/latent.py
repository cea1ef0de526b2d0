"""Attention on latent states: queries, keys and values made of something narrower than a token.

DeepSeek-AI 2024, "DeepSeek-V2", section 2.1. Keys have a part of their own in every head, and
behind it one that all heads share, which alone positions turn.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from inspector.checkpoint.model.modules import Modules
from inspector.errors import ModelError
from inspector.families.parts import LatentPaths
from inspector.records import Array, Latent, Projection


def latent_weights(
    modules: Modules, paths: LatentPaths, config: Any, at: str
) -> tuple[tuple[Projection, Projection, Projection], dict[str, Any]]:
    """Return what makes queries, keys and values, and the other fields of ``AttentionWeights``.

    Raises
    ------
    ModelError
        When the file lacks a tensor, or has one that the config's widths do not fit.
    """
    heads, rank = int(config.num_attention_heads), int(config.kv_lora_rank)
    own, turned, width = (
        int(getattr(config, name))
        for name in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")
    )
    by_latent = config.q_lora_rank is not None
    query = modules.projection(f"{at}.{paths.query_up if by_latent else paths.query}")
    _fits(query, heads * (own + turned), f"{at}.{paths.query_up if by_latent else paths.query}")
    down, up = modules.projection(f"{at}.{paths.down}"), modules.projection(f"{at}.{paths.up}")
    _fits(down, rank + turned, f"{at}.{paths.down}")
    _fits(up, heads * (own + width), f"{at}.{paths.up}")
    each = up.weight.reshape(heads, own + width, -1)
    key, value = (
        Projection(part.reshape(-1, part.shape[2]), None) for part in (each[:, :own], each[:, own:])
    )
    return (query, key, value), {
        "query_latent": _latent(
            modules,
            modules.projection(f"{at}.{paths.query_down}"),
            f"{at}.{paths.query_norm}",
            paths,
        )
        if by_latent
        else None,
        "key_latent": _latent(modules, _rows(down, slice(0, rank)), f"{at}.{paths.norm}", paths),
        "shared_key": _rows(down, slice(rank, None)),
    }


def _latent(modules: Modules, down: Projection, norm: str, paths: LatentPaths) -> Latent:
    return Latent(down, replace(modules.norm(norm), eps=paths.eps))


def _rows(projection: Projection, rows: slice) -> Projection:
    bias = projection.bias
    return Projection(projection.weight[rows], None if bias is None else bias[rows])


def _fits(projection: Projection, rows: int, path: str) -> None:
    found: Array = projection.weight
    if len(found) != rows:
        raise ModelError(
            f"The config says that {path} gives {rows} numbers, and its weights give {len(found)}.",
            "Use a checkpoint whose config.json belongs to its weights.",
        )
