"""What a row of the registry says of a family, and how it becomes every layer's config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inspector.families.parts import Body, Where, WordHead
from inspector.families.position_numbers import ROPE_TYPES, frequencies, slopes
from inspector.records import (
    Alibi,
    AttentionConfig,
    Buckets,
    Disentangled,
    PositionRule,
    Rope,
    SiteName,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What positions add to the scores, and which modules hold what was learned of it.

    ``alibi`` has nothing to learn. ``buckets``: ``table`` is a path from the base model, and the
    config says how many buckets there are and how far they reach. ``disentangled``: so it is, with
    ``key`` and ``query`` from the layer, what makes keys and queries of the distances.
    """

    kind: Literal["alibi", "buckets", "disentangled"]
    table: str = ""
    key: str = ""
    query: str = ""
    #: The norm that the table goes through where ``norm_rel_ebd`` says so.
    norm: str = ""
    #: Whether the config's ``position_buckets`` may put distances into logarithmic buckets.
    in_buckets: bool = False
    #: Whether keys ahead and keys behind have buckets of their own.
    both_ways: bool = True


#: The terms of disentangled attention: queries on distances, and distances on keys.
_TERMS = ("c2p", "p2c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Where a model family keeps its attention, and what the rebuild takes for granted.

    A row describes one site. An encoder–decoder's is its encoder's, and holds a row each for the
    decoder's own attention and for that on the encoder.

    Every path is a module path as transformers names it: ``layer`` from the base model, with
    ``{i}`` for the number of the layer and ``{group}`` for the group of layers that share one
    module, everything else from the layer.
    """

    #: transformers' ``config.model_type``.
    model_type: str
    layer: str
    #: The three projections, or ``fused``, one for all of them. Its output is, by its layout, all
    #: queries, all keys, all values (``blocks``), or one head of keys and values after the other,
    #: each behind the queries that use it (``groups``).
    query: str = ""
    key: str = ""
    value: str = ""
    fused: str = ""
    layout: Literal["blocks", "groups"] = "blocks"
    output: str
    site: SiteName = "self"
    #: The other rows of an encoder–decoder, in the order ``decoder``, ``cross``.
    others: tuple[Family, ...] = ()
    #: The module whose input is the row's input, where that is not the layer: in cross-attention
    #: what the decoder's own attention left, and not what entered the layer.
    entry: str = ""
    #: What the config calls the numbers of layers and heads.
    layers: str = "num_hidden_layers"
    heads: str = "num_attention_heads"
    #: True where weights lie (in, out), as in transformers' ``Conv1D``, and not (out, in).
    conv1d: bool = False
    #: Biases of queries and values that are parameters of their own, not of the projection.
    query_bias: str = ""
    value_bias: str = ""
    #: The norm through which the input goes before the projections, where there is one;
    #: ``norm_if`` names the config's flag that says so where checkpoints differ. ``rms+1`` is a
    #: root-mean-square norm that multiplies by 1 + weight.
    norm: str = ""
    norm_if: str = ""
    #: The first layer that has one.
    norm_from: int = 0
    #: Another norm in its place: where it lies, and the config's value under which it is used.
    norm_instead: tuple[str, str, object] | None = None
    norm_kind: Literal["layer", "rms", "rms+1"] = "layer"
    #: The norms of queries and keys before positions, likewise.
    head_norms: tuple[str, str] | None = None
    head_norms_if: str = ""
    #: Whether positions turn queries and keys, and which dimensions make a pair.
    rope: Literal["half", "interleaved"] | None = None
    #: Whether the first token has the position behind the padding's id, so that a table of
    #: positions is longer than the text that fits.
    positions_behind_padding: bool = False
    #: What positions add to the scores.
    added: Added | None = None
    #: The parameter that holds each head's sink.
    sinks: str = ""
    #: Whether a token attends only to itself and to what comes before it.
    causal: bool = False
    #: Which layers attend only to what is near: all, those that ``layer_types`` or GPT-Neo's
    #: ``attention_layers`` names. ``both`` is the same with a window that reaches both ways.
    window: Literal["all", "layer_types", "both", "gpt_neo"] | None = None
    #: ``head``: d^-½. ``one``: no scale. ``gpt2`` and ``scalar``: as the config says. ``terms``:
    #: (d·n)^-½, where q·k is one of n terms that make the scores.
    scale: Literal["head", "one", "gpt2", "scalar", "terms"] = "head"
    #: The config's name of the limit to which scores are bent.
    softcap: str = ""
    #: True where the family's own code takes its softmax in float32 whatever else is float64.
    float32_softmax: bool = False
    #: The same of its norms.
    float32_norms: bool = False
    #: The small number under the root of every norm, or the config's name of it; and the config's
    #: flag that says whether norms have weights, where checkpoints differ.
    eps: str | float = "layer_norm_eps"
    norm_weights_if: str = ""
    #: The norm of what attention gives, before it is added, and that of the sum; from the layer.
    norm_inside: Where = ""
    norm_after: Where = ""
    #: The base model's name, which stands before its tensors where a checkpoint has a head.
    prefix: str = ""
    #: What is around the attention; cross-attention is part of its decoder's.
    body: Body | None = None
    head: WordHead | None = None
    #: Keys of the config that only some families' own code reads. A key that is not named here is
    #: ignored, as it is there: ``head_dim``, ``num_key_value_heads``, ``num_hidden_groups``,
    #: ``multi_query`` (by which Falcon says how many keys and values there are),
    #: ``no_rope_layers``; ``rotary_dim`` and ``partial_rotary_factor``, by which only a part of a
    #: head is turned.
    reads: tuple[str, ...] = ()
    #: Config values under which the formulas hold. Another value changes the attention in a way
    #: that the rebuild does not cover, so it is refused by name and not guessed at.
    requires: Mapping[str, object] = field(default_factory=dict)

    @property
    def sites(self) -> tuple[Family, ...]:
        """A row for each site, in the order in which a run has them."""
        return self, *self.others

    @property
    def specials(self) -> tuple[str, ...]:
        """What sets the family's attention apart from the plain formula, in a few words each."""
        windows = {
            "all": "sliding window",
            "layer_types": "sliding window in some layers",
            "both": "window both ways in some layers",
            "gpt_neo": "local in some layers",
        }
        added = {
            "alibi": "ALiBi",
            "buckets": "distance buckets",
            "disentangled": "disentangled positions",
        }
        norms = {"layer": "layer norm before", "rms": "RMS norm before", "rms+1": "RMS norm before"}
        said = (
            "encoder, decoder and cross-attention" if self.others else "",
            "causal" if self.causal else "",
            windows[self.window] if self.window else "",
            {"half": "rotary", "interleaved": "rotary, interleaved", None: ""}[self.rope],
            added[self.added.kind] if self.added else "",
            norms[self.norm_kind] if self.norm else "",
            "norms on q and k" + (" where set" if self.head_norms_if else "")
            if self.head_norms
            else "",
            {"head": "", "one": "no scale", "terms": "scale by the number of terms"}.get(
                self.scale, "scale by config"
            ),
            "soft cap" if self.softcap else "",
            "sinks" if self.sinks else "",
            "fused q, k, v" if self.fused else "",
            "layers share weights" if "{group}" in self.layer else "",
        )
        return tuple(filter(None, said))

    def refusal(self, config: Any) -> str | None:
        """Say which value of a transformers config the rebuild does not cover, or None."""
        for name, expected in self.requires.items():
            found = getattr(config, name, expected)
            if found != expected:
                return (
                    f"the rebuild of {self.model_type} covers {name}={expected!r}, "
                    f"this checkpoint has {name}={found!r}"
                )
        strange = sorted({*self._terms(config)} - {*_TERMS})
        if strange:
            return (
                f"the rebuild of {self.model_type} covers pos_att_type {', '.join(_TERMS)}, "
                f"this checkpoint has {strange[0]!r}"
            )
        for parameters in self._rope_parameters(config):
            kind = parameters.get("rope_type", "default")
            if kind not in ROPE_TYPES:
                return (
                    f"the rebuild of {self.model_type} covers rope_type "
                    f"{', '.join(ROPE_TYPES)}, this checkpoint has {kind!r}"
                )
        if self.rope and "head_dim" not in self.reads:
            # The heads are as wide as ever, but transformers makes the speeds for this width.
            heads, _, size = self._sizes(config)
            if (found := getattr(config, "head_dim", None) or size) != size:
                return (
                    f"the rebuild of {self.model_type} covers heads of "
                    f"{config.hidden_size} / {heads} dimensions, this checkpoint has "
                    f"head_dim={found!r}"
                )
        return None

    def layer_paths(self, config: Any) -> list[str]:
        """Return every layer's module path; layers that share a module share a path."""
        layers = int(getattr(config, self.layers))
        groups = int(self._read(config, "num_hidden_groups") or 1)
        return [self.layer.format(i=i, group=i * groups // layers) for i in range(layers)]

    def norm_path(self, config: Any, layer: int) -> str | None:
        """Return where a layer's norm before the projections lies, or None where it has none."""
        if layer < self.norm_from:
            return None
        if self.norm_instead:
            path, name, value = self.norm_instead
            if getattr(config, name, None) == value:
                return path
        return self.norm if self.norm and getattr(config, self.norm_if or "", True) else None

    def head_norm_paths(self, config: Any) -> tuple[str, str] | None:
        """Return where the norms of queries and keys lie, or None where there are none."""
        return self.head_norms if getattr(config, self.head_norms_if or "", True) else None

    def position_paths(self, config: Any) -> tuple[str, str | None, str | None, str | None] | None:
        """Return where the table of positions lies, its norm, and what makes keys and queries.

        The first two are paths from the base model, the others from the layer; None where there
        is no such thing, and altogether where no table is used.
        """
        added = self.added
        if added is None or not added.table:
            return None
        if added.kind == "buckets":
            return added.table, None, None, None
        terms = self._terms(config)
        if not config.relative_attention or not terms:
            return None
        normed = "layer_norm" in _words(getattr(config, "norm_rel_ebd", "none"))
        shared = getattr(config, "share_att_key", False)
        return (
            added.table,
            added.norm if added.norm and normed else None,
            (self.key if shared else added.key) if "c2p" in terms else None,
            (self.query if shared else added.query) if "p2c" in terms else None,
        )

    def fused_rows(self, config: Any) -> tuple[NDArray[np.intp], ...]:
        """Return which rows of the fused projection are the queries, the keys and the values."""
        heads, kv_heads, size = self._sizes(config)
        rows = np.arange((heads + 2 * kv_heads) * size)
        if self.layout == "groups":
            queries = heads // kv_heads * size
            groups = rows.reshape(kv_heads, -1)
            q, k, v = np.split(groups, [queries, queries + size], axis=1)
            return q.reshape(-1), k.reshape(-1), v.reshape(-1)
        q, k, v = np.split(rows, [heads * size, (heads + kv_heads) * size])
        return q, k, v

    def attention_configs(self, config: Any) -> tuple[AttentionConfig, ...]:
        """Read the numbers of every layer's attention from a transformers config."""
        return tuple(
            self.attention_config(config, i) for i in range(int(getattr(config, self.layers)))
        )

    def attention_config(self, config: Any, layer: int) -> AttentionConfig:
        """Read the numbers of one layer's attention from a config."""
        heads, kv_heads, size = self._sizes(config)
        softcap = getattr(config, self.softcap) if self.softcap else None
        return AttentionConfig(
            heads=heads,
            kv_heads=kv_heads,
            head_dim=size,
            scale=self._scale(config, layer, size),
            causal=self.causal,
            window=self._window(config, layer),
            rope=self._rope(config, layer, size),
            positions=self._positions(config),
            softcap=None if softcap is None else float(softcap),
            float32_softmax=self.float32_softmax,
            # With sinks the softmax is taken as the model runs, and only a norm in float32.
            rounds_scores=self.float32_softmax and not self.sinks,
        )

    def _scale(self, config: Any, layer: int, head_dim: int) -> float:
        if self.scale == "one":
            return 1.0
        if self.scale == "scalar":
            return float(config.query_pre_attn_scalar**-0.5)
        if self.scale == "terms":
            # The root is taken in float32, whatever the model runs in.
            return 1 / float(np.sqrt(np.float32(head_dim * (1 + len(self._terms(config))))))
        scale: float = head_dim**-0.5
        if self.scale == "gpt2":
            if not config.scale_attn_weights:
                scale = 1.0
            if config.scale_attn_by_inverse_layer_idx:
                scale /= layer + 1
        return scale

    def _window(self, config: Any, layer: int) -> int | None:
        if self.window is None:
            return None
        if self.window == "gpt_neo":
            return int(config.window_size) if config.attention_layers[layer] == "local" else None
        near = self.window == "all" or config.layer_types[layer] == "sliding_attention"
        if not near or config.sliding_window is None:
            return None
        # Both ways transformers counts the tokens on either side, without the word itself.
        return int(config.sliding_window) + (self.window == "both")

    def _rope(self, config: Any, layer: int, head_dim: int) -> Rope | None:
        if self.rope is None:
            return None
        # SmolLM3 leaves positions out of some layers.
        spared = self._read(config, "no_rope_layers")
        if spared and not spared[layer]:
            return None
        parameters = self._rope_parameters(config)
        of_layer = parameters[layer if len(parameters) > 1 else 0]
        size = int(self._read(config, "rotary_dim") or head_dim * self._turned_share(of_layer))
        return Rope(*frequencies(of_layer, size), interleaved=self.rope == "interleaved")

    def _positions(self, config: Any) -> PositionRule | None:
        heads, _, _ = self._sizes(config)
        if self.added is None:
            return None
        if self.added.kind == "alibi":
            return Alibi(slopes(heads))
        if self.added.kind == "buckets":
            return Buckets(
                count=int(config.relative_attention_num_buckets),
                farthest=int(getattr(config, "relative_attention_max_distance", 128)),
                both_ways=self.added.both_ways,
            )
        if self.position_paths(config) is None:
            return None
        farthest = int(getattr(config, "max_relative_positions", -1))
        if farthest < 1:
            farthest = int(config.max_position_embeddings)
        grouped = int(getattr(config, "position_buckets", -1)) if self.added.in_buckets else -1
        if grouped > 0:
            return Disentangled(heads, grouped, farthest)
        return Disentangled(heads, farthest, None)

    def _terms(self, config: Any) -> list[str]:
        """Return which terms beside q·k make the scores."""
        if self.added is None or self.added.kind != "disentangled":
            return []
        return list(config.pos_att_type or [])

    def _rope_parameters(self, config: Any) -> list[Mapping[str, Any]]:
        """Return what turns positions: one for all layers, or one for each."""
        if self.rope is None:
            return []
        parameters = getattr(config, "rope_parameters", None) or {"rope_theta": 10000.0}
        if "rope_theta" in parameters:
            return [parameters]
        return [parameters[kind] for kind in config.layer_types]

    def _sizes(self, config: Any) -> tuple[int, int, int]:
        """Return the heads of queries, the heads of keys and values, and the size of one."""
        heads = int(getattr(config, self.heads))
        kv_heads = int(self._read(config, "num_key_value_heads") or heads)
        if "multi_query" in self.reads:  # Falcon's way of saying so
            several = config.new_decoder_architecture or not config.multi_query
            kv_heads = int(config.num_kv_heads) if several else 1
        size = int(self._read(config, "head_dim") or config.hidden_size // heads)
        return heads, kv_heads, size

    def _read(self, config: Any, key: str) -> Any:
        """Return a value of the config where the family's own code reads it, else None."""
        return getattr(config, key, None) if key in self.reads else None

    def _turned_share(self, parameters: Mapping[str, Any]) -> float:
        """Return which share of a head's dimensions positions turn."""
        if "partial_rotary_factor" not in self.reads:
            return 1.0
        return float(parameters.get("partial_rotary_factor") or 1.0)


def _words(listed: str) -> list[str]:
    return [word.strip() for word in listed.lower().split("|")]
