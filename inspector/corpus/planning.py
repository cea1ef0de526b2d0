"""The plan: which sentences make a shard, and which of a shard run together.

It follows from the input alone, never from how the work is shared out, so that every engine does
the same sums in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from inspector.corpus.reading import Sentence
from inspector.record import record
from inspector.records import Text

#: Sentences of a shard: what an interruption can cost.
SHARD = 1024
#: Tokens of a batch, padding included. More leave the cache: on two cores 1,024 were the fastest.
BATCH_TOKENS = 1024


@record(frozen=True, slots=True)
class Shard:
    """The sentences between two points at which the work can be taken up again."""

    index: int
    sentences: tuple[Sentence, ...]


def shards(sentences: Iterable[Sentence], size: int = SHARD) -> Iterator[Shard]:
    """Part the sentences, in their order, into shards."""
    coming = iter(sentences)
    index = 0
    while part := tuple(islice(coming, size)):
        yield Shard(index, part)
        index += 1


def batches(
    encoded: dict[int, Text], tokens: int = BATCH_TOKENS
) -> Iterator[tuple[list[int], list[Text]]]:
    """Lay sentences of like length together: batches of at most ``tokens`` tokens with padding.

    ``encoded`` is keyed by the sentences' places in the shard; each batch comes with its places. A
    sentence longer than that has a batch to itself.
    """
    places: list[int] = []
    # Longest last: a batch is as wide as the sentence that joins it.
    for place in sorted(encoded, key=lambda at: (len(encoded[at]), at)):
        if places and (len(places) + 1) * len(encoded[place]) > tokens:
            yield places, [encoded[at] for at in places]
            places = []
        places.append(place)
    if places:
        yield places, [encoded[at] for at in places]
