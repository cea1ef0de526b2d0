"""How many threads work on a text: BLAS gets one of them, however short the text is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

import inspector
from inspector.analysis.ladder import climbing
from inspector.parallel import Workers, parallel_map
from inspector.referee.capture import capture
from inspector.referee.text import encode

SHORT, LONG = 12, 400


def blas_threads() -> set[int]:
    """The threads of every BLAS that is loaded."""
    found = {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
    assert found, "NumPy has no BLAS that can be asked"
    return found


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """As on a machine with two cores, whatever this one has."""
    np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(limits=2, user_api="blas"):
        yield


@pytest.mark.parametrize("tokens", [SHORT, LONG])
def test_layers_have_one_thread_each(tokens: int) -> None:
    assert blas_threads() == {2}
    assert parallel_map(lambda _layer: blas_threads(), range(3), tokens=tokens) == ({1},) * 3
    assert blas_threads() == {2}


@pytest.mark.parametrize("tokens", [SHORT, LONG])
def test_so_have_parts_of_one_layer(tokens: int) -> None:
    seen: list[set[int]] = []
    with Workers(tokens) as workers:
        workers.over(8, lambda _part: seen.append(blas_threads()))
    assert seen
    assert set.union(*seen) == {1}
    assert blas_threads() == {2}


def test_the_analysis_of_a_short_text(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []
    real = climbing.interactions
    monkeypatch.setattr(
        climbing, "interactions", lambda *given: (seen.append(blas_threads()), real(*given))[1]
    )
    inspector.inspect("The cat sat on the mat", prove=False)
    assert len(seen) == 6
    assert set.union(*seen) == {1}


@pytest.mark.parametrize(("tokens", "threads"), [(SHORT, 1), (300, 2)])
def test_the_real_model_has_one_for_a_short_text(tokens: int, threads: int) -> None:
    """On a machine with other work two are many times slower."""
    loaded = inspector.load(device="cpu")
    seen: set[int] = set()
    layer = loaded.model.encoder.layer[3]
    hook = layer.register_forward_hook(lambda *_: seen.add(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        text = encode("cat " * tokens, None, loaded.tokenizer, loaded.model.config, truncate=False)
        capture(loaded, text)
        assert seen == {threads}
        assert torch.get_num_threads() == 2
    finally:
        hook.remove()
        torch.set_num_threads(before)


def test_the_threads_stay() -> None:
    def names(_item: int) -> str:
        barrier.wait(timeout=60)
        return threading.current_thread().name

    count = os.cpu_count() or 1
    barrier = threading.Barrier(count)
    first = parallel_map(names, range(count), tokens=LONG)
    assert len(set(first)) == count
    assert threading.current_thread().name in first
    assert set(parallel_map(names, range(count), tokens=LONG)) == set(first)


def test_what_is_raised_by_any_is_raised_here() -> None:
    def fail(item: int) -> int:
        if item == 3:
            raise KeyError(item)
        return item

    with pytest.raises(KeyError, match="3"):
        parallel_map(fail, range(50), tokens=LONG)
    # An IndexError of the work's own is not the end of the list.
    with pytest.raises(IndexError):
        parallel_map(lambda item: [][item], range(50), tokens=LONG)
    assert parallel_map(str, range(3), tokens=LONG) == ("0", "1", "2")


def test_threads_of_the_pool_do_not_wait_for_each_other() -> None:
    def inner(item: int) -> tuple[int, ...]:
        return parallel_map(lambda more: item * more, range(4), tokens=LONG)

    expected = tuple(tuple(item * more for more in range(4)) for item in range(20))
    assert parallel_map(inner, range(20), tokens=LONG) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_process_has_threads_of_its_own() -> None:
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys\n"
            "from inspector.parallel import parallel_map\n"
            "assert parallel_map(str, range(9), tokens=400) == tuple('012345678')\n"
            "child = os.fork()\n"
            "if not child:\n"
            "    os._exit(parallel_map(str, range(9), tokens=400) != tuple('012345678'))\n"
            "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n",
        ],
        timeout=60,
        check=False,
    )
    assert made.returncode == 0


def test_fewer_rows_than_cores_are_parted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.parallel.os.cpu_count", lambda: 7)
    seen: list[slice] = []
    with Workers(LONG) as workers:
        assert workers.count == 7
        workers.over(3, seen.append)
        workers.over(0, seen.append)
    assert sorted((part.start, part.stop) for part in seen) == [(0, 0), (0, 1), (1, 2), (2, 3)]
