"""Every combination of the ingredients beside plain loops, and all of them beside the model."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from plain_attention import row, small_layer

from inspector.analogy.ingredients import INGREDIENTS, Combinations, one_for_all
from inspector.analogy.ladder import RUNGS
from inspector.analogy.ladder import weights as rung_weights
from inspector.session import Inspection

NAMES = [ingredient.name for ingredient in INGREDIENTS]
COMBINATIONS = [
    frozenset(chosen)
    for chosen in chain.from_iterable(combinations(NAMES, n) for n in range(len(NAMES) + 1))
]
SOFTMAX = next(rung for rung in RUNGS if rung.name == "softmax")


@pytest.mark.parametrize("chosen", COMBINATIONS, ids=lambda chosen: "+".join(sorted(chosen)))
@pytest.mark.parametrize(("heads", "kv_heads", "width"), [(2, 1, 6), (3, 3, 6), (2, 2, 5)])
def test_weights_are_the_loops(
    chosen: frozenset[str], heads: int, kv_heads: int, width: int
) -> None:
    layer = small_layer(heads=heads, kv_heads=kv_heads, width=width, causal=True)
    expected = [[row(layer, chosen, head, i) for i in range(4)] for head in range(heads)]
    ours = Combinations(layer).weights(chosen)
    assert len(ours) == (1 if one_for_all(chosen, layer) else heads)
    np.testing.assert_allclose(np.broadcast_to(ours, layer.attention.shape), expected, atol=1e-12)
    if not one_for_all(chosen, layer):
        np.testing.assert_allclose(
            Combinations(layer).weights(chosen, slice(1, 2)), expected[1:2], atol=1e-12
        )


@pytest.mark.parametrize("positions", ["by_key", "by_distance", "vectors"])
@pytest.mark.parametrize("kv_heads", [1, 2])
def test_what_positions_add_and_sinks_are_the_loops(positions: str, kv_heads: int) -> None:
    layer = small_layer(kv_heads=kv_heads, causal=True, positions=positions, sink=True, stretch=0.7)
    for chosen in COMBINATIONS:
        expected = [[row(layer, chosen, head, i) for i in range(4)] for head in range(2)]
        ours = Combinations(layer).weights(chosen)
        np.testing.assert_allclose(
            np.broadcast_to(ours, (2, 4, 4)), expected, atol=1e-12, err_msg=str(chosen)
        )
        if not one_for_all(chosen, layer):
            np.testing.assert_allclose(
                Combinations(layer).weights(chosen, slice(1, 2)), expected[1:2], atol=1e-12
            )
    np.testing.assert_allclose(Combinations(layer).weights(set(NAMES)), layer.attention, atol=1e-12)
    assert [known.name for known in INGREDIENTS if known.applies(layer)] == NAMES
    assert (layer.attention.sum(axis=2) < 0.99).any()


def test_heads_do_nothing_alone_where_the_traits_cannot_be_dealt_out() -> None:
    layer = small_layer(heads=2, width=5)
    np.testing.assert_array_equal(
        Combinations(layer).weights({"heads"}), Combinations(layer).weights(set())
    )
    assert not one_for_all({"heads", "learned"}, layer)


def test_layers_have_the_ingredients_that_they_have() -> None:
    def there(causal: bool) -> list[str]:
        layer = small_layer(causal=causal)
        return [known.name for known in INGREDIENTS if known.applies(layer)]

    assert there(causal=False) == ["learned", "heads", "scale"]
    assert there(causal=True) == ["learned", "heads", "scale", "mask"]
    assert INGREDIENTS[4].applies(small_layer(positions="by_key"))
    assert INGREDIENTS[5].applies(small_layer(sink=True))


def test_on_the_real_model_all_together_are_the_rebuild(cat: Inspection) -> None:
    assert cat.rebuild.layers
    for captured, rebuilt in zip(cat.trace.layers, cat.rebuild.layers, strict=True):
        everything = Combinations(rebuilt).weights({"learned", "heads", "scale"})
        assert np.abs(everything - rebuilt.attention).max() <= 1e-6
        assert np.abs(everything - captured.attention).max() <= 1e-5
        nothing = Combinations(rebuilt).weights(set())
        np.testing.assert_array_equal(nothing[0], rung_weights(SOFTMAX, rebuilt))
