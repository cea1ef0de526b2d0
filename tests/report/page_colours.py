"""The page's own colours, read from its files, and its ramps worked out by hand."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

ASSETS = Path(str(resources.files("inspector.report.html") / "assets"))
COLOUR = ASSETS / "shared" / "colour.js"


def stops_of_the_page(theme: str) -> list[str]:
    block = COLOUR.read_text(encoding="utf-8").split(f"{theme}: {{")[1]
    return re.findall(r"#[0-9a-f]{6}", block.split("amount: [")[1].split("]")[0])


def blended(stops: list[str], step: int) -> list[int]:
    """One step of a ramp by hand."""
    place = step / 255 * (len(stops) - 1)
    at = min(int(place), len(stops) - 2)
    parts = []
    for channel in (1, 3, 5):
        ends = [int(stop[channel : channel + 2], 16) / 255 for stop in stops[at : at + 2]]
        low, high = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in ends)
        linear = low + (high - low) * (place - at)
        c = linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
        parts.append(round(c * 255))
    return parts
