"""bertviz's own head view and model view, as pages that open offline.

bertviz draws them, from the attention that was captured. What it returns is meant for a notebook
with a network: it loads require.js, d3 and jQuery from a CDN, carries its numbers twice (the
marker that they replace also stands in a comment) and puts tokens into a script as they are. So
what it returns is taken apart here and put together again: d3 and jQuery stand inline, as the
packages ``mpld3`` and ``XStatic-jQuery`` bring them, the numbers are there once, and a token is
only ever text. A policy that names each script by its hash forbids the pages every request.

This is the only module that knows bertviz, and the only one outside ``model/`` that makes tensors:
bertviz takes nothing else.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from html import escape
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np

from inspector.errors import InputError, MachineError
from inspector.files import PAGE, write_whole
from inspector.records import Array, Trace, TracedLayer
from inspector.report.html.blobs import policy_hash

#: Beyond that many tokens the pages take Chromium half a minute, and are asked for twice.
MANY_TOKENS = 128
#: Measured: what a weight takes in a page, and what the libraries take.
_WEIGHT_BYTES = 15
_LIBRARY_BYTES = 340_000
_TITLE_LENGTH = 60
#: Where bertviz 1.4 puts its numbers.
_PAYLOAD_MARK = "const params = "
#: Distribution, file in it, and what it is; in the order in which the pages load them.
_LIBRARIES = (
    ("XStatic-jQuery", "xstatic/pkg/jquery/data/jquery.min.js", "jQuery"),
    ("mpld3", "mpld3/js/d3.v5.min.js", "d3"),
)
#: Powers of ten that a double holds exactly.
_TENS = np.array([float(f"1e{power}") for power in range(23)])

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="attention-inspector">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
{body}
{scripts}
</body>
</html>
"""


def view_paths(report: Path) -> dict[str, Path]:
    """Return where the two views of a report go: beside it, named after it."""
    stem = report.stem if report.suffix.lower() in {".html", ".htm"} else report.name
    return {
        "bertviz_head": report.with_name(f"{stem}.head.html"),
        "bertviz_model": report.with_name(f"{stem}.model.html"),
    }


def refuse_large(trace: Trace) -> None:
    """Refuse a text whose views would be large and slow.

    Raises
    ------
    InputError
        Above ``MANY_TOKENS`` tokens.
    """
    count = trace.longest
    if count > MANY_TOKENS:
        raise InputError(
            f"At {count} tokens each of bertviz's two pages would have about "
            f"{page_bytes(trace) / 1e6:.0f} MB and open slowly or not at all.",
            "Add --yes to write them all the same, or leave out --bertviz: the report stays small.",
        )


def page_bytes(trace: Trace) -> int:
    """Return about how many bytes one view takes."""
    weights = sum(layer.attention.size for layer in trace.layers)
    # Of a pair bertviz ships the whole and its four quarters.
    copies = 1 if _second_text(trace) is None else 2
    return _LIBRARY_BYTES + _WEIGHT_BYTES * weights * copies


def write_views(trace: Trace, report: Path) -> dict[str, Path]:
    """Write both views beside ``report`` and return where they are.

    Raises
    ------
    InputError
        When bertviz has no view of such a model, or the place cannot hold a file.
    MachineError
        When the machine refuses to write, or a library that the pages need is not there.
    """
    from bertviz import head_view, model_view

    taken = _taken(trace)
    paths = view_paths(report)
    views: tuple[tuple[str, str, Callable[..., Any], dict[str, str]], ...] = (
        ("bertviz_head", "head view", head_view, {}),
        ("bertviz_model", "model view", model_view, {"display_mode": "light"}),
    )
    for kind, name, view, options in views:
        with warnings.catch_warnings():
            # bertviz leaves the closing of its template to Python.
            warnings.simplefilter("ignore", ResourceWarning)
            drawn = view(**taken, html_action="return", **options)
        page = _offline(drawn.data, _title(trace, name))
        write_whole(paths[kind], page.encode(), PAGE)
    return paths


# --- what bertviz takes ---------------------------------------------------------------------


