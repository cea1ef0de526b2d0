"""Which sentences run together: every one once, like beside like, whatever they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inspector.corpus.planning import batches, shards
from inspector.corpus.reading import Sentence
from inspector.records import Text, Token, pad


def of_length(size: int) -> Text:
    ends = (0, size - 1)
    return Text.of(tuple(Token(at + 7, "", at, at in ends, 0, None) for at in range(size)), "")


@given(
    lengths=st.lists(st.integers(1, 40), max_size=60),
    limit=st.integers(1, 100),
)
def test_batches_hold_every_sentence_once_and_no_more_tokens_than_said(
    lengths: list[int], limit: int
) -> None:
    encoded = {place * 3: of_length(size) for place, size in enumerate(lengths)}
    found = list(batches(encoded, limit))
    assert sorted(place for places, _ in found for place in places) == sorted(encoded)
    longest = 0
    for places, together in found:
        assert all(encoded[at] is one for at, one in zip(places, together, strict=True))
        sizes = [len(one) for one in together]
        assert sizes == sorted(sizes)
        assert sizes[0] >= longest
        longest = sizes[-1]
        assert len(sizes) == 1 or len(sizes) * longest <= limit


@given(count=st.integers(0, 30), size=st.integers(1, 9))
def test_shards_hold_the_sentences_in_their_order(count: int, size: int) -> None:
    sentences = [Sentence(0, row, f"{row}") for row in range(count)]
    found = list(shards(iter(sentences), size))
    assert [one for shard in found for one in shard.sentences] == sentences
    assert [shard.index for shard in found] == list(range(-(-count // size)))
    assert all(len(shard.sentences) == size for shard in found[:-1])


def test_padding_is_no_content() -> None:
    batch = pad([of_length(3), of_length(5)], padding=99)
    assert batch.ids.tolist() == [[7, 8, 9, 99, 99], [7, 8, 9, 10, 11]]
    assert batch.real.tolist() == [[True] * 3 + [False] * 2, [True] * 5]
    assert batch.content.tolist() == [
        [False, True, False, False, False],
        [False, True, True, True, False],
    ]
    assert batch.words.tolist() == [[0, 1, 2, -1, -1], [0, 1, 2, 3, 4]]
    assert batch.queries.tolist() == [1, 3]
