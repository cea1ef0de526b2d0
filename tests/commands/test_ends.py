"""Every way out of the program: streams, signals and errors of every kind, from the outside."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from tokenizers import Regex, pre_tokenizers

from inspector.commands import main
from inspector.commands.models import models

Said = pytest.CaptureFixture[str]

#: The program with ``inspect models`` in the place of whatever a test needs.
PROGRAM = """
import os, signal, sys, time
import click
from inspector import commands
from inspector.commands.models import models
def does(**_options):
{body}
models.callback = does
sys.argv = ["inspect", "models"]
commands.main()
"""
MISMATCH = """
    for _ in range(20_000): click.echo("x" * 80)
    return 1
"""


def shell(place: Path, script: str, body: str = "    pass") -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $PROGRAM is the program above and $INSPECT the real one."""
    (place / "program.py").write_text(PROGRAM.format(body=body))
    return subprocess.run(
        ["bash", "-c", script],
        cwd=place,
        env=os.environ
        | {
            "PROGRAM": f"{sys.executable} program.py",
            "INSPECT": f"{sys.executable} -m inspector",
        },
        capture_output=True,
        text=True,
        check=False,
    )


# --- streams ----------------------------------------------------------------------------------


@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_mismatch_stays_one_when_its_reader_has_gone(tmp_path: Path, buffered: str) -> None:
    script = f"export PYTHONUNBUFFERED={buffered}; $PROGRAM | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = shell(tmp_path, script, MISMATCH)
    assert done.stdout.splitlines() == ["x" * 80, "1"]
    assert done.stderr == ""


def test_a_mismatch_stays_one_when_nobody_can_be_told(tmp_path: Path) -> None:
    assert shell(tmp_path, "$PROGRAM > /dev/full", MISMATCH).returncode == 1
    assert shell(tmp_path, "$PROGRAM >&- 2>&-", MISMATCH).returncode == 1


@pytest.mark.parametrize("verb", ["classroom", "classroom --json", "models", "--help"])
def test_a_full_standard_output_is_said(tmp_path: Path, verb: str) -> None:
    done = shell(tmp_path, f"$INSPECT {verb} > /dev/full")
    assert done.returncode == 4
    error, hint = done.stderr.splitlines()
    assert error == "Error: Standard output could not be written: no space left on device."
    assert hint.startswith("Hint: ")


@pytest.mark.parametrize(
    "closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-", "2> /dev/full", "> /dev/full"]
)
def test_what_was_done_is_done_whatever_the_streams_are(tmp_path: Path, closed: str) -> None:
    done = shell(tmp_path, f"$INSPECT classroom --out class.html {closed}")
    assert done.returncode == (4 if closed == "> /dev/full" else 0)
    assert (tmp_path / "class.html").read_text().rstrip().endswith("</html>")


def test_no_file_takes_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """Else what a library writes to standard error would land in it."""
    body = "    with open('numbers', 'w') as file: file.write(str(file.fileno()))"
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        assert shell(tmp_path, f"$PROGRAM {closed}", body).returncode == 0
        assert int((tmp_path / "numbers").read_text()) > 2


def test_an_error_keeps_its_code_when_nobody_can_be_told(tmp_path: Path) -> None:
    for closed in ("2>&-", "2> /dev/full", ">&- 2>&- <&-"):
        assert shell(tmp_path, f"$INSPECT classroom --table none.csv {closed}").returncode == 2


@pytest.mark.parametrize("asked", ["-", "corpus -", "classroom --table -", "--file -"])
def test_standard_input_that_is_closed(tmp_path: Path, asked: str) -> None:
    done = shell(tmp_path, f"$INSPECT {asked} <&-")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: Standard input is closed.\nHint: ")
    assert list(tmp_path.iterdir()) == [tmp_path / "program.py"]


# --- signals ----------------------------------------------------------------------------------

WAITS = """
    from inspector.files.temporary import unfinished
    from pathlib import Path
    with unfinished(Path(".")) as (_, file):
        print("waiting", flush=True)
        {wait}
"""


