"""Command lines put together at random, with files, folders, devices, links, streams of all kinds.

Each part is either harmless or brings about certain exit codes. So it is known, and not asked of
the program, how a line must end: with 0 where every part is harmless, else with a code of one of
the parts that are not. Nothing may be changed but the files that were asked for, and those are
whole.
"""

from __future__ import annotations

import os
import random
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hostile.judging import wrong_changes, wrong_end, wrong_file, wrong_json
from hostile.kind import Thing
from hostile.program import Streams, look, run

from inspector.files.kinds import PAGE_MARK

NAME = "command_lines"
FEW = 40
MANY = 700

PAGE = b"<!doctype html>\n" + PAGE_MARK + b"\n<title>an older page</title></html>\n"
TENSORS = (len(b'{"__metadata__":{"inspector":"0"}}')).to_bytes(8, "little") + (
    b'{"__metadata__":{"inspector":"0"}}'
)
LINES = b"the cat sat\n\nwe are here\ton the mat\nit was tired\n"
CSV = b"student,hiking,chess\nAna,1,0\nBen,0,1\nCy,1,1\n"


@dataclass
class Line(Thing):
    """A command line, the streams that it gets, and how it must end."""

    words: list[str] = field(default_factory=list)
    streams: Streams = field(default_factory=Streams)
    #: What its parts bring about; empty where all are harmless.
    codes: set[int] = field(default_factory=set)
    #: Paths that may be made or replaced where it ends well, files and folders with all in them.
    writes: set[str] = field(default_factory=set)
    prints_json: bool = False
    #: A file of which a line is skipped: then 2, and what was done is there all the same.
    skips: bool = False


#: More tokens than fit into the model.
_LONG = "the " * 60

# Where something is to be written: its path, and what that brings about.
Place = tuple[str, set[int]]

_PAGES: list[Place] = [
    ("new.html", set()), ("new.html", set()), ("sub/new.html", set()), ("old.html", set()),
    ("with space \u2028 \x1b[31m.html", set()), ("Ω≈ç\udcff.html", set()),
    ("./sub/../new.html", set()), ("empty", set()), ("to-nowhere", set()), ("to-old", set()),
    ("x" * 255, set()), ("-.html", set()), ("notes.txt", {2}), ("old.safetensors", {2}),
    ("sub", {2}), ("to-sub", {2}), (".", {2}), ("/", {2}), ("none/new.html", {2}),
    ("old.html/new.html", {2}), ("to-notes", {2}), ("fifo", {2}), ("", {2}), ("-", {2}),
    ("/dev/null", {2}), ("/dev/full", {2}), ("/dev/stdin", {2}), ("/dev/stdout", {2}),
    ("to-null", {2}), ("lines.txt", {2}), ("loop", {4}), ("x" * 256, {4}),
    ("x/" * 3000 + "y", {2, 4}), ("read-only.html", {4}), ("/proc/new.html", {2, 4}),
    ("/proc/self/cmdline", {2, 4}), ("model/config.json", {2}), ("model/model.safetensors", {2}),
]  # fmt: skip
_TENSORS: list[Place] = [
    ("new.safetensors", set()), ("new.safetensors", set()), ("old.safetensors", set()),
    ("empty", set()), ("sub/t", set()), ("old.html", {2}), ("notes.txt", {2}), ("sub", {2}),
    ("none/t", {2}), ("/dev/full", {2}), ("fifo", {2}), ("", {2}), ("-", {2}), ("loop", {4}),
    ("model/model.safetensors", {2}),
]  # fmt: skip
_FOLDERS: list[Place] = [
    ("made", set()), ("made", set()), ("sub", set()), ("to-sub", set()), ("sub/made", set()),
    (".", set()), ("m\x1b[2J", set()), ("old.html", {2}), ("none/made", {2}), ("fifo", {2}),
    ("/dev/null", {2}), ("foreign", {2}), ("loop", {4}), ("", {2}), ("-", {2}), ("x" * 256, {4}),
    ("to-null", {2}),
]  # fmt: skip
_MODELS: list[Place] = [
    ("model", set()), ("model", set()), ("model", set()), ("model", set()), ("./model/", set()),
    ("sub/../model", set()), ("nowhere", {3}), ("./nowhere", {3}), ("nobody/nothing", {3}),
    ("sub", {3}), ("notes.txt", {3}), ("old.safetensors", {3}), ("/dev/null", {3}), ("fifo", {3}),
    ("", {2, 3}), ("~nouser/x", {3}), ("x" * 5000, {3}), ("\x1b[31m", {3}), ("a\nb", {3}),
    ("..", {3}), ("to-nowhere", {3}), ("loop", {3, 4}), ("\udcff", {3}), ("gpt2.gguf", {3}),
    ("model/config.json", {3}),
]  # fmt: skip
_READ: list[Place] = [
    ("lines.txt", set()), ("lines.txt", set()), ("./lines.txt", set()), ("to-lines.txt", set()),
    ("nowhere.txt", {2}), ("sub", {2}), ("", {2}), ("empty", {2}), ("blank.txt", {2}),
    ("binary", {2}), ("/dev/null", {2}), ("loop", {2}), ("to-nowhere", {2}), ("x" * 300, {2}),
    ("lines.txt/x", {2}), ("/proc/self/mem", {4}), ("\x1b[31m", {2}),
]  # fmt: skip
_TABLES: list[Place] = [
    ("class.csv", set()), ("class.csv", set()), ("nowhere.csv", {2}), ("sub", {2}), ("empty", {2}),
    ("binary", {2}), ("notes.txt", {2}), ("lines.txt", {2}), ("/dev/null", {2}), ("/dev/zero", {2}),
    ("loop", {2}), ("/proc/self/mem", {4}), ("old.html", {2}),
]  # fmt: skip
_SENTENCES: list[Place] = [
    ("the cat sat", set()), ("the cat sat", set()), ("we are here", set()), ("Ω \x1b[31m", set()),
    ("- a list", set()), ("--- what", set()), ("a" * 50_000, set()), ("", {2}), (" \t\n", {2}),
    ("\udcff", {2}), ("--what", {2}), ("-x", {2}), ("--jso", {2}),
    (_LONG, set()),
]  # fmt: skip


