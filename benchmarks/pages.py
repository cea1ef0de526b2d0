"""The pages that are compared: ours, bertviz's model view and Inspectus, each from the same run.

Every builder takes an inspection and returns one HTML page that opens offline, with what its own
program would have written and nothing left out. What had to be added to the peers' pages to make
them open without a network, and to tell when they are drawn, is counted apart.

* **bertviz** loads require.js, d3 5.7.0 and jQuery from a CDN. In their place stand d3 5.7.0 as
  mpld3 ships it, jQuery as XStatic-jQuery ships it, and a few lines that call the page's function
  with both at once, which is what require.js does after loading. That leaves out the network and
  so favours bertviz.
* **Inspectus** shows its page in a notebook as two pieces of HTML that need no CDN; they are
  caught and put into one file. It is given word pieces without their “##”, at which its page
  would stop.

When a page is drawn: ours sets ``data-ready`` on ``<html>`` two animation frames after what is on
its first screen was drawn; the sections below follow one by one, and ``use.py`` counts their tasks.
The peers draw in one go while their script runs, so a script behind it that waits for two animation
frames and sets the same attribute is the same criterion. It also asks whether the drawing is there,
all of it: a line for each weight of each head in bertviz's, a cell for each pair of tokens in
Inspectus' (its first view sums over heads and layers).
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import numpy as np

from inspector.report.export.bertviz_views import libraries
from inspector.report.html.page import render_report
from inspector.session import Inspection


def ours(found: Inspection) -> str:
    """Return our report."""
    return render_report(found)


def bertviz(found: Inspection) -> str:
    """Return bertviz's model view as bertviz writes it, which needs a CDN to open."""
    import torch
    from bertviz import model_view

    weights = [torch.from_numpy(layer.attention)[None] for layer in found.trace.layers]
    tokens = [token.text for token in found.tokens]
    page: str = model_view(weights, tokens, display_mode="light", html_action="return").data
    return page


def inspectus(found: Inspection) -> str:
    """Return what Inspectus shows in a notebook, as one file."""
    from inspectus import attention

    pieces: list[str] = []

    def catch(*shown: Any) -> None:
        pieces.extend(each.data for each in shown)

    weights = np.stack([layer.attention for layer in found.trace.layers])
    with patch("IPython.display.display", catch):
        # A token with “#” in it, as word pieces have, ends its drawing with an error.
        attention(weights, [token.text.replace("#", "") for token in found.tokens])
    return "".join(pieces)


def openable(name: str, page: str, tokens: int, heads: int) -> str:
    """Return the page of a peer so that it opens offline and says when it is drawn."""
    if name == "ours":
        return page
    before, selector, count = "", "", 0
    if name == "bertviz":
        before = "".join(f"<script>{code}</script>" for code in libraries())
        # The page's own reference to the CDN would only fail, after a while.
        page = page.replace(_between(page, "<script src=", "</script>"), "", 1)
        selector, count = "line", heads * tokens * tokens
    else:
        selector, count = "svg.matrix rect.cell", tokens * tokens
    ready = (
        "requestAnimationFrame(() => requestAnimationFrame(() => {"
        f"const drawn = document.querySelectorAll('{selector}').length;"
        f"document.documentElement.dataset[drawn === {count} ? 'ready' : 'broken'] = drawn;"
        "}));"
    )
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8">{before}</head>'
        f"<body>{page}<script>{ready}</script></body></html>"
    )


def _between(page: str, start: str, end: str) -> str:
    """Return the first piece of the page from ``start`` up to and with ``end``."""
    begins = page.index(start)
    return page[begins : page.index(end, begins) + len(end)]
