"""A long text: read by our own forward without keeping any matrix, then some of it proved."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from inspector.checkpoint.readable import refuse_unreadable
from inspector.commands.asked import AskedEffects, AskedModel, AskedText, status
from inspector.commands.browser import in_browser
from inspector.commands.options import command_line
from inspector.errors import InputError
from inspector.files import MIB, PAGE, Output, read_limited, refuse_places

if TYPE_CHECKING:
    from inspector.long_text import LongInspection
    from inspector.records import Checkpoint, Text

_MISMATCH = 1
#: Bytes of a text in a file.
_LIMIT = 16 * MIB
#: Bytes of a text up to which nobody has to ask whether it is long.
_SHORT = 1000
_HEAD = re.compile(r"(\d{1,6})\.(\d{1,6})")


@dataclass(frozen=True, kw_only=True)
class WantedHeads:
    """Which heads of a long text are wanted exactly."""

    #: Heads and layers of which the page is to have every weight.
    heads: tuple[tuple[int, int], ...] = ()
    layers: tuple[int, ...] = ()

    def asked(self, checkpoint: Checkpoint) -> list[tuple[int, int]]:
        """Return the heads that were asked for, (layer, head), those of whole layers among them.

        Raises
        ------
        InputError
            When the model has no such layer or head.
        """
        from inspector.long_text import refuse_no_head

        counts = [layer.config.heads for layer in checkpoint.attention or ()]
        refuse_no_head(checkpoint.title, counts, self.heads)
        found = [*self.heads]
        for layer in self.layers:
            if layer >= len(counts):
                raise InputError(
                    f"There is no layer {layer}: {checkpoint.title} has layers 0 to "
                    f"{len(counts) - 1}.",
                    "Layers count from 0.",
                )
            found += ((layer, head) for head in range(counts[layer]))
        return found


@dataclass(frozen=True, kw_only=True)
class WantedLong(WantedHeads):
    """What is to be printed and written of a long text."""

    place: Path
    report: bool
    open_report: bool
    as_json: bool


def read_text_file(path: Path) -> str:
    """Return a file as one text, its last line end left out.

    Raises
    ------
    InputError
        When there is no such file, when it is larger than 16 MiB, binary, no UTF-8, or empty.
    """
    data = read_limited(path, _LIMIT)
    if b"\0" in data:
        raise InputError(f"{path} is binary.", "Give a text file in UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not valid UTF-8 at byte {error.start}.", "Convert the file to UTF-8."
        ) from error
    text = text.replace("\r\n", "\n").removesuffix("\n")
    if not text.strip():
        raise InputError(f"{path} holds no text.", "Give a text file in UTF-8.")
    return text


def parse_heads(said: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Return heads that were named as ``24.8``, or several with commas between.

    Raises
    ------
    InputError
        When one is named otherwise.
    """
    found = []
    for name in (part.strip() for each in said for part in each.split(",")):
        one = _HEAD.fullmatch(name)
        if one is None:
            raise InputError(
                f"“{name}” names no head.", "Name heads by layer and number: --heads 24.8,5.6"
            )
        found.append((int(one[1]), int(one[2])))
    return tuple(found)


def if_long(
    asked: AskedText,
    wanted: WantedLong,
    model: AskedModel,
    effects: AskedEffects,
    refused: list[str],
) -> int | None:
    """Inspect a text that is too long for its attention to be kept; None where it is not.

    Effects are measured only where they are asked for: they take a pass for every stretch.
    ``refused`` are options that were given and need whole matrices.

    Raises
    ------
    InputError
        When it is long and something is wanted that a long text does not have.
    """
    # No token is shorter than a byte: most texts need not be read twice.
    if len(asked.text.encode("utf-8", "replace")) < _SHORT:
        return None
    refuse_unreadable(asked.text)
    reading = asked.reading
    others = {
        "--pair": asked.pair is not None,
        "--target": asked.target is not None,
        "--generate": reading.writing is not None,
        "--chat": reading.chat,
        "--pieces": reading.pieces,
    }
    with status(quiet=wanted.as_json) as progress:
        checkpoint = model.open(progress)
    if checkpoint.cannot_run is not None or checkpoint.takes_target:
        return None
    from inspector.long_text import encode_long, is_long

    text = encode_long(checkpoint, asked.text, truncate=reading.truncate)
    if not is_long(checkpoint, len(text)):
        return None
    if not wanted.report and (wanted.heads or wanted.layers):
        raise InputError(
            "--heads and --layers choose what the page has, and there is to be none.",
            "Leave --no-report out.",
        )
    refused = [*refused, *(name for name, given in others.items() if given)]
    if refused:
        raise InputError(
            f"A text of {len(text):,} tokens is read without keeping its matrices, and so takes no "
            f"{' and no '.join(refused)}.",
            "Leave that out, or give a shorter text.",
        )
    return _show(checkpoint, text, wanted, model, effects)


def only_long(wanted: WantedHeads) -> None:
    """Refuse what only a long text has.

    Raises
    ------
    InputError
        With the option's name.
    """
    for name, given in (("--heads", wanted.heads), ("--layers", wanted.layers)):
        if given:
            raise InputError(
                f"{name} is for long texts, of which a page cannot have every head.",
                "Leave it out: this page has them all.",
            )


def _show(
    checkpoint: Checkpoint,
    text: Text,
    wanted: WantedLong,
    model: AskedModel,
    effects: AskedEffects,
) -> int:
    """Print the answer and write the report, then prove what can be proved of it.

    Returns 1 where the real model disagrees, else 0.

    Raises
    ------
    KeyboardInterrupt
        Behind the report on the layers that were read, where the reading was stopped.
    """
    from inspector.analysis.answers import known_entry
    from inspector.long_text import read_long
    from inspector.report.terminal.inspection import print_files
    from inspector.report.terminal.long_text import (
        print_long,
        print_long_effects,
        print_long_verdict,
    )

    if wanted.report:
        refuse_places([Output("--out", wanted.place, PAGE)])
    console = Console(highlight=False, quiet=wanted.as_json)
    # Before the reading, which takes minutes.
    asked = wanted.asked(checkpoint)
    for named in (effects.answer, effects.against):
        if named is not None:
            known_entry(checkpoint, named)
    with status(quiet=wanted.as_json) as progress:
        found = read_long(checkpoint, text, keep_stopped=True, progress=progress)
    print_long(console, found)
    heads = [one for one in asked if one[0] < len(found.layers)]
    files = _write(found, wanted, heads)
    print_files(console, files)
    if found.stopped:
        # What was read is kept; the program ends as it does whenever it is stopped.
        raise KeyboardInterrupt
    if effects.wanted:
        with status(quiet=wanted.as_json) as progress:
            found = found.with_effects(
                answer=effects.answer, against=effects.against, progress=progress
            )
        print_long_effects(console, found)
        _write(found, wanted, heads)
    if model.prove:
        with status(quiet=wanted.as_json) as progress:
            found = found.prove(model.load(progress), progress)
        _write(found, wanted, heads)
    print_long_verdict(console, found)
    if wanted.as_json:
        from inspector.report.export.long_text import summarise_long

        click.echo(json.dumps(summarise_long(found, files), allow_nan=False))
    if wanted.open_report:
        in_browser(wanted.place)
    return _MISMATCH if found.verification.verdict == "mismatch" else 0


def _write(
    found: LongInspection, wanted: WantedLong, heads: list[tuple[int, int]]
) -> dict[str, str]:
    if not wanted.report:
        return {}
    found.to_html(wanted.place, heads=heads, command=command_line())
    return {"report": str(wanted.place)}
