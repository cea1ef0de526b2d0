"""``inspect "a sentence"``: one text through one model, in terminal, report, JSON and tensors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector.checkpoint import bundled
from inspector.commands.options import (
    debug_option,
    device_option,
    file_option,
    heads_option,
    layers_option,
    model_option,
    text_file_option,
)
from inspector.errors import InputError
from inspector.files import MIB, read_standard_input

if TYPE_CHECKING:
    from inspector.records import Knockout
    from inspector.records.generation import Writing

#: Bytes of a text on standard input.
_TEXT = 16 * MIB


@click.command()
@click.argument("sentence", nargs=-1)
@click.option("--pair", metavar="TEXT", help="A second text, for models that read pairs.")
@click.option(
    "--target", metavar="TEXT", help="What the decoder is to write, for encoder–decoders."
)
@click.option(
    "--file",
    "lines",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Inspect each line of a file: a sentence, or two with a tab between; --out is a folder.",
)
@text_file_option("Inspect a file as one text, a chapter rather than a sentence a line.")
@heads_option
@layers_option
@model_option
@device_option("The device the model runs on; the rebuild always runs in NumPy.")
@file_option(
    "--out", "The report to write.  [default: attention.html; with --file the folder attention]"
)
@click.option("--no-report", is_flag=True, help="Do not write a report.")
@click.option("--bertviz", is_flag=True, help="Also write bertviz's head view and model view.")
@click.option("--yes", is_flag=True, help="Write bertviz's views even if they get very large.")
@click.option("--open", "open_report", is_flag=True, help="Open the report in a browser.")
@file_option("--save", "Also write all tensors to a .safetensors file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option(
    "--no-proof",
    is_flag=True,
    help="Answer at once from the checkpoint's files, without asking the real model.",
)
@click.option("--truncate", is_flag=True, help="Cut a text that is too long for the model.")
@click.option(
    "--pieces", is_flag=True, help="Keep subwords apart instead of combining them into words."
)
@click.option(
    "--link",
    nargs=2,
    metavar="WORD WORD",
    help="Say which heads link two words, the one that listens first; the second “it” is it:2.",
)
@click.option(
    "--generate",
    type=int,
    metavar="N",
    help="Let the model write up to N tokens behind the text, the likeliest each time.",
)
@click.option(
    "--temperature",
    type=float,
    metavar="T",
    help="With --generate: draw each token, by logits divided by T.",
)
@click.option(
    "--top-k", type=int, metavar="K", help="With --generate: draw among the K likeliest tokens."
)
@click.option("--seed", type=int, metavar="N", help="The seed of what is drawn.  [default: 0]")
@click.option(
    "--effects/--no-effects",
    default=None,
    help="Silence every head and block every word in turn, and say how the answer moves.  "
    "[default: where it takes a few seconds, unless --no-proof]",
)
@click.option(
    "--knockout",
    type=click.Choice(["zero", "mean"]),
    default="zero",
    show_default=True,
    help="What a silenced head gives: nothing, or its mean over the text.",
)
@click.option(
    "--answer",
    metavar="TOKEN",
    help="With effects: the token they are about, not the likeliest, such as ' Paris'.",
)
@click.option("--against", metavar="TOKEN", help="With --answer: a token that it is set against.")
@click.option(
    "--chat", is_flag=True, help="Put the text through the model's chat template, as a user's."
)
@click.option("--system", metavar="TEXT", help="With --chat: what the system says before.")
@debug_option
def show(
    *,
    sentence: tuple[str, ...],
    pair: str | None,
    target: str | None,
    lines: Path | None,
    text_file: Path | None,
    heads: tuple[str, ...],
    layers: tuple[int, ...],
    model: str,
    device: str,
    out: Path | None,
    no_report: bool,
    bertviz: bool,
    yes: bool,
    open_report: bool,
    save: Path | None,
    as_json: bool,
    no_proof: bool,
    truncate: bool,
    pieces: bool,
    link: tuple[str, str] | None,
    generate: int | None,
    temperature: float | None,
    top_k: int | None,
    seed: int | None,
    effects: bool | None,
    knockout: Knockout,
    answer: str | None,
    against: str | None,
    chat: bool,
    system: str | None,
) -> int:
    """Inspect one sentence; - reads it from standard input.

    Prints a summary and writes an HTML report that works offline, then asks the real model and
    says whether it agrees. Exit code 1 means that it does not.
    """
    if open_report and no_report:
        raise InputError("--open needs a report.", "Leave --no-report out.")
    if model == bundled.NAME:
        bundled.begin_check()
    from inspector.commands.asked import AskedEffects, AskedModel, AskedText, Reading
    from inspector.encoding import refuse_no_chat

    chosen = AskedModel(model, device, prove=not no_proof)
    refuse_no_chat(pair, target, system, chat=chat)
    reading = Reading(
        truncate=truncate,
        pieces=pieces,
        writing=_writing(generate, temperature, top_k, seed),
        chat=chat,
        system=system,
    )
    named = answer is not None or against is not None or knockout != "zero"
    if named and effects is False:
        raise InputError(
            "--answer, --against and --knockout are about effects, and none are to be measured.",
            "Leave --no-effects out.",
        )
    if against is not None and answer is None:
        raise InputError(
            "--against names what an answer is set against, and there is no --answer.",
            "Give both, such as --answer ' Mary' --against ' John'.",
        )
    asked_effects = AskedEffects(True if named else effects, knockout, answer, against)
    if lines is not None:
        second = pair is not None or target is not None
        others = second or save is not None or bertviz or text_file is not None or heads or layers
        if sentence or others or link is not None or asked_effects.wanted:
            raise InputError(
                "--file takes no sentence, no --pair, no --target, no --save, no --bertviz, no "
                "--text-file, no --heads, no --layers, no --link and no --effects.",
                "Put sentences, pairs and targets into the file; the others go with one sentence.",
            )
        from inspector.commands.show_file import show_file

        return show_file(
            lines,
            chosen,
            folder=None if no_report else out or Path("attention"),
            open_index=open_report,
            as_json=as_json,
            reading=reading,
        )
    from inspector.commands.show_long import (
        WantedLong,
        if_long,
        only_long,
        parse_heads,
        read_text_file,
    )
    from inspector.commands.show_sentence import Wanted, show_sentence

    if text_file is not None and sentence:
        raise InputError("There are a sentence and a --text-file.", "Give one of them.")
    text = one_sentence(sentence) if text_file is None else read_text_file(text_file)
    asked = AskedText(text, pair, target, reading)
    wanted_long = WantedLong(
        place=out or Path("attention.html"),
        report=not no_report,
        open_report=open_report,
        as_json=as_json,
        heads=parse_heads(heads),
        layers=layers,
    )
    refused = {
        "--save": save is not None,
        "--bertviz": bertviz,
        "--link": link is not None,
        "--knockout": knockout != "zero",
    }
    without = [name for name, given in refused.items() if given]
    done = if_long(asked, wanted_long, chosen, asked_effects, without)
    if done is not None:
        return done
    only_long(wanted_long)
    return show_sentence(
        asked,
        Wanted(
            out or Path("attention.html"),
            report=not no_report,
            save=save,
            bertviz=bertviz,
            large=yes,
            open_report=open_report,
            as_json=as_json,
            link=link,
        ),
        chosen,
        asked_effects,
    )


def _writing(
    tokens: int | None, temperature: float | None, top_k: int | None, seed: int | None
) -> Writing | None:
    """Return how the text is to be written on; None where it is not."""
    drawn = {"--temperature": temperature, "--top-k": top_k, "--seed": seed}
    given = [name for name, value in drawn.items() if value is not None]
    if tokens is None:
        if given:
            raise InputError(
                f"{given[0]} says how a text is written on, and none is to be.",
                "Say with --generate N how many tokens are to be written.",
            )
        return None
    if given == ["--seed"]:
        raise InputError(
            "--seed is for tokens that are drawn, and here the likeliest is taken each time.",
            "Give --temperature or --top-k too, or leave it out.",
        )
    from inspector.records.generation import Writing

    return Writing(tokens, temperature, top_k, seed or 0)


def one_sentence(sentence: tuple[str, ...], command: str = "inspect") -> str:
    """Return the one sentence that was given, from standard input where it is ``-``.

    Raises
    ------
    InputError
        When there is none, when there are several, or when standard input is no UTF-8.
    """
    if not sentence:
        raise InputError("No sentence was given.", f'Give one: {command} "The cat sat on the mat."')
    if len(sentence) > 1:
        raise InputError(
            f"The sentence needs quotes: {len(sentence)} words came one by one.",
            f'Put the sentence in quotes: {command} "{" ".join(sentence)}"',
        )
    if sentence[0] != "-":
        return sentence[0]
    try:
        text = read_standard_input(_TEXT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"Standard input is not valid UTF-8 at byte {error.start}.", "Convert it to UTF-8."
        ) from error
    # A typed line ends in the key that sent it; a pipe's text is taken as it comes, for to a
    # language model its last newline is a token.
    return text.removesuffix("\n") if sys.stdin.isatty() else text
