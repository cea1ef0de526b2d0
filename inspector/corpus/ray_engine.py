"""Shards over the workers of a Ray cluster: the only module that knows Ray.

Ray Data makes an actor of the class that it is given, a model is loaded in each, and shards go to
whichever is free. An actor that dies is started anew and its shard is run again; a shard comes back
once, with its number, so nothing is lost and nothing counts twice.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from inspector.corpus.planning import Shard
from inspector.corpus.work import Progress, Work, Worker
from inspector.errors import InputError, InspectorError, MachineError

#: Seconds until a cluster that does not answer is given up.
_PATIENCE = 5.0
#: Where Ray's own addresses lead that name no port.
_DEFAULT_PORT = 6379


class Ray:
    """Runs the shards on a Ray cluster.

    Parameters
    ----------
    address:
        ``host:port`` of the cluster's head; None starts one on this machine, for this run.
    worker:
        What measures a shard.

    Raises
    ------
    InputError
        When Ray is not installed, or the address is none.
    MachineError
        When nobody answers at the address.
    """

    def __init__(self, address: str | None = None, worker: type[Worker] = Worker) -> None:
        if find_spec("ray") is None or find_spec("ray.data") is None:
            raise InputError(
                "Ray is not installed.", 'Install it: pip install "attention-inspector[ray]"'
            )
        if address is not None:
            _knock(address)
        self._address = address
        self._worker = worker

    def run(
        self, work: Work, shards: Iterable[Shard], progress: Progress
    ) -> Iterator[tuple[int, bytes]]:
        """Run the shards on all workers of the cluster.

        Raises
        ------
        InspectorError
            What a worker raised.
        MachineError
            When the cluster is lost.
        """
        items = [
            {"index": shard.index, "sentences": len(shard.sentences), "shard": pickle.dumps(shard)}
            for shard in shards
        ]
        if not items:
            return
        # Its usage statistics would be sent somewhere.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray

        _connect(ray, self._address)
        try:
            for row in _rows(ray, items, work, self._worker):
                if row["refusal"]:
                    raise pickle.loads(row["refusal"])  # noqa: S301 - we pickled it
                progress(int(row["sentences"]))
                yield int(row["index"]), row["record"]
        except ray.exceptions.RayError as error:
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise MachineError(
                f"The Ray workers gave up: {said[-1].rstrip('.')}.",
                "Finished shards are kept: the same command goes on from there.",
            ) from error
        finally:
            ray.shutdown()


class _Actor:
    """What Ray starts: a model, for as many shards as come.

    A refusal comes back as a row. Raised, it would arrive as one of Ray's errors, and an actor that
    cannot even begin would be started again and again.
    """

    def __init__(self, work: Work, worker: type[Worker]) -> None:
        self._refusal = b""
        try:
            self._worker = worker(work)
        except InspectorError as error:
            self._refusal = pickle.dumps(error)

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        (data,) = rows.pop("shard")
        record, refusal = b"", self._refusal
        if not refusal:
            try:
                record = self._worker.measure(pickle.loads(data)).to_bytes()  # noqa: S301 - ours
            except InspectorError as error:
                refusal = pickle.dumps(error)
        more = {"record": record, "refusal": refusal}
        return rows | {name: np.array([cell], dtype=object) for name, cell in more.items()}


def _rows(
    ray: Any, items: list[dict[str, Any]], work: Work, worker: type[Worker]
) -> Iterator[dict[str, Any]]:
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    there = ray.cluster_resources()
    # A worker has a GPU to itself where there are some, and else a core.
    gpus = int(there.get("GPU", 0))
    workers = max(1, min(len(items), gpus or int(there.get("CPU", 1))))
    shards = ray.data.from_items(items, override_num_blocks=len(items))
    measured = shards.map_batches(
        _Actor,
        fn_constructor_args=(work, worker),
        batch_size=1,
        batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_gpus=1 if gpus else None,
        num_cpus=None if gpus else 1,
        max_restarts=-1,
        max_task_retries=-1,
    )
    rows: Iterator[dict[str, Any]] = measured.iter_rows()
    return rows


def _connect(ray: Any, address: str | None) -> None:
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        ray.init(
            address=address or "local",
            ignore_reinit_error=True,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            **({} if address else {"include_dashboard": False}),
        )
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
        raise _unreachable(address or "this machine", str(error)) from error


def _knock(address: str) -> None:
    """See whether anybody answers: Ray itself would go on asking for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host:
        host, port = port, str(_DEFAULT_PORT)
    if not port.isdecimal():
        raise InputError(f"{address} is no address.", "Give host:port of the cluster's head.")
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, str(error)) from error


def _unreachable(address: str, reason: str) -> MachineError:
    said = " ".join(reason.split()) or "nobody answers"
    return MachineError(
        f"The Ray cluster at {address} cannot be reached: {said.rstrip('.')}.",
        "Check --address, or leave it out to start Ray on this machine.",
    )
