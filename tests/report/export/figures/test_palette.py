"""The colours of figures are the page's: its own files, and what node makes of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from page_colours import ASSETS, COLOUR, blended, stops_of_the_page

from inspector.report.export.figures.ladder import TITLES
from inspector.report.export.figures.palette import Theme, palette, steps_of

THEMES: tuple[Theme, ...] = ("light", "dark")


@pytest.mark.parametrize("theme", THEMES)
def test_the_ramp_is_the_pages(theme: Theme) -> None:
    stops = stops_of_the_page(theme)
    assert len(stops) == 6
    assert palette(theme).ramp.tolist() == [blended(stops, step) for step in range(256)]
    assert palette(theme).hex(255) == stops[-1]


def test_node_makes_the_same_ramp_of_the_page() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    script = (
        f"import({json.dumps(COLOUR.as_uri())}).then(({{ramp}}) => console.log(JSON.stringify("
        f"{json.dumps([stops_of_the_page(theme) for theme in THEMES])}.map((s) => [...ramp(s)]))))"
    )
    done = subprocess.run(
        [node, "--input-type=module", "-e", script], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [palette(theme).ramp.ravel().tolist() for theme in THEMES]


def test_single_colours_are_the_pages() -> None:
    css = (ASSETS / "shared" / "base.css").read_text(encoding="utf-8")
    pairs = {
        name: pair for name, *pair in re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", css)
    }
    for at, theme in enumerate(THEMES):
        ours = palette(theme)
        for name in ("ink", "muted", "rule", "amount", "second"):
            assert getattr(ours, name) == pairs[name][at], (theme, name)
    assert palette("dark").paper == pairs["paper"][1]
    # A paper is white.
    assert palette("light").paper == "#ffffff"


def test_steps_are_rounded_as_on_the_page() -> None:
    # Half a step goes up, as Math.round has it.
    values = np.array([0, 0.5, 1.5, 2.5, 254.5, 255, 300, -1]) / 255
    assert steps_of(values, 1).tolist() == [0, 1, 2, 3, 255, 255, 255, 0]
    assert steps_of(np.zeros(3), 0).tolist() == [0, 0, 0]


def test_rungs_are_called_what_the_page_calls_them() -> None:
    source = (ASSETS / "attention" / "rungs.js").read_text(encoding="utf-8")
    block = source.split("const TITLES = {")[1].split("}")[0]
    assert dict(re.findall(r'(\w+): "([^"]+)"', block)) == TITLES
