"""The grammar: the first argument is a verb, or everything is about a sentence."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from inspector.errors import InputError

#: The verb of a sentence, which nobody has to type.
SENTENCE = "show"
#: Every verb: a command of its name in a module of its name, imported when it is asked for.
VERBS = ("classroom", "compare", "corpus", "figure", "live", "models", SENTENCE)
#: How alike a word and a verb are that may be meant: one letter or two swapped ones.
_NEAR = 0.81


class Verbs(click.Group):
    """Commands, and a sentence where there is none: in running, help and completion."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every verb."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command, None for what is no verb."""
        return verb(cmd_name) if cmd_name in VERBS else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the sentence's verb in, except where a shell asks how an empty line may go on."""
        if args or not ctx.resilient_parsing:
            args = self.route(args)
        return super().parse_args(ctx, args)

    def route(self, arguments: list[str]) -> list[str]:
        """Put ``show`` before anything that is not a command: only the first argument decides.

        A first argument that starts with ``-`` and holds a space is a sentence, not an option.
        """
        if not arguments:
            return ["--help"]
        first, *rest = arguments
        if first in {*VERBS, "--help", "-h", "--version"}:
            return arguments
        if first.startswith("-") and " " in first:
            return [SENTENCE, *rest, "--", first]
        return [SENTENCE, *arguments]

    def refuse_near(self, arguments: list[str]) -> None:
        """Ask about a single word that is nearly a verb.

        Raises
        ------
        InputError
            When it is near one. ``show`` is not asked about: that is what happens anyway.
        """
        word = arguments[0] if arguments else ""
        verbs = [known for known in VERBS if known != SENTENCE]
        if word in VERBS or not word.isalpha():
            return
        for meant in get_close_matches(word.lower(), verbs, n=1, cutoff=_NEAR):
            raise InputError(
                f"There is no command {word}. Did you mean inspect {meant}?",
                f"To inspect the word itself: inspect {SENTENCE} {word}",
            )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete verbs, and a sentence's options, which may come before the sentence."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            known = {item.value for item in found}
            command = verb(SENTENCE)
            with command.make_context(SENTENCE, [], parent=ctx, resilient_parsing=True) as inner:
                offered = command.shell_complete(inner, incomplete)
            found += [item for item in offered if item.value not in known]
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name the sentence's options beside the program's own."""
        command = verb(SENTENCE)
        options = [one for one in command.params if isinstance(one, click.Option)]
        rows = [row for one in options if (row := one.get_help_record(ctx)) is not None]
        with formatter.section("Options of a sentence"):
            formatter.write_dl(rows)
        super().format_options(ctx, formatter)


def verb(name: str) -> click.Command:
    """Return the command of one of ``VERBS``."""
    command: click.Command = getattr(import_module(f"inspector.commands.{name}"), name)
    return command
