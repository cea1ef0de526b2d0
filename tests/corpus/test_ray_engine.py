"""Local = Ray, with two real workers on this machine, also where one of them is killed."""

from __future__ import annotations

import os
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import random_bert

import inspector
from inspector.commands import main
from inspector.corpus import ray_engine
from inspector.corpus.engines import Local
from inspector.corpus.planning import Shard, shards
from inspector.corpus.ray_engine import Ray
from inspector.corpus.reading import Sentence
from inspector.corpus.record import Record
from inspector.corpus.work import Work, Worker
from inspector.errors import InputError, MachineError, ModelError

ray = pytest.importorskip("ray")

# Ray and what it imports warn of themselves.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

LINES = ["the cat sat on the mat", "it was tired", "we are the cats and it sat"] * 6


class Mortal(Worker):
    """Dies once, in the middle of its second shard."""

    def measure(self, shard: Shard, progress: object = None) -> Record:
        died = Path(os.environ["DIED"]) / "once"
        if shard.index == 3 and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().measure(shard)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_bert(tmp_path_factory.mktemp("ray") / "bert")


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two cores, whatever the machine has; the run closes it."""
    monkeypatch.setenv("DIED", str(tmp_path))
    real = ray.init

    def two(**options: object) -> object:
        return real(num_cpus=2, object_store_memory=200_000_000, **options)

    monkeypatch.setattr(ray, "init", two)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    ray.shutdown()


def sentences() -> list[Sentence]:
    return [Sentence(0, row, text) for row, text in enumerate(LINES)]


def records(engine: object, work: Work) -> dict[int, Record]:
    found: dict[int, Record] = {}
    counted: list[int] = []
    for index, data in engine.run(work, shards(sentences(), 3), counted.append):  # type: ignore[attr-defined]
        assert index not in found
        found[index] = Record.from_bytes(data)
    assert sum(counted) == len(LINES)
    return found


def test_two_workers_of_which_one_dies_find_what_one_process_finds(
    folder: Path, cluster: None, tmp_path: Path
) -> None:
    work = Work(str(folder), device="cpu", replicates=20)
    here = records(Local(inspector.load(folder, device="cpu")), work)
    there = records(Ray(worker=Mortal), work)
    assert (tmp_path / "once").exists()
    assert sorted(there) == sorted(here) == list(range(6))
    for index, mine in here.items():
        theirs = there[index]
        assert theirs.tally == mine.tally
        np.testing.assert_allclose(theirs.basic.values, mine.basic.values, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(theirs.basic.counts, mine.basic.counts)
        np.testing.assert_allclose(theirs.permuted.means, mine.permuted.means, atol=1e-9)
        np.testing.assert_array_equal(theirs.best.keys, mine.best.keys)


def test_what_a_worker_refuses_is_said_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an actor as Ray would make it, in this process."""

    def rows(_ray: object, items: list[dict[str, Any]], work: Work, worker: type[Worker]) -> Any:
        actor = ray_engine._Actor(work, worker)
        for item in items:
            yield {name: cells[0] for name, cells in actor(as_columns(item)).items()}

    def as_columns(item: dict[str, Any]) -> dict[str, Any]:
        return {name: np.array([cell], dtype=object) for name, cell in item.items()}

    monkeypatch.setattr(ray_engine, "_connect", lambda *_given: None)
    monkeypatch.setattr(ray_engine, "_rows", rows)
    fine = Work(str(folder), device="cpu", replicates=5)
    assert sorted(records(Ray(), fine)) == list(range(6))
    with pytest.raises(ModelError, match="another bert than") as caught:
        records(Ray(), replace(fine, fingerprint="another"))
    assert caught.value.hint == "Give all machines the same model."


def test_without_ray_the_install_command_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_engine, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match="Ray is not installed") as caught:
        Ray()
    assert 'pip install "attention-inspector[ray]"' in caught.value.hint


def test_a_cluster_that_is_not_there(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    (tmp_path / "s.txt").write_text("the cat sat\n")
    given = ["corpus", "s.txt", "--model", str(folder), "--engine", "ray"]
    assert main([*given, "--address", f"127.0.0.1:{port}"]) == 4
    error, hint = capsys.readouterr().err.splitlines()
    assert f"127.0.0.1:{port} cannot be reached" in error
    assert "--address" in hint
    with pytest.raises(InputError, match="is no address"):
        Ray("here:there")
    with pytest.raises(MachineError):
        Ray("127.0.0.1:99999")