def make(seed: int, place: Path, good: Path) -> Line:
    """Lay out a folder and put a command line together, chosen by ``seed``."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret with it
    _furnish(place / "here", good)
    line = Line("", place)
    verb: Callable[[Line, random.Random], None] = chance.choice(
        [_show, _show, _show, _file, _file, _corpus, _classroom, _classroom, _models, _odd]
    )
    verb(line, chance)
    out = chance.choice(["kept"] * 6 + ["closed", "full", "gone"])
    err = chance.choice(["kept"] * 8 + ["closed", "full"])
    given = line.streams.given
    line.streams = Streams(given, out, err)  # type: ignore[arg-type]
    line.what = f"{shlex.join(line.words)[:600]!r} < {given} > {out} 2> {err}, {sorted(line.codes)}"
    return line


def judge(line: Line) -> str | None:
    """Run it."""
    here = line.place / "here"
    before = look(here)
    end = run(line.words, here, line.streams)
    after = look(here)
    if line.codes:
        codes = set(line.codes)
    else:
        codes = {2 if line.skips else 0}
        if line.streams.out == "full" and not line.skips:
            codes = {4}
    done = not line.codes
    said = line.streams.err == "kept" and not (line.skips and done)
    wrong = wrong_end(end, codes, said=said) or wrong_changes(
        before, after, _allowed(line, set(after) - set(before)) if done else set()
    )
    if wrong is None and not done and end.out:
        return f"something was printed: {end.out[:200]!r}"
    if wrong is None and done:
        for path in sorted(line.writes):
            if not (here / path).exists():
                return f"{path!r} was not written"
        for path in after:
            if after[path] != before.get(path) and (here / path).is_file():
                wrong = wrong or wrong_file(path, (here / path).read_bytes())
        if wrong is None and line.prints_json and line.streams.out == "kept":
            wrong = wrong_json(end.out)
    return wrong


def _allowed(line: Line, new: set[str]) -> set[str]:
    """Return the paths that may differ: what is written, and what is new in a folder of outputs."""
    folders = tuple("" if place == "." else f"{place}/" for place in line.writes)
    return line.writes | {path for path in new if path.startswith(folders)}


# --- the parts --------------------------------------------------------------------------------


def _show(line: Line, chance: random.Random) -> None:
    sentence = _put(line, _pick(chance, _SENTENCES))
    options: list[list[str]] = [["--model", _put(line, _pick(chance, _MODELS))]]
    report = "attention.html"
    if chance.random() < 0.7:
        report, codes = _pick(chance, _PAGES)
        options.append(["--out", report])
        if chance.random() < 0.15:
            options.append(["--no-report"])
            # Nothing is written there: only its name is looked at.
            line.codes |= codes if report in ("", "-") else set()
            report = ""
        else:
            line.codes |= codes
    if report:
        _will_write(line, report)
    if chance.random() < 0.4:
        tensors = _put(line, _pick(chance, _TENSORS))
        options.append(["--save", tensors])
        if report and os.path.realpath(tensors) == os.path.realpath(report):
            line.codes.add(2)
        _will_write(line, tensors)
    _flags(line, options, chance, ["--pieces", "--json", "--no-proof"])
    _more(line, options, sentence, chance)
    _through_streams(line, options, sentence, chance)


def _more(line: Line, options: list[list[str]], sentence: str, chance: random.Random) -> None:
    """Add what goes with a sentence now and then."""
    truncates = chance.random() < 0.5
    if truncates:
        options.append(["--truncate"])
    if sentence == _LONG and not truncates:
        line.codes.add(2)
    roll = chance.random()
    if roll < 0.1:
        options.append(["--pair", "it was tired"])
    elif roll < 0.15:
        options.append(["--pair", _put(line, (" ", {2}))])
    elif roll < 0.2:
        options.append(["--target", _put(line, ("on the mat", {2}))])
    elif roll < 0.25:
        options.append(["--device", _put(line, chance.choice([("cpu", set()), ("tpu", {2})]))])
    elif roll < 0.3:
        options.append(_put_words(line, chance.choice(_WRONG)))


def _through_streams(
    line: Line, options: list[list[str]], sentence: str, chance: random.Random
) -> None:
    """Give the sentence as an argument, or through standard input."""
    roll = chance.random()
    given = [sentence]
    if roll < 0.12 and not line.codes:
        given = ["-"]
        name, codes = chance.choice(
            [("lines.txt", set()), ("empty", {2}), ("/dev/null", {2}), ("binary", {2}), ("", {2})]
        )
        line.codes |= codes
        line.streams = Streams((line.place / "here" / name) if name else None)
    chance.shuffle(options)
    words = [word for option in options for word in option]
    first = chance.random() < 0.5
    verb = ["show"] if chance.random() < 0.5 or not first else []
    dashes = ["--"] if given[0].startswith("- ") or given[0].startswith("--- ") else []
    if dashes:
        line.words = ["show", *words, *dashes, *given]
    else:
        line.words = [*verb, *given, *words] if first else [*verb, *words, *given]


def _file(line: Line, chance: random.Random) -> None:
    options = [["--file", _put(line, _pick(chance, _READ))]]
    options.append(["--model", _put(line, _pick(chance, _MODELS))])
    folder = "attention"
    if chance.random() < 0.7:
        folder = _put(line, _pick(chance, _FOLDERS))
        options.append(["--out", folder])
    _will_write(line, folder)
    _flags(line, options, chance, ["--json", "--pieces", "--truncate", "--no-proof"])
    if chance.random() < 0.1:
        options.append(_put_words(line, chance.choice([(["--save", "t"], {2}), (["x"], {2})])))
    elif chance.random() < 0.1:
        options.append(_put_words(line, chance.choice(_WRONG)))
    chance.shuffle(options)
    # Before the first option there has to be a verb or an option; both are.
    line.words = [*["show"] * chance.randrange(2), *(word for option in options for word in option)]
    if "x" in line.words[:1]:
        line.words.insert(0, "show")


def _corpus(line: Line, chance: random.Random) -> None:
    files = [_put(line, _pick(chance, _READ[:-2]))]
    if files != ["blank.txt"] and chance.random() < 0.3:
        files.append(_put(line, _pick(chance, [part for part in _READ if part[0] != "blank.txt"])))
    options = [["--model", _put(line, _pick(chance, _MODELS))]]
    folder = "corpus"
    if chance.random() < 0.6:
        folder = _put(line, _pick(chance, _FOLDERS))
        options.append(["--out", folder])
    _will_write(line, folder)
    _flags(line, options, chance, ["--json", "--truncate", "--restart"])
    roll = chance.random()
    if roll < 0.1:
        options.append(["--seed", _put(line, chance.choice([("7", set()), ("-1", {2})]))])
    elif roll < 0.2:
        options.append(_put_words(line, chance.choice([(["--address", "x:1"], {2}), *_WRONG])))
    chance.shuffle(options)
    line.words = ["corpus", *files, *(word for option in options for word in option)]


def _classroom(line: Line, chance: random.Random) -> None:
    options: list[list[str]] = []
    table = None
    if chance.random() < 0.7:
        table = _put(line, _pick(chance, _TABLES))
        options.append(["--table", table])
    if chance.random() < 0.7:
        page = _put(line, _pick(chance, _PAGES))
        options.append(["--out", page])
        _will_write(line, page)
    _flags(line, options, chance, ["--json"])
    if chance.random() < 0.1:
        options.append(_put_words(line, chance.choice(_WRONG)))
    chance.shuffle(options)
    line.words = ["classroom", *(word for option in options for word in option)]


def _models(line: Line, chance: random.Random) -> None:
    options: list[list[str]] = []
    if chance.random() < 0.7:
        family = chance.choice(
            [("bert", set()), ("gpt2", set()), ("llama", set()), ("t5", set()), ("x", {2, 3}),
             ("", {2, 3}), ("BERT", {2, 3}), ("\x1b[31m", {2, 3}), ("mamba", {2, 3})]
        )  # fmt: skip
        options.append(["--check", _put(line, family)])
    _flags(line, options, chance, ["--json"])
    if chance.random() < 0.1:
        options.append(_put_words(line, chance.choice(_WRONG)))
    line.words = ["models", *(word for option in options for word in option)]


def _odd(line: Line, chance: random.Random) -> None:
    """Lines of a few words, most of which nobody means."""
    line.words = _put_words(
        line,
        chance.choice(
            [
                ([], set()), (["--help"], set()), (["-h"], set()), (["--version"], set()),
                (["show", "--help"], set()), (["corpus", "--help"], set()), (["corpus"], {2}),
                (["classrom"], {2}), (["Corpus"], {2}), (["modles"], {2}), (["show"], {2}),
                (["the", "cat", "sat"], {2}), (["--"], {2}), (["--", "--", "x"], {2}), (["-"], {2}),
                (["--open", "--no-report", "x"], {2}), (["--model"], {2}), (["x", "--out"], {2}),
                (["classroom", "--open"], {2}), (["classroom", "x"], {2}), (["models", "x"], {2}),
                (["corpus", "--json"], {2}), (["--file"], {2}), (["--json=1", "x"], {2}),
                (["-\udcff"], {2}), (["--\x1b[31m", "x"], {2}),
                (["x" * 100_000, "--nonsense"], {2}), (["--debug", "--help"], set()),
                (["--help", "--nonsense"], {2}),
            ]
        ),
    )  # fmt: skip


def _pick(chance: random.Random, parts: list[Place]) -> Place:
    """Choose a part, three times in four a harmless one: else hardly a line would end well."""
    if chance.random() < 0.75:
        parts = [part for part in parts if not part[1]]
    return chance.choice(parts)


_WRONG: list[tuple[list[str], set[int]]] = [
    (["--nonsense"], {2}), (["--json=yes"], {2}), (["-q"], {2}),
    (["--\x1b[31m"], {2}), (["--jsn"], {2}),
]  # fmt: skip


def _put(line: Line, part: Place) -> str:
    line.codes |= part[1]
    return part[0]


def _put_words(line: Line, part: tuple[list[str], set[int]]) -> list[str]:
    line.codes |= part[1]
    return list(part[0])


def _flags(line: Line, options: list[list[str]], chance: random.Random, names: list[str]) -> None:
    for name in names:
        if chance.random() < 0.3:
            options += [[name]] * chance.choice([1, 1, 1, 2])
            line.prints_json |= name == "--json"


def _will_write(line: Line, path: str) -> None:
    """Keep what a path will really be: a link's target, and no ``..``."""
    target = {"to-nowhere": "made-by-link", "to-old": "old.html", "to-sub": "sub"}
    line.writes.add(target.get(path, os.path.normpath(path)))


