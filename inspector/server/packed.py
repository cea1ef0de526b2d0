"""An answer on its way to the page."""

from __future__ import annotations

import json
import struct
from typing import Any

from inspector.report.html.payload.build import Payload


def packed(payload: Payload, moved: dict[str, Any] | None = None) -> bytes:
    """Pack a payload as ``assets/live/unpack.js`` reads it.

    Four bytes say how long the JSON is that follows, little-endian; behind it stand the planes of
    the blobs, in the order in which its header lists them. Nothing is deflated: that takes longer
    than sending it to the same machine.
    """
    said = json.dumps(
        {"header": payload.header, "moved": moved}, allow_nan=False, separators=(",", ":")
    ).encode()
    planes = (plane for blob in payload.blobs for plane in blob.planes)
    return b"".join((struct.pack("<I", len(said)), said, *planes))
