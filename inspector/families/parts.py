"""The parts of a row: what positions add, latent states, and all around a model's attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from inspector.record import record


@record(frozen=True, slots=True)
class Only:
    """A module that is there only where the config says so."""

    path: str
    when: Mapping[str, object]


@record(frozen=True, slots=True)
class OneOf:
    """Any of several values of the config, the first of them where it says nothing."""

    values: tuple[object, ...]

    def __str__(self) -> str:
        """Say the values as a refusal does."""
        return " or ".join(map(repr, self.values))


@record(frozen=True, slots=True)
class Given:
    """Any value of the config at all; ``why`` says what it tells."""

    why: str


#: Where a module lies; several, of which the first counts whose condition holds; "" for nowhere.
Where = str | Only | tuple[Only, ...]


def found(where: Where, config: Any) -> str:
    """Return the path that a config leads to; "" for none."""
    if isinstance(where, str):
        return where
    choices = (where,) if isinstance(where, Only) else where
    return next((one.path for one in choices if holds(one.when, config)), "")


def holds(when: Mapping[str, object] | bool, config: Any) -> bool:
    """Say whether every value is the config's."""
    if isinstance(when, bool):
        return when
    return all(getattr(config, name, None) == value for name, value in when.items())


@record(frozen=True, slots=True, kw_only=True)
class Added:
    """What positions add to the scores, and which modules hold what was learned of it.

    ``alibi`` has nothing to learn; ``from_end`` is MPT's, which counts places back from the last
    key and takes each slope as a power of its own. ``buckets``: ``table`` is a path from the base
    model, with ``{i}`` where every layer has one of its own, and the config says how many buckets
    there are and how far they reach. ``disentangled``: so it is, with ``key`` and ``query`` from
    the layer, what makes keys and queries of the distances.
    """

    kind: Literal["alibi", "buckets", "disentangled"]
    from_end: bool = False
    table: str = ""
    key: str = ""
    query: str = ""
    #: The norm that the table goes through where ``norm_rel_ebd`` says so.
    norm: str = ""
    #: Whether the config's ``position_buckets`` may put distances into logarithmic buckets.
    in_buckets: bool = False
    #: Whether keys ahead and keys behind have buckets of their own.
    both_ways: bool = True


@record(frozen=True, slots=True, kw_only=True)
class LatentPaths:
    """The modules of attention on latent states, as DeepSeek has it, paths from the layer.

    The config says how wide everything is: ``q_lora_rank``, without which queries are made of the
    states, ``kv_lora_rank``, and of a head ``qk_nope_head_dim``, ``qk_rope_head_dim`` (which
    positions turn, and which a key shares with all others) and ``v_head_dim``.
    """

    #: What makes queries of the states; or their latent, its norm, and queries of that.
    query: str
    query_down: str
    query_norm: str
    query_up: str
    #: What makes the latent of keys and values, and behind it what keys share; its norm; and what
    #: makes, head by head, a key and a value of it.
    down: str
    norm: str
    up: str
    #: The small number under the root of both norms, whatever the config says of the others.
    eps: float


@record(frozen=True, slots=True, kw_only=True)
class Embed:
    """Where the embeddings lie, paths from the base model, and what becomes of them.

    The same as ``records.Embeddings``, which says what each part means.
    """

    #: Where the words' table may lie: the first of these that the file has.
    words: tuple[str, ...]
    positions: Where = ""
    offset: int = 0
    counted: Literal["order", "ids", "mask"] = "order"
    #: The padding token where the config's does not count.
    padding: int | None = None
    #: Whether positions are sines and cosines, which the file need not have, and as whose code
    #: makes them: the paper's in float64 and then rounded, CTRL's in float32, fairseq's in float32,
    #: slower by one pair and with no vector at the padding's place.
    sinusoids: Literal["", "paper", "ctrl", "fairseq"] = ""
    types: Where = ""
    #: Whether the table of segments is that of the words, scaled as they are, and used only where
    #: segments are told.
    types_are_words: bool = False
    #: The table of tasks, whose first every token of a plain text has.
    tasks: Where = ""
    #: √D, in float32 or as exact as the rest; ``scale_if`` is the config's flag that says whether.
    scale: Literal["", "root", "float32 root"] = ""
    scale_if: str = ""
    #: The config's name of the number that words are multiplied by instead.
    multiplier: str = ""
    norm: Where = ""
    normed: Literal["sum", "words"] = "sum"
    projection: str = ""
    projected: Literal["words", "sum", "norm"] = "norm"
    #: The config's name of the width of the words: where it is D, nothing is projected.
    width: str = ""
    padding_is_zero: bool = False
    #: The config's flag that says whether masked tokens count as dropped out.
    dropped_if: str = ""


