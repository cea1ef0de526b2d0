"""``inspect classroom``: the article's class, or one of your own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inspector.commands.browser import in_browser
from inspector.commands.options import debug_option, file_option
from inspector.errors import InputError, ModelError
from inspector.files import PAGE, refuse_place, write_whole
from inspector.plain import visible

if TYPE_CHECKING:
    from inspector.analogy.classroom import Classroom
    from inspector.analogy.three_words import ThreeWords


@click.command()
@click.option(
    "--table",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Your own class as CSV: a header “student,trait,trait,…”, then one line per student.",
)
@file_option("--out", "Also write the class as an HTML page.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@debug_option
def classroom(*, table: Path | None, out: Path | None, open_page: bool, as_json: bool) -> None:
    """Show attention as a classroom: six students, seven traits, three tables.

    Students who share traits interact (R = Q·Qᵀ), and those who interact take on each other's
    traits (T = R·Q). In a transformer these are attention scores and the mixing of values. The
    same class is then shown with a softmax, which turns scores into attention weights.
    """
    from inspector.analogy.classroom import article_class, read_class

    if open_page and out is None:
        raise InputError("--open needs a page.", "Name one: --out classroom.html")
    studied = read_class(table) if table else article_class()
    if table and out and out.exists() and out.samefile(table):
        raise InputError(
            "--out names the table itself.", "Choose another file for the page, such as class.html."
        )
    if out:
        refuse_place(out, PAGE)
        # Imported here: the terminal and --json need neither jinja2 nor the page's assets.
        from inspector.report.html.classroom_page import render_classroom

        page = render_classroom(studied, own_table=table is not None, words=_three_words())
        write_whole(out, page.encode("utf-8"), PAGE)
        if open_page:
            in_browser(out)
    if as_json:
        # Escaped to ASCII, so that no name can reach the terminal as a control character.
        click.echo(json.dumps(_as_json(studied), allow_nan=False))
        return
    from rich.console import Console

    from inspector.report.terminal.classroom import print_classroom

    print_classroom(Console(), studied, own_table=table is not None)
    if out:
        click.echo(f"\nThe page is in {visible(str(out))}")


def _three_words() -> ThreeWords | None:
    """Ask the bundled model about three words of a sentence, by our own forward.

    Where the model cannot be had, the class needs none: its page then ends without them.
    """
    from inspector.alone import opened, run_alone
    from inspector.analogy.three_words import LAYER, SENTENCE, three_words
    from inspector.checkpoint.tokens import encode

    try:
        with opened("bundled", lambda _stage: None) as checkpoint:
            text = encode(checkpoint, SENTENCE, None, truncate=False)
            _, rebuilt, _ = run_alone(checkpoint, text, None)
    except ModelError as error:
        click.echo(f"The page ends without three words of a sentence: {error.message}", err=True)
        return None
    return three_words(checkpoint.title, text, rebuilt.from_weights[LAYER])


def _as_json(studied: Classroom) -> dict[str, Any]:
    from inspector.analogy.classroom import LEVELS, circle

    return {
        "students": list(studied.students),
        "traits": list(studied.traits),
        "Q": studied.table.tolist(),
        "R": studied.interactions.tolist(),
        "T": studied.revised.tolist(),
        "softmax": {
            "A": studied.softmax_attention.tolist(),
            "T": studied.softmax_revised.tolist(),
        },
        "closeness": {
            student: {
                level: [studied.students[j] for j in circle(studied, i, level)] for level in LEVELS
            }
            for i, student in enumerate(studied.students)
        },
    }
