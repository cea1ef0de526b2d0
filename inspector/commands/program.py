"""What the command line does: find the verb, run it, turn every end into an exit code.

Exit codes: 0 done; 1 the rebuild disagrees with the model; 2 bad usage or input; 3 model
unavailable or unsupported; 4 the machine refused; 70 a fault of ours; 130 interrupted, by Ctrl-C,
SIGTERM or SIGHUP.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import NoReturn

import click
from click.shell_completion import shell_complete

from inspector import __version__, signals
from inspector.commands import ends, streams
from inspector.commands.garbage import collect_later
from inspector.commands.grammar import Verbs

#: What the program may be called; pages and messages say the first.
_NAMES = ("inspect", "attention-inspector")
_WAYS = """\
inspect "The cat sat on the mat"    every attention head on a sentence of yours
inspect compare "…" "…"             what a word changes, in which heads
inspect live                        the same while you type, and what if a head were silent
inspect classroom                   what attention is, as a class of six students
inspect corpus FILE...              what every head does over many sentences
inspect models                      which models are rebuilt and proved
inspect --help                      everything else
"""


@click.group(
    # Not the docstring: \b, which keeps the lines apart, would have to be escaped there.
    help="""Open every attention head of a transformer on your own sentence, and prove it.

    \b
    inspect "The cat sat on the mat because it was tired"
    inspect compare "It was too big" "It was too small"
    inspect live
    inspect classroom
    inspect corpus samples/sentences.txt
    inspect models
    """,
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="The first word decides: the exact name of a command runs it, anything else is a "
    'sentence. `inspect show corpus` inspects the word "corpus".',
)
@click.version_option(__version__, prog_name="attention-inspector")
def cli() -> None:
    """Group the commands; ``run`` runs it."""


route = cli.route


def run_process() -> NoReturn:
    """Run the command line of this process and end it at once when everything is written."""
    streams.occupy()
    collect_later()
    try:
        code = run(sys.argv[1:])
        signals.ignore()
    except KeyboardInterrupt as error:
        # In the moments before and after the work.
        code = ends.explain(error, debug=False)
    os._exit(code)


def run(given: list[str]) -> int:
    """Run a command line and return its exit code."""
    debug = "--debug" in given
    if not debug:
        # What transformers and torch warn about is not for the person with a sentence.
        warnings.simplefilter("ignore")
    with streams.lasting():
        try:
            code = _do(given)
        except BaseException as error:
            code = ends.explain(error, debug=debug)
        return ends.after(code)


def _do(given: list[str]) -> int:
    name = _NAMES[Path(sys.argv[0]).name.startswith(_NAMES[1])]
    variable = f"_{name}_COMPLETE".replace("-", "_").upper()
    if variable in os.environ:
        return shell_complete(cli, {}, name, variable, os.environ[variable])
    ends.refuse_surroundings()
    if not given and sys.stdout.isatty():
        click.echo(_WAYS, nl=False)
        return 0
    cli.refuse_near(given)
    # Not cli.main(): that has ends of its own for an interrupt and for a pipe without a reader.
    try:
        with cli.make_context(name, given) as context:
            result = cli.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return result if isinstance(result, int) else 0
