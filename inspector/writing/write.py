"""A text written on by our own forward, and by the real model to prove it."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from inspector.errors import InputError, ModelError
from inspector.records import Checkpoint, Text, Trace
from inspector.records.generation import Generation, Writing
from inspector.verify.written import verify_written
from inspector.writing.edges import read_edges, refuse_padding, refuse_window
from inspector.writing.generate import Choice, generate
from inspector.writing.letters import Vocabulary, written_on

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel


def refuse_impossible(asked: Writing | Generation, pair: str | None = None) -> None:
    """Refuse numbers with which nothing can be written, and two texts to write behind.

    Raises
    ------
    InputError
        With the option's name.
    """
    if isinstance(asked, Generation):
        asked = asked.asked
    temperature, top_k = asked.temperature, asked.top_k
    if pair is not None:
        raise InputError("A pair of texts is not written on.", "Leave the second text out.")
    if asked.tokens < 1:
        raise InputError(
            f"--generate {asked.tokens} writes nothing.", "Give a number of tokens from 1 on."
        )
    if temperature is not None and not (temperature > 0 and math.isfinite(temperature)):
        raise InputError(
            f"--temperature {temperature} is none: it is a number above 0.",
            "Give one, such as 0.7, or leave it out for the likeliest token each time.",
        )
    if top_k is not None and top_k < 1:
        raise InputError(
            f"--top-k {top_k} leaves no token to draw.", "Give a number of tokens from 1 on."
        )
    if asked.seed < 0:
        raise InputError(f"--seed {asked.seed} is below 0.", "Give a whole number from 0 on.")


def refuse_cannot_write(checkpoint: Checkpoint) -> None:
    """Refuse to write on with a model that writes no text.

    Raises
    ------
    InputError
        When it has no head for words, or one that fills masks, or when it reads both ways.
    ModelError
        When our own forward cannot run it.
    """
    if checkpoint.model is None:
        reason = checkpoint.no_rebuild or checkpoint.no_forward
        raise ModelError(
            f"{checkpoint.title} cannot be asked to write: {reason}.",
            "Choose a model of a family that is rebuilt; `inspect models` lists them.",
        )
    head = checkpoint.model.head
    if head is None or head.kind == "masked":
        raise InputError(
            f"{checkpoint.title} writes no text: it has no head that says which word comes next.",
            "Choose a decoder or an encoder–decoder with --model, or leave --generate out.",
        )
    if head.kind == "causal" and not all(one.config.causal for one in checkpoint.attention or ()):
        raise InputError(
            f"{checkpoint.title} writes no text: its words attend to those behind them too.",
            "Choose a decoder with --model, such as one whose config.json says is_decoder.",
        )


def write_on(
    checkpoint: Checkpoint,
    vocabulary: Vocabulary,
    text: Text,
    target: Text | None,
    asked: Writing | Generation,
) -> tuple[tuple[Text, Text | None], Generation]:
    """Return text and target with what the model writes behind the last of them.

    What was written before is taken as it is, where it was behind the same tokens.

    Raises
    ------
    InputError
        When the text fills the model's window before all is written.
    ModelError
        When there is a padding token in it that makes the places behind it uncertain.
    """
    begun = text if target is None else target
    known = asked if isinstance(asked, Generation) else None
    wanted = asked.asked if isinstance(asked, Generation) else asked
    what = "text" if target is None else "target"
    refuse_window(begun, what, wanted.tokens, checkpoint.window)
    refuse_padding(begun, checkpoint)
    alike = partial(_same, checkpoint)
    if known is None or not (alike(known.text, text) and alike(known.target, target)):
        ends = read_edges(checkpoint).ends
        known = generate(checkpoint, text, target, wanted, ends=ends, read=vocabulary.read)
    whole = written_on(vocabulary, begun, [token.id for token in known.tokens])
    return (whole, None) if target is None else (text, whole), known


def prove_written(model: LoadedModel, trace: Trace, generation: Generation) -> Generation:
    """Let the real model write the same text, and return what was written with its verdict.

    ``trace`` is the real model's own pass of the whole text. What was drawn is drawn once more
    from the real model's probabilities, with the same seed.

    Raises
    ------
    ModelError
        When the real model fails.
    MachineError
        When memory runs out.
    """
    from inspector.referee.answers.writing import Writer

    writer = Writer(model)
    logits = trace.logits
    if logits is None:
        logits = writer.logits(trace.text, trace.target)
    first = len(generation.begun) - 1
    rows = logits[first : first + len(generation.tokens)]
    if generation.asked.greedy:
        theirs = writer.write(
            generation.text,
            generation.target,
            generation.asked.tokens,
            read_edges(model.checkpoint).ends,
        )
    else:
        choose = Choice(generation.asked)
        theirs = [choose(row) for row in rows]
    return verify_written(generation, theirs, rows)


def _same(checkpoint: Checkpoint, one: Text | None, other: Text | None) -> bool:
    """Say whether a model reads the same of two texts."""
    if one is None or other is None:
        return one is other
    types = [None if of.token_types is None else of.token_types.tolist() for of in (one, other)]
    # Some tokenizers tell every model of segments, most of which know nothing of any.
    untold = checkpoint.model is None or checkpoint.model.stack.embeddings.types is None
    return np.array_equal(one.ids, other.ids) and (untold or types[0] == types[1])
