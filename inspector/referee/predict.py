"""What the real model says of the words, off its own logits."""

from __future__ import annotations

from typing import Any

import torch

from inspector.checkpoint.pieces import read_entry
from inspector.forward.predictions import read_predictions
from inspector.records import Predictions, Text
from inspector.referee.lm_head import Kind
from inspector.referee.tokenizing import decode


def predict(logits: torch.Tensor, text: Text, tokenizer: Any, kind: Kind) -> Predictions:
    """Read the predictions off the logits of the only text of a batch, (1, T, vocabulary)."""

    def read(entry: int) -> str:
        (piece,) = tokenizer.convert_ids_to_tokens([entry])
        return read_entry(piece or "", decode(tokenizer, entry))

    rows = logits[0].cpu().numpy()
    return read_predictions(rows, text, kind, mask=tokenizer.mask_token_id, read=read)
