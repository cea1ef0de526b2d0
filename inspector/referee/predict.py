"""What the model says of the words: the softmax of its logits, read where it matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from inspector.checkpoint.pieces import read_entry
from inspector.records import Candidate, Guess, Predictions, Text
from inspector.referee.lm_head import Kind

#: How many entries of the vocabulary are named for one place.
_NAMED = 5


def predict(logits: torch.Tensor, text: Text, tokenizer: Any, kind: Kind) -> Predictions:
    """Read the predictions off the logits of the only text of a batch, (1, T, vocabulary).

    The softmax is taken in float64, a row at a time: all rows at once would be as large as the
    logits twice over.
    """
    ids = text.ids.tolist()
    probabilities = np.full(len(ids), np.nan)
    masks = [place for place, token in enumerate(ids) if token == tokenizer.mask_token_id]
    guessed = {len(ids) - 1} if kind == "causal" else set(masks)
    guesses = []
    for place, row in enumerate(logits[0].cpu()):
        shares = torch.softmax(row.double(), dim=0)
        # A causal model's row says what comes after its place.
        judged = place + (kind == "causal")
        if judged < len(ids) and judged not in masks:
            probabilities[judged] = float(shares[ids[judged]])
        if place in guessed:
            guesses.append(Guess(judged, _likeliest(shares, tokenizer)))
    return Predictions(kind, probabilities, tuple(guesses))


def _likeliest(shares: torch.Tensor, tokenizer: Any) -> tuple[Candidate, ...]:
    found = torch.topk(shares, min(_NAMED, len(shares)))
    return tuple(
        Candidate(entry, _read(entry, tokenizer), share)
        for entry, share in zip(found.indices.tolist(), found.values.tolist(), strict=True)
    )


def _read(entry: int, tokenizer: Any) -> str:
    (piece,) = tokenizer.convert_ids_to_tokens([entry])
    return read_entry(piece or "", tokenizer.decode([entry]))
