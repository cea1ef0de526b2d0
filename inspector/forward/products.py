"""Products with weights, in pieces that BLAS multiplies as they lie.

OpenBLAS first brings both factors of a product into another order, which takes longer than the
product where one of them has few columns. With AVX-512 it leaves that out below a million
multiplications (its ``sgemm_small_kernel_permit_skylakex.c``), so that there it pays to cut a
product of any size into such: the states into panels, some tokens as columns each, and the weights
into blocks of rows. Where no BLAS with such kernels is loaded, each product is left whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial

import numpy as np

from inspector.parallel import ALONE, Workers, blas_architectures
from inspector.records import Array, Projection

#: So many multiplications, at most, are done without another order first.
_SMALL = 1_000_000
#: OpenBLAS's kernels that do so.
_WITH_SMALL_KERNELS = frozenset({"SkylakeX", "Cooperlake", "SapphireRapids"})
#: Tokens in a panel: more, and a block of weights gets too few rows; fewer, and weights come from
#: memory more often.
_PANEL = 64
#: Rows that the kernels multiply at once: a block has a multiple of that.
_ROWS = 8


def project(states: Array, projection: Projection, workers: Workers = ALONE) -> Array:
    """Return ``states·weightᵀ + bias``: (T, in) → (T, out), parted among ``workers``."""
    (result,) = project_each(states, (projection,), workers)
    return result


def project_each(
    states: Array, projections: Sequence[Projection], workers: Workers = ALONE
) -> tuple[Array, ...]:
    """Return what ``project`` makes of the same states with each projection."""
    results = tuple(
        np.empty((len(states), len(each.weight)), dtype=states.dtype) for each in projections
    )
    rows = partial(project_rows, states, projections, results)
    workers.over(len(states), rows)
    return results


def project_rows(
    states: Array, projections: Sequence[Projection], results: Sequence[Array], part: slice
) -> None:
    """Write some rows of what ``project`` makes of the states with each projection."""
    if not _in_pieces():
        for projection, result in zip(projections, results, strict=True):
            np.matmul(states[part], projection.weight.T, out=result[part])
            if projection.bias is not None:
                result[part] += projection.bias
        return
    for some, columns in panels(states, part):
        for projection, result in zip(projections, results, strict=True):
            turned = times(projection.weight, columns).T
            if projection.bias is None:
                result[some] = turned
            else:
                np.add(turned, projection.bias, out=result[some])


def panels(states: Array, part: slice) -> Iterator[tuple[slice, Array]]:
    """Cut some rows of (T, K) states into panels: which rows each has, and (K, c) them as columns.

    ``part`` has a start and a stop, which may be the same.
    """
    if not _in_pieces():
        yield part, states[part].T
        return
    for first in range(part.start, part.stop, _PANEL):
        some = slice(first, min(first + _PANEL, part.stop))
        yield some, np.ascontiguousarray(states[some].T)


def project_columns(columns: Array, projection: Projection) -> Array:
    """Return what ``project`` makes of a panel: (in, c) → (out, c)."""
    result = times(projection.weight, columns)
    if projection.bias is not None:
        result += projection.bias[:, None]
    return result


def times(weight: Array, columns: Array) -> Array:
    """Return (N, K) weights times a panel, (K, c) → (N, c)."""
    rows, inner = weight.shape
    width = columns.shape[1]
    if not _in_pieces() or rows * inner * width <= _SMALL:
        return weight @ columns
    result = np.empty((rows, width), dtype=columns.dtype)
    # The longest inner dimension of which a block still has as many rows as are multiplied at once.
    step = -(-inner // -(-inner // (_SMALL // (_ROWS * width))))
    for first in range(0, inner, step):
        some = slice(first, first + step)
        if first == 0:
            _by_blocks(weight[:, some], columns[some], result)
        else:
            further = np.empty_like(result)
            _by_blocks(weight[:, some], columns[some], further)
            result += further
    return result


def _by_blocks(weight: Array, columns: Array, out: Array) -> None:
    rows, inner = weight.shape
    width = columns.shape[1]
    block = max(_ROWS, _SMALL // (inner * width) // _ROWS * _ROWS)
    whole = rows // block * block
    blocks = weight[:whole].reshape(rows // block, block, inner)
    np.matmul(blocks, columns, out=out[:whole].reshape(rows // block, block, width))
    np.matmul(weight[whole:], columns, out=out[whole:])


@cache
def _in_pieces() -> bool:
    return bool(blas_architectures() & _WITH_SMALL_KERNELS)
