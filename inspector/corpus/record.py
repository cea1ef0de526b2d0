"""What a shard leaves behind: sums, counts and a few examples, and a file of them."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, fields

import numpy as np

from inspector.corpus.examples import Best
from inspector.corpus.sums import Sums, added
from inspector.records import Float64


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of what went in, and how many were left out."""

    #: Sentences that were read, their tokens, and the content tokens among them.
    sentences: int = 0
    tokens: int = 0
    queries: int = 0
    #: Sentences left out because they do not fit into the model, or because its tokenizer finds
    #: nothing to read in them.
    too_long: int = 0
    unreadable: int = 0
    #: Sentences that were cut to fit.
    truncated: int = 0
    #: Sentences whose first token is one of the text: in them another could stand there.
    first_is_content: int = 0

    def plus(self, other: Tally) -> Tally:
        """Add another count."""
        return Tally(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is kept of some sentences; records of consecutive shards can be merged."""

    tally: Tally
    #: The basic statistics; their weights are 1 and the bootstrap's.
    basic: Sums
    #: The same under a permutation of the content keys, weighted by 1 only.
    permuted: Sums
    #: Rungs and references of the ladder; None where they were not asked for.
    ladder: Sums | None
    best: Best
    #: The largest change of any head's mean by bfloat16, by statistic, on a sample; else empty.
    shift: dict[str, float]

    def plus(self, after: Record) -> Record:
        """Merge with the record of the sentences that come after."""
        return Record(
            tally=self.tally.plus(after.tally),
            basic=self.basic.plus(after.basic),
            permuted=self.permuted.plus(after.permuted),
            ladder=added(self.ladder, after.ladder),
            best=self.best.plus(after.best),
            shift=self.shift | after.shift,
        )

    def to_bytes(self) -> bytes:
        """Write the record as a NumPy archive."""
        arrays: dict[str, np.ndarray] = {
            "best.values": self.best.values,
            "best.keys": self.best.keys,
        }
        for name, sums in self._sums():
            arrays[f"{name}.values"], arrays[f"{name}.counts"] = sums.values, sums.counts
        said = {
            "tally": asdict(self.tally),
            "names": {name: sums.names for name, sums in self._sums()},
            "texts": {str(key): text for key, text in self.best.texts.items()},
            "shift": self.shift,
        }
        arrays["said"] = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        """Read what ``to_bytes`` wrote.

        Raises
        ------
        ValueError, KeyError, OSError
            When it is something else.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            said = json.loads(arrays["said"].tobytes())

            def sums(name: str) -> Sums:
                values: Float64 = arrays[f"{name}.values"]
                return Sums(tuple(said["names"][name]), values, arrays[f"{name}.counts"])

            return cls(
                tally=Tally(**said["tally"]),
                basic=sums("basic"),
                permuted=sums("permuted"),
                ladder=sums("ladder") if "ladder" in said["names"] else None,
                best=Best(
                    arrays["best.values"],
                    arrays["best.keys"],
                    {int(key): text for key, text in said["texts"].items()},
                ),
                shift=said["shift"],
            )

    def _sums(self) -> list[tuple[str, Sums]]:
        named = [("basic", self.basic), ("permuted", self.permuted), ("ladder", self.ladder)]
        return [(name, sums) for name, sums in named if sums is not None]
