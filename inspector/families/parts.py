"""What a row says of a model around its attention: embeddings, feed-forward, norms, head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Only:
    """A module that is there only where the config says so."""

    path: str
    when: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of several values of the config, the first of them where it says nothing."""

    values: tuple[object, ...]

    def __str__(self) -> str:
        """Say the values as a refusal does."""
        return " or ".join(map(repr, self.values))


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
    #: Whether positions are sines and cosines, which the file need not have.
    sinusoids: bool = False
    types: Where = ""
    #: Whether the table of segments is that of the words, and used only where segments are told.
    types_are_words: bool = False
    #: The table of tasks, whose first every token of a plain text has.
    tasks: Where = ""
    #: √D, in float32 or as exact as the rest; ``scale_if`` is the config's flag that says whether.
    scale: Literal["", "root", "float32 root"] = ""
    scale_if: str = ""
    norm: Where = ""
    projection: str = ""
    projected: Literal["words", "sum", "norm"] = "norm"
    #: The config's name of the width of the words: where it is D, nothing is projected.
    width: str = ""
    padding_is_zero: bool = False
    #: The config's flag that says whether masked tokens count as dropped out.
    dropped_if: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where the feed-forward lies and which norms stand around it, paths from ``layer``."""

    #: Where it differs from the attention's.
    layer: str = ""
    up: Where = ""
    gate: Where = ""
    #: One projection for both, the gate first.
    fused: str = ""
    down: str = ""
    #: The config's name of the activation, or ``fixed``, the activation itself.
    activation: str = "hidden_act"
    fixed: str = ""
    #: A router and its experts, in place of all that.
    router: str = ""
    experts: str = ""
    before: Where = ""
    inside: Where = ""
    after: Where = ""


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
    #: The bias of each word: the first of these that the file has.
    bias: tuple[str, ...] = ()
    #: The config's flag that says whether there is one, where checkpoints differ.
    bias_if: str = ""
    #: The config's flag that says whether states are multiplied by D^-½.
    scale_if: str = ""
    softcap: str = ""


def causal_head(architecture: str, **parts: Any) -> WordHead:
    """Return a decoder's head for words: the words' own table, or one beside it."""
    return WordHead(architecture=architecture, kind="causal", **{"words": ("lm_head",)} | parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One stack around its attention."""

    embeddings: Embed
    feed_forward: Feed
    #: Whether attention and feed-forward read the same, or under which config values they do.
    parallel: bool | Mapping[str, object] = False
    #: The config's flag for a residual stream that has been through the norm.
    residual_is_normed: str = ""
    adapters: Adapters | None = None
    final_norm: Where = ""
    #: Back to the width of the words, where that is another.
    projection: str = ""
    #: DeBERTa's convolution behind the first block, where the config has a kernel.
    convolution: str = ""
