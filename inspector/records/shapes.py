"""The kinds of arrays and of words that every record is made of."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

SiteName = Literal["self", "encoder", "decoder", "cross"]
#: ``unproved``: the real model was not asked, or not yet.
Verdict = Literal["verified", "rounding", "consistent", "mismatch", "not_recomputed", "unproved"]
#: What was rebuilt, and from what: the attention from a layer's input and the checkpoint's weights;
#: only its last step, from the queries, keys and values that the model itself computed; nothing.
Tier = Literal["weights", "captured", "none"]
