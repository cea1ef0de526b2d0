"""What a row of the registry says of a family: where its attention lies, and how it is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any, Literal

from inspector.families.parts import Added, Body, LatentPaths, Where, WordHead, holds
from inspector.record import record
from inspector.records import SiteName


@record(frozen=True, slots=True, kw_only=True)
class Crossed:
    """A decoder's attention on another model's states, which its config may put into its layers.

    Paths from the layer, as in ``Family``; all else is as in the layer's own attention, but for
    positions and masks, which it has none of.
    """

    #: What makes queries, and keys and values; or ``keys_values``, one projection for the latter
    #: two, all keys and then all values.
    query: str
    key: str = ""
    value: str = ""
    keys_values: str = ""
    output: str
    entry: str
    norm: str = ""
    norm_after: Where = ""


@record(frozen=True, slots=True, kw_only=True)
class Family:
    """Where a model family keeps its attention, and what the rebuild takes for granted.

    A row describes one site. An encoder–decoder's is its encoder's, and holds a row each for the
    decoder's own attention and for that on the encoder.

    Every path is a module path as transformers names it: ``layer`` from the base model, with
    ``{i}`` for the number of the layer and ``{group}`` for the group of layers that share one
    module, everything else from the layer. Norms behind a sub-layer may stand in a list of their
    own: with ``{i}`` a path begins at the base model.
    """

    #: transformers' ``config.model_type``.
    model_type: str
    layer: str
    #: The three projections, or ``fused``, one for all of them. Its output is, by its layout, all
    #: queries, all keys, all values (``blocks``), one head of keys and values after the other,
    #: each behind the queries that use it (``groups``), or CodeGen's: a quarter of all queries,
    #: of all values and of all keys, and the next quarter (``shards``).
    query: str = ""
    key: str = ""
    value: str = ""
    fused: str = ""
    #: One projection for keys and values, all keys and then all values.
    keys_values: str = ""
    #: In place of all of them.
    latent: LatentPaths | None = None
    layout: Literal["blocks", "groups", "shards"] = "blocks"
    output: str
    #: What files call parts of paths otherwise than transformers does in memory, and what they call
    #: one projection for all three where it has them apart.
    filed: Mapping[str, str] = field(default_factory=dict)
    filed_fused: str = ""
    site: SiteName = "self"
    #: The config within the config that is the site's own, where stacks have one each.
    within: str = ""
    #: Where the site's base model stands within the whole, of a model put together of two: its
    #: paths begin there, in files too. And what brings the states of an encoder to the width of
    #: such a model's decoder, where that is another; from the whole.
    stands: str = ""
    bridge: str = ""
    #: What a decoder's layers have beside their own attention, as a half of such a model.
    crossed: Crossed | None = None
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
    #: root-mean-square norm that multiplies by 1 + weight, ``layer+1`` a layer norm that does.
    norm: str = ""
    norm_if: str = ""
    #: The first layer that has one.
    norm_from: int = 0
    #: Another norm in its place: where it lies, and the config's value under which it is used.
    norm_instead: tuple[str, str, object] | None = None
    norm_kind: Literal["layer", "layer+1", "rms", "rms+1"] = "layer"
    #: The norms of queries and keys, likewise: before positions, or behind them.
    head_norms: tuple[str, str] | None = None
    head_norms_if: str = ""
    head_norms_behind_rope: bool = False
    #: ``each``: of a head's d numbers, with the same weights for all heads or with those of a
    #: module of its own. ``own``: with weights for every head in one tensor, (H, d). ``all``: of
    #: all heads' numbers side by side.
    head_norms_over: Literal["each", "own", "all"] = "each"
    #: The config's name of the bound of what the projections of q, k and v give, of q and k behind
    #: their norms.
    clip: str = ""
    #: Whether positions turn queries and keys, and which dimensions make a pair.
    rope: Literal["half", "interleaved"] | None = None
    #: The config's values under which they do; and the tensors in which a file may keep the speeds,
    #: from the base model, with ``{i}`` for the number of the layer, or the table of sines and
    #: cosines in which it does keep them.
    rope_if: Mapping[str, object] = field(default_factory=dict)
    rope_speeds: tuple[str, ...] = ()
    rope_table: str = ""
    #: The kinds of speeds that the family's own code has as all others do, where not all are.
    rope_types: tuple[str, ...] = ()
    #: Whether they turn only in near-sighted layers, where the config has a window.
    rope_if_near: bool = False
    #: True where the family's own code turns in float32 whatever else is float64.
    float32_rope: bool = False
    #: Whether the first token has the position behind the padding's id, so that a table of
    #: positions is longer than the text that fits.
    positions_behind_padding: bool = False
    #: What positions add to the scores.
    added: Added | None = None
    #: The parameter that holds each head's sink.
    sinks: str = ""
    #: Whether a token attends only to itself and to what comes before it.
    causal: bool = False
    #: The config's flag that says so, where it does.
    causal_if: str = ""
    #: Which layers attend only to what is near: all, those that ``layer_types`` or GPT-Neo's
    #: ``attention_layers`` names. ``both`` is the same with a window that reaches both ways.
    window: Literal["all", "layer_types", "both", "gpt_neo"] | None = None
    #: ``head``: d^-½. ``one``: no scale. ``gpt2``, ``scalar`` and ``multiplier``: as the config
    #: says. ``terms``: (d·n)^-½, where q·k is one of n terms that make the scores. ``yarn``: d^-½,
    #: and where positions are scaled the square of what they make scores sharper by.
    scale: Literal["head", "one", "gpt2", "scalar", "multiplier", "terms", "yarn"] = "head"
    #: The config's name of the limit to which scores are bent.
    softcap: str = ""
    #: True where the family's own code takes its softmax in float32 whatever else is float64.
    float32_softmax: bool = False
    #: The same of its norms.
    float32_norms: bool = False
    #: The small number under the root of every norm, or the config's name of it; and the config's
    #: flag that says whether norms have weights, where checkpoints differ; False where none has.
    eps: str | float = "layer_norm_eps"
    norm_weights_if: str | Literal[False] = ""
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
    #: ``no_rope_layers``, ``scale_attn_by_inverse_layer_idx``; ``rotary_dim`` and
    #: ``partial_rotary_factor``, by which only a part of a head is turned;
    #: ``rotary_value``, by which values are turned too; ``alpha``, which scales the base of the
    #: speeds; ``rope_theta`` where it stands by itself.
    reads: tuple[str, ...] = ()
    #: Config values under which the formulas hold. Another value changes the attention in a way
    #: that the rebuild does not cover, so it is refused by name and not guessed at. A value may be
    #: ``OneOf`` several, or ``Given`` at all; one of a config within the config is named after it,
    #: ``attn_config.qk_ln``.
    requires: Mapping[str, object] = field(default_factory=dict)

    @property
    def sites(self) -> tuple[Family, ...]:
        """A row for each site, in the order in which a run has them."""
        return self, *self.others

    def own(self, config: Any) -> Any:
        """Return the part of a config that is the site's own; of such a part, itself."""
        return getattr(config, self.within, config) if self.within else config

    def layer_paths(self, config: Any) -> list[str]:
        """Return every layer's module path; layers that share a module share a path."""
        config = self.own(config)
        layers = int(getattr(config, self.layers))
        groups = int(self.read(config, "num_hidden_groups") or 1)
        return [self.layer.format(i=i, group=i * groups // layers) for i in range(layers)]

    def path_in_file(self, path: str) -> str:
        """Return what files call a path otherwise; the same where they do not."""
        for part, otherwise in self.filed.items():
            path = path.replace(part, otherwise)
        return path

    def as_filed(self) -> Family:
        """Return the row with the paths of its attention as files have them."""
        return replace(
            self,
            layer=self.path_in_file(self.layer),
            fused=self.filed_fused or self.fused,
            output=self.path_in_file(self.output),
        )

    def norm_path(self, config: Any, layer: int) -> str | None:
        """Return where a layer's norm before the projections lies, or None where it has none."""
        if layer < self.norm_from:
            return None
        config = self.own(config)
        if self.norm_instead:
            path, name, value = self.norm_instead
            if getattr(config, name, None) == value:
                return path
        return self.norm if self.norm and getattr(config, self.norm_if or "", True) else None

    def head_norm_paths(self, config: Any) -> tuple[str, str] | None:
        """Return where the norms of queries and keys lie, or None where there are none."""
        config = self.own(config)
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
        config = self.own(config)
        terms = self.terms(config)
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

    def turns(self, config: Any) -> bool:
        """Say whether positions turn queries and keys under a config."""
        return self.rope is not None and holds(self.rope_if, self.own(config))

    def is_causal(self, config: Any) -> bool:
        """Say whether a token attends only to what comes before it under a config."""
        own = self.own(config)
        return self.causal or bool(self.causal_if and getattr(own, self.causal_if, False))

    def terms(self, config: Any) -> list[str]:
        """Return which terms beside q·k make the scores of disentangled attention."""
        if self.added is None or self.added.kind != "disentangled":
            return []
        return list(self.own(config).pos_att_type or [])

    def read(self, config: Any, key: str) -> Any:
        """Return a value of the config where the family's own code reads it, else None."""
        return getattr(self.own(config), key, None) if key in self.reads else None


def _words(listed: str) -> list[str]:
    return [word.strip() for word in listed.lower().split("|")]
