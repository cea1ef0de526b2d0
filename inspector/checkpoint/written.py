"""A safetensors file written as its tensors come, so that never more than one is in memory."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from inspector.checkpoint.safetensors_file import DTYPES
from inspector.record import record


@record(frozen=True, slots=True)
class Written:
    """A tensor as it is to be written."""

    name: str
    #: What safetensors calls its dtype.
    dtype: str
    shape: tuple[int, ...]
    #: Gives its numbers, some at a time and in order, each part in one piece of memory.
    parts: Callable[[], Iterable[NDArray[Any]]]

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize


def write_safetensors(
    path: Path, tensors: Sequence[Written], progress: Callable[[int], None]
) -> None:
    """Write tensors into a new safetensors file; ``progress`` is called with the percentage done.

    Raises
    ------
    OSError
        When the machine refuses.
    """
    # Wide numbers first, so that each lies where a processor can take it.
    tensors = sorted(tensors, key=lambda one: -DTYPES[one.dtype].itemsize)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for one in tensors:
        header[one.name] = {
            "dtype": one.dtype, "shape": list(one.shape), "data_offsets": [end, end + one.size],
        }  # fmt: skip
        end += one.size
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % 8)
    done, said = 0, -1
    with path.open("wb") as target:
        target.write(len(written).to_bytes(8, "little") + written)
        for one in tensors:
            for part in one.parts():
                target.write(part.data)
                done += part.nbytes
                if said != (share := 100 * done // max(end, 1)):
                    said = share
                    progress(share)
        target.flush()
        os.fsync(target.fileno())
