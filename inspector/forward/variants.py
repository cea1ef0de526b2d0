"""Many changed passes of one text: what is untouched is not run again, the rest side by side.

A pass that is changed at a layer enters there, with what entered that layer untouched; all that are
on their way go through a block together, one text below another. So weights are read once for
many texts, and the products are as large as those of one long text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace

import numpy as np

from inspector.forward.block import Around, run_block
from inspector.forward.edits import begins, refuse_unknown
from inspector.forward.head import word_logits
from inspector.forward.model import finish
from inspector.parallel import Workers
from inspector.record import record
from inspector.records import (
    Array,
    Checkpoint,
    Edit,
    Experts,
    Model,
    SiteName,
    Stack,
    Trace,
)

#: Rows of states that go through a block at a time, and attention weights or logits.
_ROWS = 4096
_NUMBERS = 1 << 24


@record(frozen=True, slots=True)
class Outcome:
    """What some of the changed passes end with."""

    #: Which of the variants these are, B of them.
    which: tuple[int, ...]
    #: (B, R, D) the states behind the last norm, at the rows that were asked for.
    final: Array
    #: (B, R, V) the logits of the head for words there; None without a head.
    logits: Array | None


@record(frozen=True, slots=True)
class _Entering:
    """A changed pass before it is run."""

    which: int
    edits: tuple[Edit, ...]
    #: In which stack, 0 or 1, and at which layer it is changed first.
    begins: tuple[int, int]


def run_variants(
    checkpoint: Checkpoint,
    trace: Trace,
    variants: Sequence[Sequence[Edit]],
    *,
    rows: Sequence[int] | None = None,
) -> Iterator[Outcome]:
    """Run a text once more for each of several sets of edits, in no particular order.

    Parameters
    ----------
    trace:
        The untouched pass of our own forward, with its layers.
    rows:
        At which places of the text, of an encoder–decoder of its target, the end is wanted; None
        for all.

    Raises
    ------
    ValueError
        When an edit names a layer, a head or a token that there is none of, or when the trace is
        not of our own forward, or has padding.
    """
    model = checkpoint.model
    if model is None or not trace.computed or trace.present is not None:
        raise ValueError("changed passes begin with a pass of our own forward, without padding")
    for edits in variants:
        refuse_unknown(model, edits, trace.text, trace.target)
    own: SiteName = "self" if model.decoder is None else "encoder"
    entering = [
        _Entering(which, tuple(edits), min((begins(edit, own) for edit in edits), default=(0, 0)))
        for which, edits in enumerate(variants)
    ]
    entering.sort(key=lambda one: one.begins)
    for some in _parted(entering, model, trace, rows):
        yield _run(model, trace, some, rows)


def multiplications(checkpoint: Checkpoint, trace: Trace, rows: Sequence[int] | None) -> float:
    """Return about how many multiplications a whole pass of a text takes, its end at ``rows``.

    Every weight of a block meets every token once; what tokens do with each other comes on top
    only in long texts, which are not run many times.

    Raises
    ------
    ValueError
        When our own forward does not run the model.
    """
    model = checkpoint.model
    if model is None:
        raise ValueError("only our own forward's work is known")
    stacks = [(model.stack, len(trace.text))]
    if model.decoder is not None and trace.target is not None:
        stacks.append((model.decoder, len(trace.target)))
    blocks = sum(len(of.blocks) * _weights(of.blocks[-1]) * tokens for of, tokens in stacks)
    ends = stacks[-1][1] if rows is None else len(rows)
    return blocks + (0 if model.head is None else ends * model.head.words.size)


def _weights(record: object) -> float:
    """Count the numbers in a record's arrays; of experts those that a token goes through."""
    if isinstance(record, np.ndarray):
        return record.size
    if not is_dataclass(record) or isinstance(record, type):
        return 0
    own = sum(_weights(getattr(record, field.name)) for field in fields(record))
    return own + (
        record.router.chosen * _weights(record.each[0]) if isinstance(record, Experts) else 0
    )


def _parted(
    entering: list[_Entering], model: Model, trace: Trace, rows: Sequence[int] | None
) -> Iterator[list[_Entering]]:
    """Part the passes into as many at a time as memory and cache hold."""
    ends = len(trace.target or trace.text) if rows is None else len(rows)
    numbers = max(
        *(layer.attention.size for layer in trace.layers),
        0 if model.head is None else ends * len(model.head.words),
    )
    together = max(1, min(_ROWS // trace.longest, _NUMBERS // max(1, numbers)))
    for first in range(0, len(entering), together):
        yield entering[first : first + together]


def _run(
    model: Model, trace: Trace, entering: list[_Entering], rows: Sequence[int] | None
) -> Outcome:
    count = len(entering)
    with Workers(count * trace.longest) as workers:
        if model.decoder is None:
            stack, end = model.stack, Around("self", workers)
            states = _climb(stack, trace, entering, end)
        else:
            stack = model.decoder
            encoded = _encoded(model, trace, entering, workers)
            entered = [replace(one, begins=(1, _in_decoder(one))) for one in entering]
            end = Around("decoder", workers, encoder_states=encoded)
            states = _climb(stack, trace, entered, end)
        by_text = states.reshape(count, -1, states.shape[1])
        if rows is not None:
            by_text = by_text[:, list(rows)]
        final = finish(by_text.reshape(-1, states.shape[1]), stack, workers)
        logits = None if model.head is None else word_logits(final, model.head, workers)
    return Outcome(
        tuple(one.which for one in entering),
        final.reshape(count, -1, final.shape[1]),
        None if logits is None else logits.reshape(count, -1, logits.shape[1]),
    )


def _in_decoder(one: _Entering) -> int:
    """Return at which of the decoder's layers a pass is changed first."""
    stack, layer = one.begins
    return layer if stack == 1 else 0


def _encoded(model: Model, trace: Trace, entering: list[_Entering], workers: Workers) -> Array:
    """Return what every pass's decoder is given, (B·S, D): the same where none of it is changed."""
    untouched = trace.layers[trace.indices("cross")[0]].key_states
    if untouched is None:
        raise ValueError("the trace does not have what its encoder gave")
    changed = [one for one in entering if one.begins[0] == 0]
    states = np.tile(untouched, (len(entering), 1))
    if changed:
        # They stand first: the passes are in the order in which they are changed.
        end = _climb(model.stack, trace, changed, Around("encoder", workers))
        states[: len(end)] = finish(end, model.stack, workers)
    return states


def _climb(stack: Stack, trace: Trace, entering: list[_Entering], around: Around) -> Array:
    """Return the states behind the last block of all passes, (B·T, D).

    They are in the order of the layers at which they enter.
    """
    inputs = [trace.layers[at].hidden for at in trace.indices(around.site)]
    states = np.empty((0, inputs[0].shape[1]), dtype=inputs[0].dtype)
    source = around.encoder_states
    there = 0
    for layer in range(entering[0].begins[1], len(stack.blocks)):
        joining = sum(one.begins[1] == layer for one in entering)
        states = np.concatenate([states, np.tile(inputs[layer], (joining, 1))])
        there += joining
        now = replace(
            around,
            edits=tuple(one.edits for one in entering[:there]),
            encoder_states=None
            if source is None
            else source[: len(source) // len(entering) * there],
        )
        states, _ = run_block(states, stack.blocks[layer], layer, now)
    return states
