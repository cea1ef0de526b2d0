"""What becomes of an answer, in torch: the oracle of every effect."""

from __future__ import annotations

import math

import torch
from edited_models import Hooked
from torch.nn.functional import cosine_similarity, kl_div, log_softmax

from inspector.records.effects import Effect


def expected(
    before: Hooked, after: Hooked, rows: list[int], entry: int | None, against: int | None
) -> Effect:
    """What became of an answer in words, in torch."""
    assert before.logits is not None and after.logits is not None
    one, other = (torch.from_numpy(run.logits[rows]).double() for run in (before, after))
    p, q = log_softmax(one, dim=-1), log_softmax(other, dim=-1)
    bits = kl_div(q, p, reduction="none", log_target=True).sum(dim=-1).mean() / math.log(2)
    entries = p.argmax(dim=-1) if entry is None else torch.full((len(rows),), entry)
    at = (torch.arange(len(rows)), entries)
    drop = (p[at].exp() - q[at].exp()).mean()
    fell = None
    if against is not None:
        fell = float(((one[at] - one[:, against]) - (other[at] - other[:, against])).mean())
    return Effect(float(bits), float(drop), fell)


def shifted(before: Hooked, after: Hooked, pooling: str) -> float:
    """How far an embedding turned, in torch."""
    pooled = {"mean": lambda x: x.mean(0), "cls": lambda x: x[0], "max": lambda x: x.amax(0)}
    one, other = (pooled[pooling](torch.from_numpy(run.final).double()) for run in (before, after))
    return 1 - float(cosine_similarity(one, other, dim=0))
