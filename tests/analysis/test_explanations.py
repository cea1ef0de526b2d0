"""The second ladder beside plain loops, whose parts are held to the real model's states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from edited_models import hooked
from forward_models import Made, one_at_a_time
from scipy.stats import spearmanr

from inspector.analysis.contributions import contributions_of
from inspector.analysis.explanations import explain, spearman
from inspector.forward.model import forward
from inspector.records import Norm, RebuiltLayer, Text, Token, Trace
from inspector.records.effects import Answer, AnsweredPlace

#: Where the real model has the state behind attention: a module of a layer, its input or output,
#: and whether that is without the residual.
BEHIND = {
    "bert": ("attention.output", "out", False),
    "opt, norms after": ("self_attn_layer_norm", "out", False),
    "gpt2": ("ln_2", "in", False),
    "llama": ("post_attention_layernorm", "in", False),
    "gpt_oss": ("post_attention_layernorm", "in", False),
    "gemma2": ("pre_feedforward_layernorm", "in", False),
    "granite": ("post_attention_layernorm", "in", False),
    "gpt_neox": ("attention.dense", "out", True),
    "falcon": ("self_attention.dense", "out", True),
}
Row = list[float]


@pytest.fixture(scope="module")
def made() -> Callable[[str], Made]:
    return one_at_a_time()


def normed(whole: Row, part: Row, norm: Norm) -> Row:
    """A part as a norm with the statistics of the whole makes it, its bias left out."""
    size = len(whole)
    mean = sum(whole) / size if norm.centred else 0.0
    own = sum(part) / size if norm.centred else 0.0
    spread = (sum((one - mean) ** 2 for one in whole) / size + norm.eps) ** 0.5
    gain = [1.0] * size if norm.weight is None else norm.weight.astype(float).tolist()
    return [(one - own) / spread * by for one, by in zip(part, gain, strict=True)]


def given(layer: RebuiltLayer, query: int, key: int) -> Row:
    """Σ_h A_ij·v_j·Wo_h."""
    weight = layer.output_projection.weight.tolist()
    heads, _, size = layer.query.shape
    shared = heads // len(layer.value)
    found = [0.0] * len(weight)
    for head in range(heads):
        share = float(layer.attention[head, query, key])
        value = layer.value[head // shared, key].tolist()
        if share == 0:
            continue
        for out, row in enumerate(weight):
            first = head * size
            found[out] += share * sum(value[at] * row[first + at] for at in range(size))
    return found


def added(*rows: Sequence[float]) -> Row:
    return [sum(at) for at in zip(*rows, strict=True)]


def parts_of(it: Made, trace: Trace, layer: int, query: int) -> tuple[list[Row], Row]:
    """What every token adds to a place's state behind attention, and what the biases add."""
    assert it.checkpoint.model is not None
    computed, norms = trace.computed[layer], it.checkpoint.model.stack.blocks[layer].attention_norms
    stays = trace.layers[layer].hidden[query].tolist()
    tokens = len(trace.text)
    bias = computed.output_projection.bias
    rest = [0.0] * len(stays) if bias is None else bias.astype(float).tolist()
    parts = [given(computed, query, key) for key in range(tokens)]
    if norms.inside is not None:
        whole = added(*parts, rest)
        parts = [normed(whole, part, norms.inside) for part in parts]
        rest = normed(whole, rest, norms.inside)
        if norms.inside.bias is not None:
            rest = added(rest, norms.inside.bias.tolist())
    by = 1.0 if norms.factor is None else norms.factor
    parts, rest = [[one * by for one in part] for part in parts], [one * by for one in rest]
    parts[query] = added(parts[query], stays)
    if norms.after is not None:
        whole = added(*parts, rest)
        parts = [normed(whole, part, norms.after) for part in parts]
        rest = normed(whole, rest, norms.after)
        if norms.after.bias is not None:
            rest = added(rest, norms.after.bias.tolist())
    return parts, rest


def shares(rows: list[Row]) -> list[Row]:
    return [[one / sum(row) for one in row] for row in rows]


def product(left: list[Row], right: list[Row]) -> list[Row]:
    size = range(len(left))
    return [[sum(left[i][k] * right[k][j] for k in size) for j in size] for i in size]


def length(row: Row) -> float:
    return sum(one * one for one in row) ** 0.5


def distance(one: Row, other: Row) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def by_loops(it: Made, trace: Trace) -> dict[str, list[list[Row]]]:
    """The matrices, (T, T) each, of which every rung takes the mean over those rows it is asked."""
    tokens, layers = range(len(trace.text)), trace.computed
    mean = [
        [[float(sum(head[i, j] for head in layer.attention)) / 4 for j in tokens] for i in tokens]
        for layer in layers
    ]
    identity = [[float(i == j) for j in tokens] for i in tokens]
    rolled, arrived, moved = identity, identity, []
    for at, layer in enumerate(layers):
        half = [[(mean[at][i][j] + identity[i][j]) / 2 for j in tokens] for i in tokens]
        rolled = product(half, rolled)
        moved.append(shares([[length(given(layer, i, j)) for j in tokens] for i in tokens]))
        kept = []
        for query in tokens:
            parts, rest = parts_of(it, trace, at, query)
            whole = added(*parts, rest)
            size = distance(whole, [0.0] * len(whole))
            kept.append([max(0.0, size - distance(whole, part)) for part in parts])
        arrived = product(shares(kept), arrived)
    return {
        "last_layer": mean[-1:],
        "all_layers": mean,
        "rollout": [rolled],
        "value_weighted": moved,
        "alti": [arrived],
    }