@pytest.fixture(autouse=True)
def hangup_not_ignored() -> Iterator[None]:
    """Whoever starts the tests with nohup has a hangup ignored by all that they start."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def stopped(place: Path, number: signal.Signals, wait: str) -> subprocess.CompletedProcess[str]:
    """Send the program a signal in the middle of writing a file."""
    (place / "program.py").write_text(PROGRAM.format(body=WAITS.format(wait=wait)))
    process = subprocess.Popen(
        [sys.executable, "program.py"],
        cwd=place,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    out, err = process.communicate()
    return subprocess.CompletedProcess([], process.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "wait",
    [
        "sys.stdin.read()",
        # As libraries do that turn every error into one of theirs.
        "try: sys.stdin.read()\n        except BaseException: raise RuntimeError('failed')",
    ],
)
def test_a_signal_ends_in_a_sentence_and_leaves_nothing(
    tmp_path: Path, number: signal.Signals, wait: str
) -> None:
    done = stopped(tmp_path, number, wait)
    assert done.returncode == 130
    assert done.stderr == "Error: Interrupted.\nHint: Nothing was left half-written.\n"
    assert list(tmp_path.iterdir()) == [tmp_path / "program.py"]


AT_A_FILE = """
    from pathlib import Path
    from inspector.files import output_folder, refuse_place
    # Imports open files too, and these are not about them.
    with output_folder(Path("made"), "--file"): pass
    def near(event, arguments):
        named = str(arguments[0]) if arguments else ""
        if event in {events} and named.startswith(("made", ".inspector", str(Path.cwd()))):
            hit() if {before} else sys.setprofile(hit)
    def hit(*anything):
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGTERM)
    sys.addaudithook(near)
    {does}
"""
STEPS = ("open", "os.mkdir", "os.remove", "os.rmdir")


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("events", [*((step,) for step in STEPS), STEPS])
@pytest.mark.parametrize(
    "does", ["with output_folder(Path('made'), '--file'): pass", "refuse_place(Path('made'))"]
)
def test_a_signal_while_a_file_is_made_or_taken_away(
    tmp_path: Path, events: tuple[str, ...], before: bool, does: str
) -> None:
    """Before a step or behind it; at one, or at each as of somebody who presses again and again."""
    body = AT_A_FILE.format(events=events, before=before, does=does)
    done = shell(tmp_path, "$PROGRAM", body)
    hit = "output" in does or not events[0].endswith("dir")
    assert done.returncode == (130 if hit else 0)
    assert done.stderr == "Error: Interrupted.\nHint: Nothing was left half-written.\n" * hit
    assert list(tmp_path.iterdir()) == [tmp_path / "program.py"]


LAST_MOMENTS = """
    def hit(*anything):
        os.kill(os.getpid(), signal.SIGINT)
        return anything[0]
    {where} = hit
    {then}
"""


@pytest.mark.parametrize(
    ("where", "then"),
    [
        # When all is done and only the code has to be returned.
        ("commands.ends.after", "return 0"),
        # While it is being said that one came, as of somebody who presses twice.
        ("commands.ends.visible", "raise KeyboardInterrupt"),
    ],
)
def test_a_signal_in_the_last_moments(tmp_path: Path, where: str, then: str) -> None:
    done = shell(tmp_path, "$PROGRAM", LAST_MOMENTS.format(where=where, then=then))
    assert done.returncode == 130
    assert done.stderr == "Error: Interrupted.\nHint: Nothing was left half-written.\n"


def test_what_is_told_to_be_ignored_is(tmp_path: Path) -> None:
    """As ``nohup`` does it."""
    body = "    os.kill(os.getpid(), signal.SIGHUP); click.echo('still here')"
    done = shell(tmp_path, "trap '' HUP; $PROGRAM", body)
    assert (done.returncode, done.stdout) == (0, "still here\n")


@pytest.mark.parametrize("module", ["inspector.commands.program", "click"])
def test_an_interrupt_while_the_program_is_imported(tmp_path: Path, module: str) -> None:
    """In the first moments: at the very import of the command line, or of what it needs."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Now:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Now())\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "inspector", "models"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130
    assert done.stderr == "Error: Interrupted.\nHint: Nothing was left half-written.\n"