@record(frozen=True, slots=True, kw_only=True)
class Mixture:
    """A router and its experts: where they lie, paths from ``layer``, and what the router does.

    What lies in several ways, older files' and newer ones', is what a file has the first of.
    ``records.Router`` says what the numbers mean.
    """

    router: tuple[str, ...] = ("mlp.gate",)
    #: Tensors of all experts together: gates above ups, and downs, (E, 2·I, D) and (E, D, I); or,
    #: ``turned``, (E, D, 2·I), gates and ups by turns, and (E, I, D), with biases of their own.
    together: tuple[tuple[str, str], ...] = (("mlp.experts.gate_up_proj", "mlp.experts.down_proj"),)
    turned: bool = False
    #: Modules of one expert, ``{e}`` its number: gate, up, down.
    apart: tuple[tuple[str, str, str], ...] = ()
    kind: Literal["softmax", "chosen", "sigmoid", "sparse"]
    #: The config's names of how many experts there are and how many each token goes through, of
    #: the flag that says whether shares are divided by their sum, where it is not so in any case,
    #: and of what they are multiplied by.
    count: str = "num_local_experts"
    chosen: str = "num_experts_per_tok"
    normalised: bool | str = False
    scale: str = ""
    #: The tensor of what is added for the choice alone; the config's names of how many groups
    #: there are and how many are chosen from, by so many of their best; the config's key that says
    #: whether there are groups, its value where there are none, and where there are; and the
    #: config's name of how far below the best is far.
    correction: str = ""
    groups: tuple[str, str] | None = None
    best_of_group: int = 2
    grouped: tuple[str, str, str] | None = None
    tolerance: str = ""
    #: The expert that every token goes through, and what says how much it counts.
    shared: tuple[str, str, str] | None = None
    shared_share: str = ""
    #: Whether the gate is gpt-oss's, in place of an activation.
    bounded: bool = False
    #: Which layers have no experts: as many of the first as this says, those of a list, and all
    #: but every so manieth; the config's names.
    plain_first: str = ""
    plain: str = ""
    every: str = ""

    def within(self, config: Any, layer: int) -> bool:
        """Say whether a layer has experts."""
        first = int(getattr(config, self.plain_first)) if self.plain_first else 0
        plain = (getattr(config, self.plain) if self.plain else None) or ()
        every = int(getattr(config, self.every)) if self.every else 1
        return layer >= first and layer not in plain and (layer + 1) % every == 0


@record(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where the feed-forward lies and which norms stand around it, paths from ``layer``."""

    #: Where it differs from the attention's.
    layer: str = ""
    up: Where = ""
    gate: Where = ""
    #: One projection for both, the gate first.
    fused: str = ""
    down: str = ""
    #: The config's name of the activation, or ``fixed``, the activation itself, where the config
    #: does not choose it or chooses it by a name of its own.
    activation: str = "hidden_act"
    fixed: Where = ""
    #: Where an activation keeps what it has learned, where the config's is one that learns.
    learned: str = ""
    #: A router and its experts, in place of all that in the layers that have them.
    mixture: Mixture | None = None
    before: Where = ""
    inside: Where = ""
    after: Where = ""

    def has_fixed(self, config: Any) -> bool:
        """Say whether the activation is the same whatever the config calls it."""
        return bool(found(self.fixed, config))

    def activates(self, config: Any) -> str:
        """Return the name of the activation under a config."""
        return found(self.fixed, config) or str(getattr(config, self.activation))


@record(frozen=True, slots=True, kw_only=True)
class Adapters:
    """Small feed-forwards of which a checkpoint uses one, between a block's sum and its last norm.

    The same as ``records.Adapter``; paths from the layer, those of its projections from there.
    """

    #: Where they lie, and the config's name of the one that is used.
    path: str
    chosen: str
    up: str
    down: str
    norm: Where = ""
    #: The config's flag for a residual that has been through the norm.
    residual_is_normed: str


@record(frozen=True, slots=True, kw_only=True)
class WordHead:
    """Where the head for words lies, by the names of the file."""

    #: Which ``architectures`` of a config have it.
    architecture: str
    kind: Literal["causal", "masked", "seq2seq"]
    #: A projection, an activation and a norm of its own, in this order.
    transform: Where = ""
    activation: str = "hidden_act"
    fixed: str = ""
    norm: Where = ""
    #: The words' own table, where they do not share that of the embeddings.
    words: tuple[str, ...] = ()
    #: Whether they have one even where the config says that words share theirs.
    never_tied: bool = False
    #: The bias of each word: the first of these that the file has, and the last where words share
    #: nothing with the embeddings.
    bias: tuple[str, ...] = ()
    #: The config's flag that says whether there is one, where checkpoints differ.
    bias_if: str = ""
    #: The config's flag that says whether states are multiplied by D^-½.
    scale_if: str = ""
    #: The config's name of the number that logits are multiplied by, or of that which divides them.
    multiplier: str = ""
    divisor: str = ""
    softcap: str = ""


def causal_head(architecture: str, **parts: Any) -> WordHead:
    """Return a decoder's head for words: the words' own table, or one beside it."""
    return WordHead(architecture=architecture, kind="causal", **{"words": ("lm_head",)} | parts)


@record(frozen=True, slots=True, kw_only=True)
class Body:
    """One stack around its attention."""

    embeddings: Embed
    feed_forward: Feed
    #: Whether attention and feed-forward read the same, or under which config values they do.
    parallel: bool | Mapping[str, object] = False
    #: The config's flag for a residual stream that has been through the norm.
    residual_is_normed: str = ""
    #: The config's name of the number that what a sub-layer gives is multiplied by before it is
    #: added; for blocks whose sub-layers follow one another.
    residual_multiplier: str = ""
    adapters: Adapters | None = None
    final_norm: Where = ""
    #: Back to the width of the words, where that is another.
    projection: str = ""
    #: DeBERTa's convolution behind the first block, where the config has a kernel.
    convolution: str = ""
