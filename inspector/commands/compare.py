"""``inspect compare``: two texts by one model, or one text by two, beside each other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector.commands.options import (
    command_line,
    debug_option,
    device_option,
    file_option,
    model_option,
)
from inspector.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from inspector.commands.asked import AskedModel, AskedText
    from inspector.comparing import Comparison
    from inspector.proof import Progress
    from inspector.records.comparison import ComparisonKind
    from inspector.session import Inspection

_MISMATCH = 1
_TWO = 2


@click.command()
@click.argument("texts", nargs=-1, metavar="TEXT [TEXT]")
@model_option
@click.option(
    "--models", nargs=2, metavar="A B", help="Two models instead, for one text: names as --model's."
)
@click.option(
    "--target", metavar="TEXT", help="What the decoder reads on both sides, for encoder–decoders."
)
@device_option("The device the real models run on.")
@file_option("--out", "The page to write.  [default: comparison.html]")
@click.option("--no-report", is_flag=True, help="Do not write a page.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--no-proof",
    is_flag=True,
    help="Answer at once from the checkpoints' files, without asking the real models.",
)
@click.option("--truncate", is_flag=True, help="Cut a text that is too long for the model.")
@click.option(
    "--patches/--no-patches",
    default=None,
    help="Patch each head from the second text into the first, and say which carries the change.  "
    "[default: where it takes a few seconds]",
)
@debug_option
def compare(
    *,
    texts: tuple[str, ...],
    model: str,
    models: tuple[str, str] | None,
    target: str | None,
    device: str,
    out: Path | None,
    no_report: bool,
    open_page: bool,
    as_json: bool,
    no_proof: bool,
    truncate: bool,
    patches: bool | None,
) -> int:
    """Compare two texts by one model, or one text by two models.

    Says which heads changed most and which one carries the change, and writes a page that works
    offline; then asks the real models and says whether they agree. Exit code 1 means that one of
    them does not.
    """
    if open_page and no_report:
        raise InputError("--open needs a page.", "Leave --no-report out.")
    _refuse_other(texts, model, models)
    from inspector.checkpoint.readable import refuse_unreadable
    from inspector.commands.asked import AskedModel, AskedText, Reading
    from inspector.commands.browser import in_browser
    from inspector.comparing import different
    from inspector.files import PAGE, Output, refuse_places

    for part in (*texts, target):
        if part is not None:
            refuse_unreadable(part)
    place = out or Path("comparison.html")
    refuse_places([] if no_report else [Output("--out", place, PAGE)])
    both, names = different(
        texts[0], texts[1] if len(texts) == _TWO else None, model, models or None
    )
    reading = Reading(truncate=truncate, pieces=False)
    asked = [AskedText(text, None, target, reading) for text in both]
    chosen = [AskedModel(str(name), device, prove=not no_proof) for name in names]
    found, code = _compare(
        _Wanted(None if no_report else place, as_json=as_json), asked, chosen, patches
    )
    if as_json:
        from inspector.report.export.comparison import summarise_comparison

        files = {} if no_report else {"report": str(place)}
        click.echo(json.dumps(summarise_comparison(found, files), allow_nan=False))
    if open_page:
        in_browser(place)
    return code


@dataclass(frozen=True)
class _Wanted:
    """What is to be written, and whether anything but JSON is printed."""

    page: Path | None
    as_json: bool

    def write(self, found: Comparison, progress: Progress) -> None:
        """Write the page, if there is to be one."""
        if self.page is not None:
            progress("Writing the page")
            found.to_html(self.page, command=command_line())

    def say(self, console: Console) -> None:
        """Say where the page is."""
        if self.page is not None:
            from inspector.report.terminal.inspection import print_files

            print_files(console, {"report": str(self.page)})


def _refuse_other(texts: tuple[str, ...], model: str, models: tuple[str, str] | None) -> None:
    """Refuse what is no comparison, before anything is imported."""
    if not texts:
        raise InputError(
            "No text was given.",
            'Give two: inspect compare "It was too big" "It was too small"',
        )
    if len(texts) > _TWO:
        raise InputError(
            f"Two texts are compared, and {len(texts)} came.",
            'Put each in quotes: inspect compare "It was too big" "It was too small"',
        )
    if models and model != "bundled":
        raise InputError(
            "--model and --models are two ways to say the same.", "Leave one of them out."
        )


def _compare(
    wanted: _Wanted, asked: list[AskedText], chosen: list[AskedModel], patches: bool | None
) -> tuple[Comparison, int]:
    """Compare our own answers at once, then the proved ones; and say how it ended."""
    from rich.console import Console

    from inspector.commands.asked import status
    from inspector.comparing import set_beside
    from inspector.report.terminal.comparison import print_comparison, print_verdicts

    console = Console(highlight=False, quiet=wanted.as_json)
    kind: ComparisonKind = "texts" if chosen[0] == chosen[1] else "models"
    found: Comparison | None = None
    if chosen[0].answers_first(seen=not wanted.as_json):
        with status(quiet=wanted.as_json) as progress:
            found = _answered(asked, chosen, kind, patches, progress)
        if found is not None:
            print_comparison(console, found)
            with status(quiet=wanted.as_json) as progress:
                wanted.write(found, progress)
            wanted.say(console)
    if found is None or chosen[0].prove:
        known, told = (None, None) if found is None else (found.own, _told(found))
        # Let go: its checkpoints would lie in memory beside the real models.
        found = None
        with status(quiet=wanted.as_json) as progress:
            first, second = _proved(asked, chosen, progress)
            found = set_beside(first, second, kind=kind, patches=patches, known=known)
            wanted.write(found, progress)
        if _told(found) != told:
            print_comparison(console, found)
            wanted.say(console)
    print_verdicts(console, found)
    verdicts = [side.verification.verdict for side in found.sides]
    return found, _MISMATCH if "mismatch" in verdicts else 0


def _answered(
    asked: list[AskedText],
    chosen: list[AskedModel],
    kind: ComparisonKind,
    patches: bool | None,
    progress: Progress,
) -> Comparison | None:
    """Compare our own forward's answers; None where it cannot give one of them."""
    from inspector.comparing import set_beside

    first = chosen[0].answer(asked[0], None, progress)
    if first is None:
        return None
    opened = first.checkpoint if kind == "texts" else None
    second = chosen[1].answer(asked[1], opened, progress)
    if second is None:
        return None
    progress("Setting one beside the other")
    return set_beside(first, second, kind=kind, patches=patches)


def _proved(
    asked: list[AskedText], chosen: list[AskedModel], progress: Progress
) -> tuple[Inspection, Inspection]:
    """Ask the real model, or both, one after the other."""
    loaded = chosen[0].load(progress)
    first = asked[0].inspect(loaded, progress)
    if chosen[1] != chosen[0]:
        loaded = chosen[1].load(progress)
    return first, asked[1].inspect(loaded, progress)


def _told(found: Comparison) -> tuple[object, ...]:
    """Return what may be otherwise once it is proved: then it is printed again."""
    notices = [side.notices for side in found.sides]
    return notices, found.notices, found.no_patches, found.alignments
