"""A long text in the terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from rich.console import Console
from synthetic_long import long_text

from inspector.report.terminal.long_text import print_long


def test_a_layer_that_hears_nobody_from_afar_is_not_counted() -> None:
    found = long_text()
    lifts = np.full_like(found.lifts, np.nan)
    # The first layer is near-sighted; in the two others stretch 3 is given 2 and 4 even parts.
    lifts[1:, 3] = 2, 4
    out = io.StringIO()
    print_long(Console(file=out, width=200), replace(found, lifts=lifts))
    first = out.getvalue().split("times an even part")[1].splitlines()[1]
    assert first.split()[0] == "3.00"