def _furnish(here: Path, good: Path) -> None:
    """Lay out what the parts name."""
    here.mkdir()
    for name, data in (
        ("old.html", PAGE), ("read-only.html", PAGE), ("old.safetensors", TENSORS), ("empty", b""),
        ("notes.txt", b"mine\n"), ("lines.txt", LINES), ("blank.txt", b" \n\t\n"),
        ("binary", b"\x00\xff\xfe\x00" * 9), ("class.csv", CSV), ("gpt2.gguf", b"GGUF"),
    ):  # fmt: skip
        (here / name).write_bytes(data)
    (here / "read-only.html").chmod(0o444)
    for name in ("sub", "foreign"):
        (here / name).mkdir()
        (here / name / "mine.txt").write_text("mine")
    (here / "foreign" / "index.html").write_text("mine")
    (here / "foreign" / "run.json").write_text('{"name": "a run of mine"}')
    os.mkfifo(here / "fifo")
    for name, target in (
        ("to-nowhere", "made-by-link"), ("to-old", "old.html"), ("to-notes", "notes.txt"),
        ("to-sub", "sub"), ("to-null", "/dev/null"), ("to-lines.txt", "lines.txt"),
        ("loop", "loop"), ("model", str(good / "bert")),
    ):  # fmt: skip
        (here / name).symlink_to(target)
