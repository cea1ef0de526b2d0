"""A long text read as its rows go by, beside the same text with every matrix whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from family_variants import VARIANTS
from forward_models import Made, one_at_a_time
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.analysis import heads, sinks
from inspector.analysis.long_text.reading import Reading
from inspector.analysis.long_text.spans import cut_into_spans
from inspector.forward.by_rows import rows as by_rows
from inspector.forward.by_rows.model import forward_by_rows
from inspector.forward.core import repeat_heads
from inspector.forward.model import forward
from inspector.records import Rebuild, Text, Token, Trace
from inspector.records.long_text import Span

SPANS = (Span(0, 3, "a"), Span(3, 4, "b"), Span(4, 8, "c"), Span(8, 14, "d"))
ROWS = np.array([0, 6, 13])


@pytest.fixture(scope="module")
def made() -> Callable[[str], Made]:
    return one_at_a_time()


def spelt(text: Text) -> Text:
    """The same ids with something to read, some of it punctuation, and a special token."""
    pieces = [f"w{id_}" if id_ % 4 else "," for id_ in text.ids.tolist()]
    tokens = tuple(
        Token(int(id_), piece, place, place == 13, 0, (2 * place, 2 * place + 1))
        for place, (id_, piece) in enumerate(zip(text.ids, pieces, strict=True))
    )
    return Text.of(tokens, " ".join("x" for _ in tokens), token_types=text.token_types)


def both(of: Made) -> tuple[Reading, Trace, np.ndarray]:
    text = spelt(of.text)
    reading = Reading(text, SPANS, ROWS)
    passed = forward_by_rows(of.checkpoint, text, reading, rows=[13])
    whole = forward(of.checkpoint, text, keep=("layers", "logits"))
    assert whole.logits is not None
    assert passed.logits is not None
    np.testing.assert_allclose(passed.logits[0], whole.logits[13], rtol=1e-4, atol=1e-4)
    return reading, whole, passed.final


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_reading_is_that_of_whole_matrices(
    made: Callable[[str], Made], variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_rows, "_BLOCK", 40)
    monkeypatch.setattr(by_rows, "_ROWS", 3)
    of = made(variant)
    reading, whole, final = both(of)
    assert whole.final is not None
    np.testing.assert_allclose(final, whole.final, rtol=1e-4, atol=1e-4)
    rebuilt = Rebuild("weights", whole.computed, whole.computed, None)
    known = heads.read_heads(whole, rebuilt)
    assert len(reading.heads) == len(known)
    for ours, theirs in zip(reading.heads, known, strict=True):
        assert (ours.layer, ours.head, ours.label) == (theirs.layer, theirs.head, theirs.label)
        assert ours.entropy_bits == pytest.approx(theirs.entropy_bits, abs=1e-4)
        assert ours.distance == pytest.approx(theirs.distance, abs=1e-4)
        assert ours.masses == pytest.approx(theirs.masses, abs=1e-5)
    for ours_, theirs_ in zip(reading.sinks(), sinks.find_sinks(whole, rebuilt), strict=True):
        assert (ours_.index, ours_.share) == (theirs_.index, pytest.approx(theirs_.share, abs=1e-5))
        assert ours_.value_weighted_share == pytest.approx(theirs_.value_weighted_share, abs=1e-4)
    for layer, computed in zip(reading.layers, whole.computed, strict=True):
        A = computed.attention
        np.testing.assert_allclose(layer.rows, A[:, ROWS], atol=1e-6)
        for i, source in enumerate(SPANS):
            for j, target in enumerate(SPANS):
                part = A[:, source.start : source.end, target.start : target.end]
                given_ = part.sum(axis=2).mean(axis=1)
                np.testing.assert_allclose(layer.flow[:, i, j], given_, atol=1e-5)
        each = np.einsum(
            "hij,hjd->hijd", A, repeat_heads(computed.value, len(A)).astype(np.float64)
        ).sum(axis=2)
        width = each.shape[2]
        weight = computed.output_projection.weight.astype(np.float64)
        for head, mixed in enumerate(each):
            written = mixed @ weight[:, head * width : (head + 1) * width].T
            expected = np.linalg.norm(written, axis=1).mean()
            assert layer.written[head] == pytest.approx(expected, rel=1e-3)
        assert layer.arithmetic_error.max() <= 5e-3


@pytest.mark.parametrize("variant", ["llama", "mistral", "bert", "deberta-v2"])
def test_the_strongest_link_in_plain_loops(made: Callable[[str], Made], variant: str) -> None:
    reading, whole, _ = both(made(variant))
    text = whole.text
    telling = [
        i for i, piece in enumerate(text.pieces) if i and piece != "," and not text.special[i]
    ]

    def stretch(token: int) -> int:
        return next(at for at, span in enumerate(SPANS) if token < span.end)

    by_place = {
        (one.layer, one.head)
        for one in reading.heads
        if one.label in ("previous", "next", "self", "first")
    }
    best = max(
        (float(layer.attention[head, i, j]), layer.layer, head, i, j)
        for layer in whole.computed
        for head in range(len(layer.attention))
        if (layer.layer, head) not in by_place
        for i in telling
        for j in telling
        if abs(stretch(i) - stretch(j)) > 1
    )
    found = reading.links(())[0]
    assert found.weight == pytest.approx(best[0], abs=1e-6)
    assert (found.layer, found.head, found.source_token, found.target_token) == best[1:]
    A = whole.computed[found.layer]
    pairs = [
        float(A.attention[found.head, i, j])
        for i in telling
        for j in telling
        if abs(stretch(i) - stretch(j)) > 1 and A.visible[i, j]
    ]
    assert found.lift == pytest.approx(found.weight / (sum(pairs) / len(pairs)), rel=1e-3)
    # A key that turns out to be a sink is left out.
    for sink in (found.target_token,):
        aside = reading.links([sinks.Sink("self", sink, "", 1.0, None)])
        assert all(link.target_token != sink for link in aside)


@pytest.mark.parametrize("variant", ["llama", "mistral", "bert"])
def test_what_stretches_are_given_from_afar_in_plain_loops(
    made: Callable[[str], Made], variant: str
) -> None:
    reading, whole, _ = both(made(variant))
    found = reading.lifts(())
    for at, layer in enumerate(whole.computed):
        given_, even = np.zeros((2, len(SPANS)))
        for i, asking in enumerate(SPANS):
            far = [j for j in range(len(SPANS)) if abs(i - j) > 1 and j != 0]
            parts = np.zeros((2, len(SPANS)))
            for query in range(asking.start, asking.end):
                seen = np.flatnonzero(layer.visible[query])
                for j in far:
                    inside = [k for k in seen if SPANS[j].start <= k < SPANS[j].end]
                    parts[0, j] += float(layer.attention[:, query, inside].sum(axis=1).mean())
                    parts[1, j] += len(inside) / len(seen)
            if parts[1].sum() > 0:
                count = asking.end - asking.start
                given_ += count * parts[0] / parts[0].sum()
                even += count * parts[1] / parts[1].sum()
        for j in range(len(SPANS)):
            # Of four stretches one that listens is enough.
            if even[j] > 0:
                assert found[at, j] == pytest.approx(given_[j] / even[j], rel=1e-3)
            else:
                assert np.isnan(found[at, j])


@settings(max_examples=25, deadline=None)
@given(block=st.integers(1, 300), rows=st.integers(1, 14))
def test_the_size_of_a_block_changes_nothing(block: int, rows: int) -> None:
    of = Made("gemma2")
    with pytest.MonkeyPatch.context() as patch:
        usual = forward_by_rows(of.checkpoint, of.text, rows=[13]).final
        patch.setattr(by_rows, "_BLOCK", block)
        patch.setattr(by_rows, "_ROWS", rows)
        other = forward_by_rows(of.checkpoint, of.text, rows=[13]).final
    np.testing.assert_allclose(other, usual, atol=1e-6 * max(1, float(np.abs(usual).max())))


def test_a_blocked_token_is_heard_by_itself_alone(made: Callable[[str], Made]) -> None:
    """Beside the edit that the whole forward knows."""
    from inspector.records import BlockToken

    of = made("llama")
    blocked = np.zeros(14, dtype=np.bool_)
    blocked[[3, 4]] = True
    ours = forward_by_rows(of.checkpoint, of.text, rows=[13], blocked=blocked).final
    edits = (BlockToken(3), BlockToken(4))
    theirs = forward(of.checkpoint, of.text, edits=edits).final
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    untouched = forward(of.checkpoint, of.text).final
    assert untouched is not None
    assert np.abs(ours - untouched).max() > 1e-2


def test_spans_end_where_a_reader_would_pause() -> None:
    lines = [f"Line {i} says a thing. And it says another, longer one.\n" for i in range(30)]
    source = "".join(lines)
    tokens, place = [], 0
    for word, piece in enumerate(source.replace("\n", " \n").split(" ")):
        at = source.index(piece.strip("\n") or "\n", place) if piece.strip() else place
        length = len(piece.strip("\n"))
        tokens.append(Token(word, piece, word, False, 0, (at, at + length)))
        place = at + length
    tokens = [token for token in tokens if token.span and token.span[1] > token.span[0]]
    text = Text.of(tuple(tokens), source)
    spans = cut_into_spans(text)
    assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]
    assert (spans[0].start, spans[-1].end) == (0, len(text))
    ends = sum(span.text.endswith(".") for span in spans)
    assert ends >= 0.8 * len(spans)