def _taken(trace: Trace) -> dict[str, Any]:
    """Return what bertviz's views are called with.

    bertviz takes the same layers and as many heads at every site.
    """
    layers = [[trace.layers[place] for place in trace.indices(site)] for site in trace.sites]
    counts = {tuple((at.layer, len(at.attention)) for at in site) for site in layers}
    uneven = len(counts) != 1 or len({heads for _, heads in next(iter(counts))}) != 1
    if uneven or (trace.target is None and trace.sites != ("self",)):
        raise InputError(
            "bertviz draws models with the same layers at every site and as many heads in each, "
            "and this model has other layers.",
            "Leave out --bertviz: the report shows them.",
        )
    numbers = sorted(at.layer for at in layers[0])
    tokens = [token.text for token in trace.text.tokens]
    if trace.target is None:
        return {
            "attention": _tensors(layers[0]),
            "tokens": tokens,
            "sentence_b_start": _second_text(trace),
            "include_layers": numbers,
        }
    return {
        **{f"{site[0].site}_attention": _tensors(site) for site in layers},
        "encoder_tokens": tokens,
        "decoder_tokens": [token.text for token in trace.target.tokens],
        "include_layers": numbers,
    }


def _tensors(layers: list[TracedLayer]) -> list[Any]:
    """Return a (1, H, T, S) tensor at each layer's number.

    bertviz finds a layer by its place in the list and counts the heads at place 0, so that a
    number without attention gets the first layer's weights, which it does not draw.
    """
    import torch

    found = {layer.layer: torch.from_numpy(_shortened(layer.attention))[None] for layer in layers}
    first = next(iter(found.values()))
    return [found.get(number, first) for number in range(max(found) + 1)]


def _shortened(weights: Array) -> Array:
    """Return the same weights as doubles of nine digits, which is all that float32 holds.

    bertviz prints doubles: 0.1 in float32 would be 0.10000000149011612. Each number still reads
    back as the float32 that it was.
    """
    exact = weights.astype(np.float64)
    with np.errstate(divide="ignore"):
        places = 8 - np.floor(np.log10(np.abs(exact)))
    scale = _TENS[np.clip(places, 0, len(_TENS) - 1).astype(np.intp)]
    rounded = np.rint(exact * scale) / scale
    return np.where(rounded.astype(weights.dtype) == weights, rounded, exact)


def _second_text(trace: Trace) -> int | None:
    """Return the place of the second text's first token, None where there is one text."""
    if trace.text.pair is None:
        return None
    return next((i for i, token in enumerate(trace.text.tokens) if token.segment == 1), None)


# --- what becomes of what bertviz returns ---------------------------------------------------


def _offline(drawn: str, title: str) -> str:
    """Put bertviz's elements and script into a page that needs nothing else."""
    elements, _, script = drawn.partition('<script type="text/javascript">')
    _loader, _, body = elements.partition("</script>")
    scripts = [
        *libraries(),
        _once(script.rpartition("</script>")[0]),
    ]
    # No library has such a thing today; in JavaScript the two spellings mean the same.
    inline = [re.sub(r"<(?=/script|!--)", r"<\\", source, flags=re.I) for source in scripts]
    hashes = " ".join(f"'{policy_hash(source)}'" for source in inline)
    return _PAGE.format(
        policy=(
            "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
            f"style-src 'unsafe-inline'; script-src {hashes}"
        ),
        title=escape(title),
        body=body.strip(),
        scripts="\n".join(f"<script>{source}</script>" for source in inline),
    )


def _once(script: str) -> str:
    """Leave bertviz's numbers and tokens in its script once, with no < in them."""
    start = script.index(_PAYLOAD_MARK) + len(_PAYLOAD_MARK)
    _, end = json.JSONDecoder().raw_decode(script, start)
    payload = script[start:end]
    rest = script[end:].replace(payload, "PYTHON_PARAMS")
    return script[:start] + payload.replace("<", "\\u003c") + rest


def libraries() -> list[str]:
    """Return the scripts that bertviz's pages otherwise load from a CDN, in their order.

    Raises
    ------
    MachineError
        When a package that brings one of them is not there.
    """
    own = resources.files("inspector.report.export") / "bertviz_require.js"
    return [*(_library(*library) for library in _LIBRARIES), own.read_text(encoding="utf-8")]


def _library(package: str, file: str, name: str) -> str:
    """Return a library as a package brings it, without importing the package."""
    try:
        place = metadata.distribution(package).locate_file(file)
        return Path(str(place)).read_text(encoding="utf-8")
    except (metadata.PackageNotFoundError, OSError) as error:
        raise MachineError(
            f"The package {package}, which brings {name} for bertviz's pages, is not there or "
            "not whole.",
            f"Install it again: pip install --force-reinstall {package}",
        ) from error


def _title(trace: Trace, view: str) -> str:
    text = trace.text.text
    short = text if len(text) <= _TITLE_LENGTH else text[: _TITLE_LENGTH - 1] + "…"
    # A lone surrogate can be in no file.
    return f"{short} · bertviz {view}".encode("utf-8", "replace").decode()
