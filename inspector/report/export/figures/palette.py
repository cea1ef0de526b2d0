"""The page's colours, for what is drawn outside of it.

The stops of the ramp and the way they are blended are those of ``shared/colour.js``, the single
colours those of ``shared/base.css``; a test holds both to them. The light paper alone is another:
a figure stands on the white of somebody else's page.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from inspector.record import record

Theme = Literal["light", "dark"]
Steps = NDArray[np.uint8]

#: Steps of a ramp.
_STEPS = 256
#: The ramp of amounts, from nothing to all.
_STOPS: dict[Theme, tuple[str, ...]] = {
    "light": ("#fdfcf9", "#d5e3ee", "#8fb8d8", "#3f83b7", "#134f86", "#06264a"),
    "dark": ("#191c21", "#1d3a57", "#235f93", "#4190cb", "#93c8ee", "#f1f9ff"),
}


@record(frozen=True, slots=True)
class Palette:
    """What a figure is drawn in, as ``#rrggbb``."""

    paper: str
    ink: str
    muted: str
    rule: str
    amount: str
    second: str
    #: (256, 3) uint8
    ramp: Steps

    def of(self, steps: Steps) -> Steps:
        """Return the ramp's colours at steps of any shape: the shape and 3, uint8."""
        colours: Steps = self.ramp[steps]
        return colours

    def hex(self, step: int) -> str:
        """Return one colour of the ramp as ``#rrggbb``."""
        return "#" + "".join(f"{part:02x}" for part in self.ramp[step])


@cache
def palette(theme: Theme) -> Palette:
    """Return the colours of a theme."""
    named = (
        ("#ffffff", "#1c1f24", "#595e67", "#ddd7ca", "#3f83b7", "#b8620d")
        if theme == "light"
        else ("#14161a", "#eae7e0", "#a6abb4", "#343941", "#4e9bd2", "#e0924a")
    )
    return Palette(*named, ramp=_ramp(_STOPS[theme]))


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the three parts, 0 … 255, of ``#rrggbb``."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def steps_of(values: NDArray[np.floating], high: float) -> Steps:
    """Return the steps, 0 … 255, of values from 0 to ``high``, as the page rounds them."""
    if not high > 0:
        return np.zeros(values.shape, dtype=np.uint8)
    # JavaScript rounds halves up, NumPy to the even number.
    found = np.floor(values.astype(np.float64) / high * (_STEPS - 1) + 0.5)
    return np.clip(found, 0, _STEPS - 1).astype(np.uint8)


def _ramp(stops: tuple[str, ...]) -> Steps:
    """Blend the stops in linear light: (256, 3) uint8."""
    parts = np.array([rgb(stop) for stop in stops]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    places = np.linspace(0, len(stops) - 1, _STEPS)
    blended = np.stack(
        [np.interp(places, np.arange(len(stops)), linear[:, part]) for part in range(3)], axis=1
    )
    light = np.where(blended <= 0.0031308, blended * 12.92, 1.055 * blended ** (1 / 2.4) - 0.055)
    ramp: Steps = np.rint(light * 255).astype(np.uint8)
    return ramp
