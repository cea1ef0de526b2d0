"""What a shard leaves behind: sums, counts and a few examples, and a file of them."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from inspector.corpus.examples import Best
from inspector.corpus.sums import Sums
from inspector.corpus.treebank.syntax import SyntaxSums
from inspector.record import record
from inspector.records.text import Int64


@record(frozen=True, slots=True)
class LeftOut:
    """How many sentences were left out for one reason, and the key of the first of them."""

    count: int = 0
    first: int | None = None

    @classmethod
    def of(cls, keys: list[int]) -> LeftOut:
        """Count the sentences with these keys, which are in the order of the corpus."""
        return cls(len(keys), keys[0] if keys else None)

    def __add__(self, after: LeftOut) -> LeftOut:
        return LeftOut(self.count + after.count, after.first if self.first is None else self.first)


@record(frozen=True, slots=True)
class Tally:
    """How many of what went in, and how many were left out."""

    #: Sentences that were read, their tokens, and the content tokens among them.
    sentences: int
    tokens: int
    queries: int
    #: Sentences that were cut to fit, and those whose first token is one of the text: in them
    #: another could stand there.
    truncated: int
    first_is_content: int
    #: Sentences that do not fit into the model, and those in which its tokenizer finds nothing.
    too_long: LeftOut
    unreadable: LeftOut

    def plus(self, after: Tally) -> Tally:
        """Add the count of the sentences that come after."""
        return Tally(
            **{one.name: getattr(self, one.name) + getattr(after, one.name) for one in fields(self)}
        )


@record(frozen=True, slots=True)
class Record:
    """Everything that is kept of a shard."""

    tally: Tally
    #: The basic statistics; their weights are 1 and the bootstrap's.
    basic: Sums
    #: The same under a permutation of the content keys, weighted by 1 only.
    permuted: Sums
    #: Rungs and references of the ladder; None where they were not asked for.
    ladder: Sums | None
    #: What silencing each head does, and how far attention tells which words matter, on a sample of
    #: the sentences; None where they were not asked for.
    effects: Sums | None
    explanations: Sums | None
    best: Best
    #: The keys of the shard's sentences, from which their weights follow, and what of their trees
    #: the heads found, by sentence; None where no sentence has a tree.
    keys: Int64
    syntax: SyntaxSums | None
    #: By statistic the largest change of a head's mean by bfloat16, on a sample; else empty.
    shift: dict[str, float]

    def to_bytes(self) -> bytes:
        """Write the record as a NumPy archive."""
        arrays: dict[str, Any] = {
            "keys": self.keys,
            "best.values": self.best.values,
            "best.keys": self.best.keys,
        }
        sums = {"basic": self.basic, "permuted": self.permuted}
        for name in ("ladder", "effects", "explanations"):
            if (asked := getattr(self, name)) is not None:
                sums[name] = asked
        for name, one in sums.items():
            arrays[f"{name}.values"], arrays[f"{name}.counts"] = one.values, one.counts
        if self.syntax is not None:
            for field in fields(SyntaxSums):
                arrays[f"syntax.{field.name}"] = getattr(self.syntax, field.name)
        said = {
            "tally": asdict(self.tally),
            "names": {name: one.names for name, one in sums.items()},
            "texts": list(self.best.texts.items()),
            "shift": self.shift,
        }
        arrays["said"] = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        """Read what ``to_bytes`` wrote.

        Raises
        ------
        ValueError, KeyError, OSError, zipfile.BadZipFile
            When it is something else or damaged.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            said = json.loads(arrays["said"].tobytes())
            sums = {
                name: Sums(tuple(names), arrays[f"{name}.values"], arrays[f"{name}.counts"])
                for name, names in said["names"].items()
            }
            syntax = None
            if "syntax.found" in arrays:
                names = [field.name for field in fields(SyntaxSums)]
                syntax = SyntaxSums(**{name: arrays[f"syntax.{name}"] for name in names})
            return cls(
                tally=Tally(
                    **said["tally"]
                    | {name: LeftOut(**said["tally"][name]) for name in ("too_long", "unreadable")}
                ),
                basic=sums["basic"],
                permuted=sums["permuted"],
                ladder=sums.get("ladder"),
                effects=sums.get("effects"),
                explanations=sums.get("explanations"),
                best=Best(arrays["best.values"], arrays["best.keys"], dict(said["texts"])),
                keys=arrays["keys"],
                syntax=syntax,
                shift=said["shift"],
            )
