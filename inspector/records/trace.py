"""One pass of one text through a model: the real one's, or our own forward."""

from __future__ import annotations

from inspector.record import record
from inspector.records.embedding import Embedding, Similarity
from inspector.records.predictions import Predictions
from inspector.records.rebuild import RebuiltLayer
from inspector.records.shapes import Array, Mask, SiteName
from inspector.records.text import Text


@record(frozen=True, slots=True)
class CapturedAttention:
    """What one layer's attention function was given by the model, and what it gave back.

    These are the model's own numbers: nothing of how it came by them is proved.
    """

    #: (H, T, d), (KV, S, d), (KV, S, e)
    query: Array
    key: Array
    value: Array
    #: What q·k is multiplied by, and what caps the product; None for no cap.
    scale: float
    softcap: float | None
    #: (H or 1, T, S) what is added to the scores: positions, and −3.4e38 where a key is masked.
    bias: Array | None
    #: (H,) scores of a key that takes its share of every row and gives nothing; None for none.
    sink: Array | None
    #: Whether that key only takes its share of what is mixed, and A is without it: its rows sum to
    #: 1, as some families have it.
    sink_outside: bool
    #: (T, H·e) A·V with the heads side by side.
    mixed: Array


@record(frozen=True, slots=True)
class TracedLayer:
    """What one attention layer of a model took in and gave out."""

    site: SiteName
    layer: int
    #: (T, D) the layer's input hidden states; in cross-attention those that enter this sub-layer.
    hidden: Array
    #: (H, T, S) the attention weights of the model that ran.
    attention: Array
    #: (T, D) the attention sub-layer's output, before dropout, residual and norm; None where
    #: the family does not declare where it is.
    output: Array | None
    #: (S, D) Y, what keys and values are made from in cross-attention: the encoder's states. None
    #: where everything is made from ``hidden``.
    key_states: Array | None = None
    #: What its attention function was given, where no row of the families says how the layer is
    #: rebuilt but the model let itself be watched.
    captured: CapturedAttention | None = None


@record(frozen=True, slots=True)
class Trace:
    """One pass of one text, or of a source and a target, through a model."""

    text: Text
    #: N layers in the order in which they ran, those of a site together.
    layers: tuple[TracedLayer, ...]
    #: What the decoder of an encoder–decoder read; None for any other model.
    target: Text | None = None
    #: (T,) False where a token of ``text`` is padding, which nobody attends to; None where none is.
    present: Mask | None = None
    #: What the model says of the text's words; None where the checkpoint has no head for words.
    predictions: Predictions | None = None
    #: The text as one vector; None where there is such a head, and for an encoder–decoder.
    embedding: Embedding | None = None
    #: How alike the texts of a pair are; None for one text, and where there is no embedding.
    similarity: Similarity | None = None
    #: The same layers with all that our own forward computed of them, query, key and value too;
    #: none where it was the real model that ran.
    computed: tuple[RebuiltLayer, ...] = ()
    #: (T, D) the states behind the last block and the last norm, of an encoder–decoder those of
    #: its decoder; None where nobody kept them.
    final: Array | None = None
    #: (T, V) the logits of the head for words; None where there is none or nobody asked.
    logits: Array | None = None

    def texts(self, site: SiteName) -> tuple[Text, Text]:
        """Return which texts a site's queries and its keys come from: its rows and columns."""
        if self.target is None or site in ("self", "encoder"):
            return self.text, self.text
        return self.target, self.target if site == "decoder" else self.text

    @property
    def sides(self) -> tuple[Text, ...]:
        """The text, and what the decoder read where there is a decoder."""
        return (self.text,) if self.target is None else (self.text, self.target)

    @property
    def sites(self) -> tuple[SiteName, ...]:
        """The sites of the trace, in the order in which their layers stand in ``layers``."""
        return tuple(dict.fromkeys(layer.site for layer in self.layers))

    def indices(self, site: SiteName) -> list[int]:
        """Return where in ``layers`` those of a site stand."""
        return [index for index, layer in enumerate(self.layers) if layer.site == site]

    @property
    def heads(self) -> int:
        """The most heads that a layer has."""
        return max(len(layer.attention) for layer in self.layers)

    @property
    def longest(self) -> int:
        """The most tokens that a layer's queries or keys have."""
        return max(int(size) for layer in self.layers for size in layer.attention.shape[1:])
