"""What positions add to the scores: ours beside transformers' functions and plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers.models.bloom.modeling_bloom import build_alibi_tensor
from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder
from transformers.models.mpt.modeling_mpt import build_mpt_alibi_tensor
from transformers.models.t5.modeling_t5 import T5Attention

from inspector.families.position_numbers import slopes
from inspector.forward.biases import bias_of, buckets, expand, spans
from inspector.forward.core import attend, softmax
from inspector.records import (
    Alibi,
    Bias,
    Buckets,
    Disentangled,
    DistanceVectors,
    PositionWeights,
    Projection,
)

AHEAD = np.arange(-3000, 3001)


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize(
    ("count", "farthest"), [(32, 128), (32, 127), (20, 50), (64, 1000), (8, 9)]
)
def test_buckets_of_t5(both_ways: bool, count: int, farthest: int) -> None:
    theirs = T5Attention._relative_position_bucket(
        torch.from_numpy(AHEAD), both_ways, count, farthest
    )
    ours = buckets(AHEAD, Buckets(count, farthest, both_ways))
    np.testing.assert_array_equal(ours, theirs.numpy())


def test_buckets_of_mpnet() -> None:
    theirs = MPNetEncoder.relative_position_bucket(torch.from_numpy(AHEAD))
    np.testing.assert_array_equal(buckets(AHEAD, Buckets(32, 128, True)), theirs.numpy())


@pytest.mark.parametrize(
    ("span", "farthest"), [(256, 512), (4, 12), (32, 128), (6, 100), (5, None), (512, None)]
)
def test_spans_of_deberta(span: int, farthest: int | None) -> None:
    here = torch.zeros(1, 1500, 1)
    grouped = (span, farthest) if farthest else (-1, -1)
    position = build_relative_position(here, here, *grouped)[0]
    theirs = torch.clamp(position + span, 0, 2 * span - 1).numpy()
    behind = np.arange(1500)[:, None] - np.arange(1500)
    np.testing.assert_array_equal(spans(behind, span, farthest), theirs)


@pytest.mark.parametrize("heads", [1, 2, 3, 6, 8, 12, 16, 20, 32, 112])
def test_slopes_of_alibi(heads: int) -> None:
    theirs = build_alibi_tensor(torch.ones(1, 2), heads, torch.float32)[:, 0, 1]
    np.testing.assert_allclose(slopes(heads), theirs.numpy(), rtol=2e-7)


@pytest.mark.parametrize("padded", [[0, 0, 1, 1, 1], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]])
def test_alibi_counts_the_tokens_that_are_there(padded: list[int]) -> None:
    theirs = build_alibi_tensor(torch.tensor([padded]), 4, torch.float32).numpy()
    present = np.array(padded, dtype=bool)
    bias = bias_of(Alibi(slopes(4)), None, present, 5, np.float32)
    query = np.zeros((4, 5, 2), dtype=np.float32)
    added = expand(bias, query, query, 1.0)
    assert added is not None
    np.testing.assert_allclose(added, np.repeat(theirs, 5, axis=1), rtol=1e-6)


@pytest.mark.parametrize("heads", [4, 5, 12, 16, 40, 112])
def test_alibi_counted_from_the_end(heads: int) -> None:
    """Of a window longer than the text, of which MPT takes the end."""
    theirs = build_mpt_alibi_tensor(heads, 3000)[:, 0, -2000:].numpy()
    present = np.ones(2000, dtype=bool)
    rule = Alibi(slopes(heads, at_once=True), from_end=True)
    bias = bias_of(rule, None, present, 1, np.float32)
    assert bias is not None
    assert bias.by_key is not None
    np.testing.assert_array_equal(bias.by_key, theirs)


def test_buckets_are_laid_out_by_distance() -> None:
    """More queries than keys, and the other way round: row i, column j is table[bucket(j − i)]."""
    table = np.random.default_rng(2).normal(size=(8, 3))
    rule = Buckets(8, 6, True)
    for queries, others in ((3, 5), (5, 3), (4, 4)):
        bias = bias_of(rule, PositionWeights(table), np.ones(others, bool), queries, np.float64)
        added = expand(bias, np.zeros((3, queries, 2)), np.zeros((3, others, 2)), 0.5)
        assert added is not None
        assert added.shape == (3, queries, others)
        for i in range(queries):
            for j in range(others):
                bucket = buckets(np.array([j - i]), rule)[0]
                np.testing.assert_array_equal(added[:, i, j], table[bucket])


@pytest.mark.parametrize("parts", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("span", [2, 9])
def test_disentangled_terms_one_by_one(parts: tuple[bool, bool], span: int) -> None:
    random = np.random.default_rng(3)
    heads, size, tokens = 2, 3, 5
    table = random.normal(size=(2 * span, 4))
    projections = [
        Projection(random.normal(size=(heads * size, 4)), random.normal(size=heads * size))
        if part
        else None
        for part in parts
    ]
    rule = Disentangled(heads, span, None)
    weights = PositionWeights(table, None, *projections)
    bias = bias_of(rule, weights, np.ones(tokens, bool), tokens, np.float64)
    query, key = random.normal(size=(2, heads, tokens, size))
    added = expand(bias, query, key, 0.25)
    some = expand(bias, query, key, 0.25, slice(1, 2))
    assert added is not None
    assert some is not None
    np.testing.assert_array_equal(some, added[1:])
    for h in range(heads):
        for i in range(tokens):
            for j in range(tokens):
                row = table[min(max(i - j + span, 0), 2 * span - 1)]
                expected = 0.0
                for vector, projection in zip((query[h, i], key[h, j]), projections, strict=True):
                    if projection is not None:
                        assert projection.bias is not None
                        place = projection.weight @ row + projection.bias
                        expected += vector @ place[h * size : (h + 1) * size]
                assert math.isclose(added[h, i, j], 0.25 * expected, abs_tol=1e-12)


def test_what_is_learned_needs_weights_and_a_bias_needs_a_part() -> None:
    with pytest.raises(ValueError, match="weights"):
        bias_of(Buckets(8, 6, True), None, np.ones(2, bool), 2, np.float32)
    query = np.zeros((1, 2, 2))
    with pytest.raises(ValueError, match="without any part"):
        expand(Bias(), query, query, 1.0)
    assert expand(None, query, query, 1.0) is None
    empty = Bias(vectors=DistanceVectors(np.zeros(3, np.intp), None, None))
    np.testing.assert_array_equal(expand(empty, query, query, 1.0), np.zeros((1, 2, 2)))


def test_a_sink_takes_part_and_is_dropped() -> None:
    random = np.random.default_rng(4)
    scores, sink = random.normal(size=(3, 4, 5)), np.array([-1.0, 0.5, 800.0])
    whole = np.concatenate([scores, np.broadcast_to(sink[:, None, None], (3, 4, 1))], axis=2)
    expected = softmax(whole)[..., :-1]
    np.testing.assert_allclose(softmax(scores, sink), expected, atol=1e-15)


def test_a_bias_and_a_sink_in_the_core() -> None:
    random = np.random.default_rng(5)
    query, key = random.normal(size=(2, 2, 4, 3)).astype(np.float32)
    bias, sink = random.normal(size=(2, 4, 4)).astype(np.float32), np.float32([0.5, -2])
    visible = np.tril(np.ones((4, 4), bool))
    ours = attend(query, key, scale=0.5, visible=visible, bias=bias, sink=sink)
    assert ours.dtype == np.float32
    for h in range(2):
        for i in range(4):
            powers = [
                math.exp(0.5 * float(query[h, i] @ key[h, j]) + float(bias[h, i, j]))
                for j in range(i + 1)
            ]
            total = sum(powers) + math.exp(float(sink[h]))
            expected = [power / total for power in powers] + [0.0] * (3 - i)
            np.testing.assert_allclose(ours[h, i], expected, atol=1e-6)
