"""Induction: whether a head finds what came after the last time this token was there.

Olsson et al. 2022, "In-context Learning and Induction Heads": random tokens are read twice in a
row. In the second half every token stood n places before, and a head that copies attends to the one
after that place. No word of a language helps it there, so this is no statistic of the corpus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inspector.corpus.bootstrap import draws
from inspector.corpus.sums import Sums
from inspector.records import Array, Float64, Text, Token, pad

if TYPE_CHECKING:
    from inspector.referee.loading import LoadedModel

NAME = "induction"
#: Texts that are read, and tokens of each before they are repeated.
TEXTS, HALF = 16, 32
#: Stands for the file in the keys of the random texts: no corpus has as many.
_FILE = 1 << 22


def measure_induction(
    loaded: LoadedModel, *, seed: int, replicates: int
) -> tuple[Sums, Float64] | None:
    """Return the mean mass on the token to be copied, and its null, (N, H, 1).

    The null is the mean mass on any token of the text that the query may attend to. None where the
    model is not causal: others see the answer itself.

    Raises
    ------
    MachineError
        When memory runs out.
    """
    from inspector.referee.streaming import Stream

    known = loaded.checkpoint.attention
    if known is None or not all(layer.config.causal for layer in known):
        return None
    before = _prefix(loaded.tokenizer)
    limit = loaded.checkpoint.window
    half = HALF if limit is None else min(HALF, (limit - len(before)) // 2)
    texts = repeated(_vocabulary(loaded.tokenizer, loaded.model.config), half, seed)
    stream = Stream(loaded)
    sentences = [_text(before, text) for text in texts]
    found: list[tuple[Float64, Float64]] = []
    stream.read(
        pad(sentences, stream.padding),
        lambda _layer, attention: found.append(_masses(attention, len(before), half)),
    )
    weights = draws([_FILE << 40 | row for row in range(TEXTS)], seed, replicates)
    # (TEXTS, N, H, 1)
    values, nulls = (np.stack(parts, axis=1)[..., None] for parts in zip(*found, strict=True))
    counts = np.full((TEXTS, 1, 1, 1), float(half))
    sums = Sums.weighted((NAME,), weights, values, counts)
    return sums, Sums.weighted((NAME,), weights[:1], nulls, counts).means


def repeated(vocabulary: np.ndarray, half: int, seed: int) -> np.ndarray:
    """Return (TEXTS, 2·half) random tokens, the second half of each like its first."""
    raw = np.random.Philox(key=np.array([seed, _FILE << 40], dtype=np.uint64)).random_raw(
        TEXTS * half
    )
    first = vocabulary[(raw % np.uint64(len(vocabulary))).astype(np.int64)].reshape(TEXTS, half)
    return np.concatenate([first, first], axis=1)


def _masses(attention: Array, before: int, half: int) -> tuple[Float64, Float64]:
    """Return (B, H) sums over the second half: mass on the token to be copied, and on any."""
    queries = before + half + np.arange(half)
    rows = attention[:, :, queries].astype(np.float64)
    hit = rows[:, :, np.arange(half), queries - half + 1].sum(axis=-1)
    heard = np.maximum(1, (attention[:, :1, queries, before:] > 0).sum(axis=-1))
    return hit, (rows[..., before:].sum(axis=-1) / heard).sum(axis=-1)


def _text(before: list[int], text: np.ndarray) -> Text:
    return Text.of(
        tuple(
            Token(int(entry), "", None, at < len(before), 0, None)
            for at, entry in enumerate([*before, *text])
        ),
        "",
    )


def _prefix(tokenizer: Any) -> list[int]:
    """Return the special tokens that the tokenizer puts before a text."""
    from inspector.referee.tokenizing import run_tokenizer

    encoded = run_tokenizer(tokenizer, "a", return_special_tokens_mask=True)
    flags = [*encoded["special_tokens_mask"], 0]
    return [int(one) for one in encoded["input_ids"][: flags.index(0)]]


def _vocabulary(tokenizer: Any, config: Any) -> np.ndarray:
    size = min(len(tokenizer), int(config.vocab_size))
    return np.setdiff1d(np.arange(size), tokenizer.all_special_ids)
