"""One layer's attention turned into a few sums a head, on the device where it is.

Every statistic but the entropy is linear in the attention: Σ_ij A_ij·w_ij with w_ij = |i − j|, or 1
where j is the token before i, and so on. So one product of all heads' matrices with all patterns w
gives all of them. The expectation under a permutation of the content keys is linear as well: where
the keys in V_i change places among each other, each of them gets the mean weight of V_i, and
Σ_j∈V A_ij·w_ij becomes Σ_j∈V A_ij·mean_{V_i}(w_i). It is one more pattern.

The twins ``…_moved`` read the shares of A_ij·‖v_j·Wo‖ (Kobayashi et al. 2020, "Attention is Not
Only a Weight") in place of A_ij.
"""

from __future__ import annotations

import torch

from inspector.record import record
from inspector.records import TARGETS, Batch
from inspector.records.targets import fixed, relative, same_word

#: The linear statistics, in the order of the patterns.
PATTERNS = ("distance", *TARGETS)
#: All statistics of one reading of the attention, in the order of the sums.
STATISTICS = ("entropy_bits", *PATTERNS)

#: Entries of the patterns of a batch that exist at once: longer texts are gone over in blocks of
#: queries, so that they need no more than a few times the attention itself.
_ENTRIES = 2**24


@record(frozen=True, slots=True)
class Places:
    """A batch on the device, with what the patterns are made from."""

    #: (B, T) 1 at the tokens of the text.
    content: torch.Tensor
    #: (B, T) word numbers, −1 for none.
    words: torch.Tensor
    #: (B,) the place of the last special token but the first token, −1 for none.
    separator: torch.Tensor

    @classmethod
    def of(cls, batch: Batch, device: torch.device) -> Places:
        """Put what a batch says of its tokens onto a device."""
        special = torch.from_numpy(batch.real & ~batch.content)
        special[:, 0] = False
        numbered = torch.where(special, torch.arange(special.shape[1]), -1)
        return cls(
            content=torch.from_numpy(batch.content).to(device),
            words=torch.from_numpy(batch.words).to(device),
            separator=numbered.max(dim=1).values.to(device),
        )

    def blocks(self) -> list[slice]:
        """Part the queries so that the patterns of a part are not too large."""
        sentences, tokens = self.content.shape
        step = max(1, _ENTRIES // (sentences * tokens * 2 * len(PATTERNS)))
        return [slice(first, first + step) for first in range(0, tokens, step)]

    def patterns(self, visible: torch.Tensor, rows: slice) -> torch.Tensor:
        """Return the weights w and what they are under a permutation, (B, 2·P, R, T) float32.

        ``visible`` is (B or 1, T, T), True where a query may attend to a key; the R queries are
        ``rows``. What stands at queries that are no content is 0.
        """
        places = torch.arange(self.content.shape[1], device=self.content.device)
        query, key = places[rows, None], places[None, :]
        mine = self.words[:, rows, None]
        shape = (len(self.content), len(query), len(places))
        targets = relative(query, key) | fixed(key, self.separator[:, None, None])
        targets["same_word"] = same_word(query, key, mine, self.words[:, None, :])
        plain = [(query - key).abs(), *(targets[name] for name in TARGETS)]
        weights = torch.stack([one.expand(shape).float() for one in plain], dim=1)
        movable = (visible[:, rows] & self.content[:, None, :]).float()[:, None]
        share = movable / movable.sum(dim=-1, keepdim=True).clamp_min(1)
        mean = (weights * share).sum(dim=-1, keepdim=True)
        permuted = torch.where(movable > 0, mean, weights)
        asked = self.content[:, None, rows, None]
        return torch.cat([weights, permuted], dim=1) * asked


def layer_sums(
    attention: torch.Tensor,
    lengths: torch.Tensor | None,
    places: Places,
    visible: torch.Tensor,
    cache: dict[int, torch.Tensor],
    *,
    sink: bool = False,
) -> torch.Tensor:
    """Sum every statistic over a sentence's content queries: (B, M, H, 1 + 2·P) float32.

    M is 1, or 2 where ``lengths``, ‖v·Wo‖ of every key, (B, H, T), are there: the second reading is
    ``…_moved``. The last axis holds the entropy in bits, the patterns, and the patterns permuted.

    ``cache`` keeps the patterns for layers that have the same ``visible``. Where a ``sink`` was
    dropped, what a row lacks to 1 counts as one more key in its entropy.
    """
    blocks = places.blocks()
    if len(blocks) == 1:
        if id(visible) not in cache:
            cache[id(visible)] = places.patterns(visible, blocks[0])
        return _block_sums(attention, lengths, places.content, cache[id(visible)], sink=sink)
    parts = [
        _block_sums(
            attention[:, :, rows],
            lengths,
            places.content[:, rows],
            places.patterns(visible, rows),
            sink=sink,
        )
        for rows in blocks
    ]
    return torch.stack(parts).sum(dim=0)


def _block_sums(
    attention: torch.Tensor,
    lengths: torch.Tensor | None,
    asked: torch.Tensor,
    patterns: torch.Tensor,
    *,
    sink: bool,
) -> torch.Tensor:
    sentences, heads, rows, keys = attention.shape
    readings = 1 if lengths is None else 2
    shares = attention.new_empty((sentences, readings, heads, rows, keys), dtype=torch.float32)
    shares[:, 0] = attention
    tiny = torch.finfo(torch.float32).tiny
    if lengths is not None:
        moved = shares[:, 1]
        torch.mul(shares[:, 0], lengths[:, :, None, :], out=moved)
        moved /= moved.sum(dim=-1, keepdim=True).clamp_min(tiny)
    linear = torch.bmm(
        shares.view(sentences, readings * heads, rows * keys),
        patterns.reshape(sentences, -1, rows * keys).transpose(1, 2),
    )
    # At 0 the product is 0 whatever stands in for the logarithm, as the limit has it.
    logarithms = shares.clamp_min(tiny).log2_().mul_(shares).sum(dim=-1)
    if sink:
        lacking = (1 - shares[:, 0].sum(dim=-1)).clamp_min(tiny)
        logarithms[:, 0] += lacking.log2().mul_(lacking)
    entropy = -torch.bmm(
        logarithms.view(sentences, readings * heads, rows), asked.float()[:, :, None]
    )
    sums = torch.cat([entropy, linear], dim=-1)
    return sums.view(sentences, readings, heads, -1)
