"""A record of weights in another dtype: float64, where the arbitration asks for it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

Record = TypeVar("Record")


def cast(record: Record, dtype: type[np.floating[Any]]) -> Record:
    """Return a record, and those in it, with every array of floats in ``dtype``.

    What has that dtype already is not copied; nothing else is touched. Numbers of positions stay
    as they are: models take their angles and slopes in float32 whatever the rest runs in.
    """
    if dtype is np.float32:  # as every checkpoint is put together
        return record
    cast_record: Record = _cast(record, dtype)
    return cast_record


def _cast(record: Any, dtype: type[np.floating[Any]]) -> Any:
    if isinstance(record, np.ndarray):
        return record.astype(dtype, copy=False)
    if not is_dataclass(record) or isinstance(record, type):
        return record
    changed = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name != "config" and (new := _cast(value, dtype)) is not value:
            changed[field.name] = new
    return replace(record, **changed) if changed else record