@pytest.mark.parametrize("variant", BEHIND)
def test_every_rung_by_plain_loops(made: Callable[[str], Made], variant: str) -> None:
    it = made(variant)
    trace = forward(it.checkpoint, it.text, dtype=np.float64)
    effects = np.random.default_rng(2).random(14).tolist()
    matrices = by_loops(it, trace)
    for rows in ([13], None, [2, 5]):
        found = {one.rung: one for one in explain(it.checkpoint, trace, rows, effects, None)}
        assert list(found) == ["uniform", *matrices, "effect"]
        for rung, of in matrices.items():
            read = np.array(of)[:, range(14) if rows is None else rows].mean(axis=(0, 1))
            np.testing.assert_allclose(found[rung].scores, read, atol=1e-9, err_msg=rung)
        np.testing.assert_array_equal(found["effect"].scores, effects)
        assert len(set(found["uniform"].scores)) == 1


@pytest.mark.parametrize("variant", BEHIND)
def test_what_the_tokens_add_sums_to_the_state(made: Callable[[str], Made], variant: str) -> None:
    """Σ_j T_i(x_j) and the biases, beside the state that the real model has behind attention."""
    it = made(variant)
    trace = forward(it.checkpoint, it.text)
    path, side, bare = BEHIND[variant]
    states: list[Any] = []
    paths = it.family.layer_paths(it.model.config)
    handles = [
        it.model.base_model.get_submodule(layer)
        .get_submodule(path)
        .register_forward_hook(
            lambda _module, given, gave: states.append(given[0] if side == "in" else gave)
        )
        for layer in paths
    ]
    try:
        hooked(it)
    finally:
        for handle in handles:
            handle.remove()
    for layer, theirs in enumerate(states):
        whole = theirs.reshape(14, -1).numpy() + (trace.layers[layer].hidden if bare else 0)
        for query in (0, 6, 13):
            parts, rest = parts_of(it, trace, layer, query)
            np.testing.assert_allclose(added(*parts, rest), whole[query], rtol=1e-5, atol=1e-5)


def test_contributions_are_a_rung_where_there_are_any(made: Callable[[str], Made]) -> None:
    it = made("llama")
    trace = forward(it.checkpoint, it.text, keep=("layers", "logits"))
    assert trace.logits is not None
    answer = Answer("next", (AnsweredPlace(14, 7, "", 0.5, float(trace.logits[-1, 7])),))
    parts = contributions_of(it.checkpoint, trace, answer)
    assert parts is not None
    found = explain(it.checkpoint, trace, [13], [1.0] * 14, parts)
    assert [one.rung for one in found][-2:] == ["contributions", "effect"]
    for token in range(14):
        brought = sum(parts.from_tokens[layer, head, token] for layer in range(3)
                      for head in range(4))  # fmt: skip
        assert found[-2].scores[token] == pytest.approx(abs(brought))


def test_between_two_texts_there_is_none(made: Callable[[str], Made]) -> None:
    it = made("t5")
    trace = forward(it.checkpoint, it.text, it.target)
    assert explain(it.checkpoint, trace, [8], [0.0] * 23, None) == ()


@pytest.mark.parametrize("ties", [False, True])
def test_rank_correlation_beside_scipy(ties: bool) -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        one, other = random.random((2, 12))
        if ties:
            one, other = one.round(1), other.round(1)
        chosen = random.random(12) < 0.7
        chosen[:3] = True
        expected = spearmanr(one[chosen], other[chosen]).statistic
        assert spearman(one, other, chosen) == pytest.approx(float(expected), abs=1e-12)


def test_rank_correlation_of_nothing() -> None:
    flat, steep = np.ones(4), np.arange(4.0)
    everywhere = np.ones(4, dtype=np.bool_)
    assert spearman(flat, steep, everywhere) is None
    assert spearman(steep, flat, everywhere) is None
    assert spearman(steep, steep, np.array([True, False, False, False])) is None
    assert spearman(steep, -steep, everywhere) == pytest.approx(-1)


def test_only_words_are_ranked_and_favoured(made: Callable[[str], Made]) -> None:
    """What is special keeps its score; of two tied favourites each is half a one."""
    it = made("gpt2")
    special = {0, 13}
    tokens = tuple(
        Token(int(entry), "a", at, at in special, 0, None) for at, entry in enumerate(it.text.ids)
    )
    text = replace(Text.of(tokens, ""), token_types=it.text.token_types)
    trace = forward(it.checkpoint, text)
    plain = {one.rung: one for one in explain(it.checkpoint, trace, [13], [0.0] * 14, None)}
    for rung in ("last_layer", "alti"):
        scores = plain[rung].scores
        words = [at for at in range(14) if at not in special]
        best = max(words, key=lambda at: float(scores[at]))
        effects = [100.0 if at in special else float(at == best) for at in range(14)]
        told = {one.rung: one for one in explain(it.checkpoint, trace, [13], effects, None)}
        assert told[rung].top1 == 1
        second = next(at for at in words if at != best)
        effects[second] = 1.0
        told = {one.rung: one for one in explain(it.checkpoint, trace, [13], effects, None)}
        assert told[rung].top1 == 0.5
        expected = spearmanr(scores[words], [effects[at] for at in words]).statistic
        assert told[rung].rank_correlation == pytest.approx(float(expected))
    assert plain["uniform"].rank_correlation is None
    assert told["effect"].rank_correlation == pytest.approx(1)
