"""Changes to one pass of our own forward: a head that is silent, a word that nobody hears.

An edit is a value: it changes nothing by itself, several may be given at once, and the checkpoint
and the untouched pass stay as they are.
"""

from __future__ import annotations

from typing import Literal

from inspector.record import record
from inspector.records.shapes import Array, SiteName

#: What a silenced head gives instead of its own: nothing, or its mean over the text.
Knockout = Literal["zero", "mean"]


@record(frozen=True, slots=True)
class SilenceHead:
    """What a head gives, its A·V, is zero at every place, or what it gives on average."""

    layer: int
    head: int
    site: SiteName = "self"
    to: Knockout = "zero"


@record(frozen=True, slots=True)
class BlockToken:
    """No other place attends to a token, in any layer; in cross-attention nobody does.

    A token always hears itself.
    """

    token: int
    #: Whose token: of the text, or of what a decoder reads.
    of: Literal["text", "target"] = "text"


@record(frozen=True, slots=True)
class BlockEdge:
    """One place does not attend to one other, from one layer to another, both included.

    Geva et al. 2023, "Dissecting Recall of Factual Associations in Auto-Regressive Language
    Models": attention knockout.
    """

    query: int
    key: int
    first: int
    last: int
    site: SiteName = "self"


@record(frozen=True, slots=True)
class PatchHead:
    """What a head gives is what it gave in another pass, over a text with as many tokens."""

    layer: int
    head: int
    #: (T, d) its A·V there.
    given: Array
    site: SiteName = "self"


Edit = SilenceHead | BlockToken | BlockEdge | PatchHead
