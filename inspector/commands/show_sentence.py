"""One sentence: our own answer at once, then the real model's, which proves it or does not."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from inspector.checkpoint.readable import refuse_unreadable
from inspector.commands.asked import AskedEffects, AskedModel, AskedText, status
from inspector.commands.browser import in_browser
from inspector.commands.options import command_line
from inspector.files import PAGE, TENSORS, Output, refuse_places
from inspector.report.terminal.effects import print_effects
from inspector.report.terminal.inspection import print_answer, print_files, print_verdict

if TYPE_CHECKING:
    from inspector.proof import Progress
    from inspector.session import Inspection

_MISMATCH = 1


@dataclass(frozen=True)
class Wanted:
    """What is to be printed and written."""

    place: Path
    _: KW_ONLY
    report: bool
    save: Path | None
    bertviz: bool
    #: Write bertviz's pages even where they get very large.
    large: bool
    open_report: bool
    as_json: bool
    #: Two words of which is to be said which heads link them.
    link: tuple[str, str] | None

    @property
    def outputs(self) -> list[Output]:
        """Every file that may be written, with the option that names it."""
        wanted = [Output("--out", self.place, PAGE)] if self.report else []
        if self.save is not None:
            wanted.append(Output("--save", self.save, TENSORS))
        if self.bertviz:
            from inspector.report.export.bertviz_views import view_paths

            views = view_paths(self.place)
            wanted += [Output("--bertviz", path, PAGE) for path in views.values()]
        return wanted


def show_sentence(
    asked: AskedText, wanted: Wanted, model: AskedModel, effects: AskedEffects
) -> int:
    """Print the answer and write the report before torch is imported; then prove them.

    Returns 1 where the real model disagrees, else 0.
    """
    for part in (asked.text, asked.pair, asked.target):
        if part is not None:
            refuse_unreadable(part)
    refuse_places(wanted.outputs)
    console = Console(highlight=False, quiet=wanted.as_json)
    answer: Inspection | None = None
    files: dict[str, str] = {}
    if model.answers_first(seen=not wanted.as_json):
        answer, files = _answer(console, asked, wanted, model, effects)
    else:
        with status(quiet=wanted.as_json) as progress:
            effects.opened(model, progress)
    told = None if answer is None else _told(answer)
    told_effects = answer is not None and answer.effects_measured is not None
    with status(quiet=wanted.as_json) as progress:
        if answer is None or model.prove:
            # What is written is written once.
            asked = asked if answer is None else asked.written(answer.generation)
            # Let go: what the answer keeps in memory would lie there beside the real model's.
            held, answer = [answer], None
            found = _linked(_proved(asked, model, effects, held, progress), wanted)
            files = _write_report(found, wanted, progress)
        else:
            found = answer
        more = _write_more(found, wanted, progress)
    if wanted.as_json:
        from inspector.report.export.summary import summarise

        click.echo(json.dumps(summarise(found, files | more), allow_nan=False))
    if _told(found) != told:
        print_answer(console, found)
        more = files | more
    if not told_effects:
        print_effects(console, found)
    print_files(console, more)
    print_verdict(console, found)
    if wanted.open_report:
        in_browser(wanted.place)
    verdicts = [one.verdict for one in (found.verification, found.generation) if one is not None]
    return _MISMATCH if "mismatch" in verdicts else 0


def _answer(
    console: Console, asked: AskedText, wanted: Wanted, model: AskedModel, effects: AskedEffects
) -> tuple[Inspection | None, dict[str, str]]:
    """Print our own forward's answer, and write its report; None where it cannot give one."""
    with status(quiet=wanted.as_json) as progress:
        answer = model.answer(asked, effects.opened(model, progress), progress)
    if answer is None:
        return None, {}
    answer = _linked(answer, wanted)
    # Said before the report is made, which takes as long again.
    print_answer(console, answer)
    with status(quiet=wanted.as_json) as progress:
        if effects.wanted:
            answer = replace(answer, effects_measured=effects.measure(answer, progress))
            answer = _linked(answer, wanted)
            print_effects(console, answer)
        files = _write_report(answer, wanted, progress)
    print_files(console, files)
    return answer, files


def _linked(found: Inspection, wanted: Wanted) -> Inspection:
    """Return the same with the heads that link the two words, where there are any asked about."""
    return found if wanted.link is None else found.with_link(*wanted.link)


def _proved(
    asked: AskedText,
    model: AskedModel,
    effects: AskedEffects,
    held: list[Inspection | None],
    progress: Progress,
) -> Inspection:
    """Ask the real model, and measure the effects where they have not been.

    ``held`` has the answer until nothing needs it any more.
    """
    with ThreadPoolExecutor(1) as pool:
        answer = held.pop()
        measured = None if answer is None else answer.effects_measured
        waiting = None
        if answer is not None and measured is None:
            # Beside the import, which leaves a processor free.
            waiting = pool.submit(effects.measure, answer, _unsaid)
        ids, answer = None if answer is None else _ids(answer), None
        loaded = model.load(progress)
        measured = measured if waiting is None else waiting.result()
    found = asked.inspect(loaded, progress)
    whole = found.verification.end_to_end
    if whole is not None and whole.verdict == "mismatch":
        # What our own forward measured is then not of this model.
        return found
    if ids != _ids(found):
        # The real tokenizer reads the text otherwise, or there was no answer before.
        measured = effects.measure(found, progress)
    return replace(found, effects_measured=measured)


def _ids(found: Inspection) -> list[list[int]]:
    """Return what the model read."""
    return [side.ids.tolist() for side in found.trace.sides]


def _unsaid(_stage: str) -> None:
    """Say nothing: another stage is what is waited for."""


def _told(found: Inspection) -> tuple[object, ...]:
    """Return what of an answer may be otherwise once it is proved: then it is printed again."""
    return found.notices, None if found.generation is None else found.generation.tokens


def _write_report(found: Inspection, wanted: Wanted, progress: Progress) -> dict[str, str]:
    """Write the report, where nothing that is wanted beside it will be refused."""
    if wanted.bertviz and not wanted.large:
        from inspector.report.export.bertviz_views import refuse_large

        refuse_large(found.trace)
    if not wanted.report:
        return {}
    progress("Writing the report")
    found.to_html(wanted.place, command=command_line())
    return {"report": str(wanted.place)}


def _write_more(found: Inspection, wanted: Wanted, progress: Progress) -> dict[str, str]:
    """Write what else was asked for and return where it is."""
    files = {}
    if wanted.save is not None:
        progress("Writing the tensors")
        found.save(wanted.save)
        files["tensors"] = str(wanted.save)
    if wanted.bertviz:
        from inspector.report.export.bertviz_views import write_views

        progress("Writing bertviz's views")
        written = write_views(found.trace, wanted.place)
        files |= {kind: str(path) for kind, path in written.items()}
    return files