# --- errors of every kind ---------------------------------------------------------------------


def panic() -> None:
    """A real panic of the tokenizers: a regular expression that goes back for ever."""
    splitting = pre_tokenizers.Split(Regex("(a|aa)+$"), "isolated")
    splitting.pre_tokenize_str("a" * 60 + "b")


def raising(error: BaseException) -> Callable[..., None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("fails", "code", "said"),
    [
        (panic, 3, "gave up"),
        (raising(MemoryError()), 4, "not enough memory"),
        (raising(RuntimeError("std::bad_alloc")), 4, "not enough memory"),
        (raising(RecursionError("too deep")), 70, "RecursionError: too deep"),
        (raising(GeneratorExit()), 70, "GeneratorExit"),
        (raising(SystemExit(0)), 70, "SystemExit: 0"),
        (raising(SystemExit(1)), 70, "SystemExit: 1"),
        (raising(asyncio.CancelledError()), 70, "CancelledError"),
        (raising(BaseException("whatever")), 70, "BaseException: whatever"),
        (raising(KeyboardInterrupt()), 130, "Interrupted"),
        (raising(click.Abort()), 130, "Interrupted"),
    ],
)
def test_whatever_is_raised_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    fails: Any,
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr(models, "callback", lambda **_options: fails())
    assert main(["models"]) == code
    # A panic outside of the calls that are known to panic says something of its own before.
    error, hint = capfd.readouterr().err.splitlines()[-2:]
    assert error.startswith("Error: ")
    assert said in error
    assert hint.startswith("Hint: ")


def test_what_click_says_is_a_sentence_too(capsys: Said) -> None:
    assert main(["classroom", "x"]) == 2
    assert capsys.readouterr().err.startswith("Error: Got unexpected extra argument (x).\nHint: ")


def test_an_error_that_cannot_be_said(monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    monkeypatch.setattr(models, "callback", lambda **_options: raising(MuteError())())
    assert main(["models"]) == 70
    assert "fault of the inspector: MuteError\n" in capsys.readouterr().err


def test_a_working_folder_that_is_gone(tmp_path: Path) -> None:
    done = shell(tmp_path, "mkdir gone; cd gone; rmdir ../gone; $INSPECT classroom")
    assert done.returncode == 4
    assert "no longer there" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_python_without_docstrings(tmp_path: Path) -> None:
    for script in ("PYTHONOPTIMIZE=2 $INSPECT 'the cat'", "PYTHONOPTIMIZE=2 $INSPECT --help"):
        done = shell(tmp_path, script)
        assert (done.returncode, done.stdout) == (2, "")
        assert "docstrings" in done.stderr
    assert shell(tmp_path, "PYTHONOPTIMIZE=1 $INSPECT classroom").returncode == 0


@pytest.mark.parametrize(
    ("asked", "limit"),
    [("classroom --table /dev/zero", "16 MiB"), ("--file /dev/zero", "256 MiB"), ("-", "16 MiB")],
)
def test_input_that_never_ends(tmp_path: Path, asked: str, limit: str) -> None:
    done = shell(tmp_path, f"$INSPECT {asked} < /dev/zero")
    assert done.returncode == 2
    assert limit in done.stderr.splitlines()[0]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("ImportError('No module named click')", 4, "installation is not whole: No module named"),
        ("MemoryError()", 4, "not enough memory"),
        ("SystemExit(1)", 70, "SystemExit"),
        ("ValueError('x')", 70, "ValueError: x"),
    ],
)
def test_what_goes_wrong_before_the_command_line_is_there(
    tmp_path: Path, error: str, code: int, said: str
) -> None:
    (tmp_path / "click.py").write_text(f"raise {error}\n")
    for closed in ("", "2>&-"):
        done = shell(tmp_path, f"PYTHONPATH=. $INSPECT models {closed}")
        assert done.returncode == code
        assert done.stdout == ""
        if not closed:
            error_line, hint = done.stderr.splitlines()
            assert said in error_line
            assert hint.startswith("Hint: ")
