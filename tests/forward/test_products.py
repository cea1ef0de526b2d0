"""Products with weights, whole and in pieces, beside NumPy's own in float64."""

from __future__ import annotations

import numpy as np
import pytest

from inspector.forward import products
from inspector.forward.products import panels, project, project_each, times
from inspector.parallel import Workers
from inspector.records import Projection


@pytest.fixture(params=[True, False], ids=["in pieces", "whole"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose BLAS has kernels for small products, and as on one without."""
    monkeypatch.setattr(products, "_in_pieces", lambda: request.param)


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


# Rows that no block divides, inner dimensions in one part and in several, one column and many.
@pytest.mark.parametrize("rows", [1, 7, 8, 100, 1537])
@pytest.mark.parametrize("inner", [1, 384, 5000])
@pytest.mark.parametrize("columns", [1, 16, 64])
@pytest.mark.usefixtures("_both_ways")
def test_a_panel(rows: int, inner: int, columns: int) -> None:
    weight, panel = drawn(rows, inner), drawn(inner, columns, seed=1)
    expected = weight.astype(np.float64) @ panel.astype(np.float64)
    found = times(weight, panel)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.sqrt(inner))


@pytest.mark.usefixtures("_both_ways")
def test_weights_that_are_stored_the_other_way_round() -> None:
    weight, panel = drawn(700, 900).T, drawn(700, 40, seed=1)
    expected = weight.astype(np.float64) @ panel.astype(np.float64)
    np.testing.assert_allclose(times(weight, panel), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("tokens", [1, 63, 64, 65, 200])
@pytest.mark.usefixtures("_both_ways")
def test_projections_by_threads_and_alone(tokens: int) -> None:
    states = drawn(tokens, 48)
    several = (Projection(drawn(96, 48, seed=1), drawn(96, seed=2)),)
    several += (Projection(drawn(17, 48, seed=3), None),)
    exact = [states.astype(np.float64) @ each.weight.T.astype(np.float64) for each in several]
    exact[0] += several[0].bias
    with Workers(400) as workers:
        parted = project_each(states, several, workers)
    alone = tuple(project(states, each) for each in several)
    for found in (parted, alone):
        for one, expected in zip(found, exact, strict=True):
            np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("_both_ways")
def test_panels_are_all_rows_once() -> None:
    states = drawn(150, 6)
    cut = list(panels(states, slice(3, 149)))
    assert [row for some, _ in cut for row in range(some.start, some.stop)] == list(range(3, 149))
    for some, columns in cut:
        np.testing.assert_array_equal(columns, states[some].T)


def test_no_block_is_more_than_is_multiplied_as_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_in_pieces", lambda: True)
    seen: list[int] = []
    real = np.matmul

    def counted(first: np.ndarray, second: np.ndarray, out: np.ndarray) -> np.ndarray:
        seen.append(first.shape[-2] * first.shape[-1] * second.shape[-1])
        return real(first, second, out=out)

    monkeypatch.setattr(products.np, "matmul", counted)
    times(drawn(1536, 3072), drawn(3072, 64, seed=1))
    assert len(seen) > 2
    assert max(seen) <= 1_000_000
