"""The program run on a command line in a process of its own, and what it left behind.

A process that has imported everything forks, and its child becomes the program: it gets its
folder, its arguments and its streams, closed ones too, and runs ``main`` from the start. That takes
a tenth of the time that a new Python takes. What happens before the imports is tried with a new
one, in ``signals``.
"""

from __future__ import annotations

import errno
import gc
import hashlib
import os
import signal
import stat
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Literal

#: Where a stream leads: into a file that is read afterwards; nowhere, closed at the start; into a
#: full disk; into a pipe whose reader has gone.
Way = Literal["kept", "closed", "full", "gone"]

#: Seconds after which a program that should have ended long ago counts as one that never ends.
LIMIT = 240
NEVER = "it did not end"
#: What a run needs, imported once for all of them.
_MODULES = (
    "inspector.__main__", "inspector.commands", "inspector.session", "inspector.referee.capture",
    "inspector.commands.show_file", "inspector.corpus.run", "inspector.corpus.engines",
    "inspector.report.html.page", "inspector.report.export.summary", "transformers",
    "inspector.report.terminal.inspection", "inspector.report.export.corpus_summary",
    "inspector.report.terminal.corpus", "inspector.report.html.atlas_page",
    "inspector.report.export.bertviz_views", "inspector.corpus.store", "rich.console",
    "inspector.report.terminal.classroom", "inspector.report.terminal.file",
    "transformers.models.bert.modeling_bert", "transformers.models.llama.modeling_llama",
)  # fmt: skip
_SURROUNDINGS = {
    "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
    "BROWSER": "true", "COLUMNS": "100",
}  # fmt: skip


@dataclass(frozen=True)
class Streams:
    """Where the three standard streams lead; ``given`` is what is read, None a closed one."""

    given: Path | None = Path(os.devnull)
    out: Way = "kept"
    err: Way = "kept"


@dataclass(frozen=True)
class End:
    """How it ended."""

    #: The exit code; −15 where it died of SIGTERM.
    code: int
    out: str
    err: str


@cache
def get_ready() -> None:
    """Import what the program needs; nothing is computed with it, so that a fork is safe."""
    os.environ |= _SURROUNDINGS
    for name in _MODULES:
        import_module(name)
    gc.collect()
    gc.freeze()


def run(
    arguments: list[str],
    folder: Path,
    streams: Streams = Streams(),
    before: Callable[[], None] = lambda: None,
) -> End:
    """Run the program in ``folder``; ``before`` is called in its process when all else is ready.

    Raises
    ------
    TimeoutError
        When it does not end.
    """
    get_ready()
    out, err = folder.with_name("out"), folder.with_name("err")
    out.write_bytes(b"")
    err.write_bytes(b"")
    child = os.fork()
    if child == 0:
        try:
            os.chdir(folder)
            _take(streams, out, err)
            sys.argv = ["inspect", *arguments]
            before()
            from inspector.__main__ import main

            main()
        except BaseException:
            err.write_text(traceback.format_exc())
        finally:
            os._exit(99)  # it ends itself
    return End(_wait(child), _read(out), _read(err))


def look(folder: Path) -> Mapping[str, str]:
    """Return what is in a folder: for each path its kind, its mode and its contents."""
    return {str(path.relative_to(folder)): _looked_at(path) for path in sorted(folder.rglob("*"))}


def _looked_at(path: Path) -> str:
    found = path.lstat()
    kind = stat.filemode(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return f"{kind} to {path.readlink()}"
    if stat.S_ISREG(found.st_mode):
        return f"{kind} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return kind


def _wait(child: int) -> int:
    end = time.monotonic() + LIMIT
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise TimeoutError(NEVER)
        time.sleep(0.003)


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="surrogateescape")


def _take(streams: Streams, out: Path, err: Path) -> None:
    """Open the three streams as a shell does, and Python's own for them as Python does."""
    os.closerange(0, 3)
    given = streams.given
    for number, way, place in ((0, given, given), (1, streams.out, out), (2, streams.err, err)):
        if way is None or way == "closed":
            continue
        handle = _open(way, place, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND)
        if handle != number:
            os.dup2(handle, number)
            os.close(handle)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = None
        try:
            os.fstat(number)
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
        else:
            wrong = "backslashreplace" if number == 2 else "strict"
            stream = open(  # noqa: SIM115 - open to the end
                number, "w" if number else "r", encoding="utf-8", errors=wrong, closefd=False
            )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _open(way: Way | Path, place: Path | None, how: int) -> int:
    if way == "gone":
        reader, writer = os.pipe()
        os.close(reader)
        return writer
    return os.open("/dev/full" if way == "full" or place is None else place, how)
