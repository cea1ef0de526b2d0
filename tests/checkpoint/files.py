"""Safetensors files made by hand, byte by byte, and small good ones to damage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def write(path: Path, header: Any, data: bytes = b"", *, length: int | None = None) -> Path:
    """Write a header, an object or text as it is, and what comes behind it."""
    written = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    size = len(written) if length is None else length
    path.write_bytes(size.to_bytes(8, "little") + written + data)
    return path


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:end]), data[end:]


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_header(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    header, data = parts(folder / "model.safetensors")
    change(header)
    write(folder / "model.safetensors", header, data)
