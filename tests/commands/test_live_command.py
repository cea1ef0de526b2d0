"""``inspect live`` from the outside: how it begins, what it refuses, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from processes import run_python

import inspector
from inspector.commands import main
from inspector.commands.program import route
from inspector.server.served import Served
from inspector.server.serving import Server

Said = pytest.CaptureFixture[str]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_the_verb_is_a_word_alone() -> None:
    assert route(["live"]) == ["live"]
    assert route(["live and learn"]) == ["show", "live and learn"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "inspector", "live", "The cat", "--no-open"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None and program.stderr is not None
        address = urlsplit(program.stdout.readline().strip())
        assert address.hostname == "127.0.0.1"
        line = HTTPConnection(address.netloc, timeout=60)
        line.request("GET", address.path)
        answer = line.getresponse()
        assert answer.status == 200 and b"The cat" in answer.read()
        line.close()
        program.send_signal(how)
        # To be ended is what it waits for: nothing was interrupted.
        assert program.wait(60) == 0
        assert program.stdout.read() == "Ctrl-C ends it.\n\nStopped.\n"
        assert program.stderr.read() == ""
    assert list(tmp_path.iterdir()) == []


def test_a_long_text_is_served_until_it_is_ended(tmp_path: Path) -> None:
    """DistilBERT reads 512 tokens; what is cut is read once, and its page asks for heads."""
    (tmp_path / "chapter.txt").write_text("A small dog. " * 300, encoding="utf-8")
    command = [sys.executable, "-m", "inspector", "live", "--text-file", "chapter.txt"]
    command += ["--truncate", "--layers", "1", "--heads", "3.4,5.6", "--no-open"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None and program.stderr is not None
        address = urlsplit(program.stdout.readline().strip())
        line = HTTPConnection(address.netloc, timeout=60)
        line.request("GET", address.path)
        page = line.getresponse().read().decode()
        header = json.loads(page.split('id="header">')[1].split("</script>")[0])
        assert header["tokens"] == 512 and header["truncated_from"] > 512
        carried = [(one["layer"], one["head"]) for one in header["carried"]]
        assert carried[:3] == [(3, 4), (5, 6), (1, 0)]
        question = {"reading": header["reading"], "layer": 0, "head": 11}
        line.request(
            "POST",
            f"{address.path}head",
            json.dumps(question),
            {"Content-Type": "application/json"},
        )
        answer = line.getresponse()
        assert answer.status == 200 and b"query.0.11" in answer.read()
        line.close()
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 0
        assert program.stdout.read() == "Ctrl-C ends it.\n\nStopped.\n"
        assert program.stderr.read() == ""
    assert [path.name for path in tmp_path.iterdir()] == ["chapter.txt"]


def test_a_file_that_could_be_typed_is_served_as_what_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "short.txt").write_text("The dog barked.\n", encoding="utf-8")
    pages: list[str] = []

    def begin(_self: Server, served: Callable[[], Served], *, port: int) -> NoReturn:
        pages.append(served().page())
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "__init__", begin)
    assert main(["live", "--no-open", "--text-file", str(tmp_path / "short.txt")]) == 130
    assert 'id="live-text"' in pages[0] and "The dog barked." in pages[0]


def test_ctrl_c_while_a_long_text_is_read_ends_it(
    capsys: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chapter.txt").write_text("A small dog. " * 300, encoding="utf-8")
    begun: list[str] = []

    def interrupted(self: object, stage: str, *_of: object) -> None:
        begun.append(stage)
        if stage.startswith("Running layer 2"):
            raise KeyboardInterrupt

    monkeypatch.setattr("inspector.analysis.long_text.clock.Clock.__call__", interrupted)
    path = str(tmp_path / "chapter.txt")
    assert main(["live", "--no-open", "--text-file", path, "--truncate"]) == 130
    assert begun[-1] == "Running layer 2 of 6"
    assert "http://" not in capsys.readouterr().out


def test_a_port_that_is_taken(capsys: Said, taken: int) -> None:
    assert main(["live", "--no-open", "--port", str(taken)]) == 4
    error, hint = capsys.readouterr().err.splitlines()
    assert error == f"Error: Port {taken} of this machine cannot be used: address already in use."
    assert hint == "Hint: Give another --port, or none, and a free one is taken."


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chapter.txt").write_text("A small dog. " * 300, encoding="utf-8")
    Path("short.txt").write_text("A small dog.", encoding="utf-8")
    Path("binary.txt").write_bytes(b"a\0b")


FILE = ["--text-file", "chapter.txt", "--truncate"]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["a", "b"], 2, "The sentence needs quotes"),
        (["--port", "0"], 2, "0 is not in the range"),
        (["--port", "65536"], 2, "65536 is not in the range"),
        (["--port", "web"], 2, "'web' is not a valid integer"),
        (["a" * 8_001], 2, "too long to be read while it is typed"),
        (["a", "--target", "b"], 2, "target"),
        (["--model", "./nowhere"], 3, "nowhere"),
        (["a" * 8_001], 2, "inspect live --text-file FILE shows a long one"),
        (["a", *FILE], 2, "There are a sentence and a --text-file"),
        (["a", "--truncate"], 2, "--truncate is for a --text-file"),
        (["a", "--heads", "1.2"], 2, "--heads is for long texts"),
        (["a", "--layers", "1"], 2, "--layers is for long texts"),
        (["--text-file", "nowhere.txt"], 2, "nowhere.txt"),
        (["--text-file", "binary.txt"], 2, "binary"),
        (["--text-file", "short.txt", "--heads", "1.2"], 2, "--heads is for long texts"),
        (["--text-file", "chapter.txt"], 2, "tokens"),
        ([*FILE, "--heads", "6.0"], 2, "There is no head 6.0"),
        ([*FILE, "--layers", "6"], 2, "There is no layer 6"),
        ([*FILE, "--heads", "mat"], 2, "names no head"),
        ([*FILE, "--target", "b"], 2, "--target"),
    ],
)
def test_what_is_refused(capsys: Said, arguments: list[str], code: int, said: str) -> None:
    assert main(["live", "--no-open", *arguments]) == code
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("Error: ") and said in error and error.endswith(".")
    assert hint.startswith("Hint: ")


def test_without_its_packages_it_says_which(capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["live", "--no-open"]) == 4
    error, hint = capsys.readouterr().err.splitlines()
    assert error == (
        "Error: The installation is not whole: uvicorn is missing, which serves the page."
    )
    assert hint == "Hint: Install it: pip install starlette uvicorn"


def test_a_sentence_needs_no_server_and_a_server_no_torch(tmp_path: Path) -> None:
    done = run_python(
        tmp_path,
        "import sys\n"
        "from inspector.commands import main\n"
        "assert main(['live', '--help']) == 0\n"
        "assert main(['The cat', '--no-proof', '--no-report']) == 0\n"
        "assert not {'starlette', 'uvicorn', 'anyio'} & set(sys.modules)\n"
        "import inspector\n"
        "page = inspector.live('The cat')\n"
        "from urllib.request import Request, urlopen\n"
        'asked = Request(page.address + \'inspect\', b\'{"text": "The dog", "ladder": true}\',\n'
        "                {'Content-Type': 'application/json'})\n"
        "assert b'The dog' in urlopen(asked).read()\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
        "page.stop()\n",
    )
    assert done.returncode == 0, done.stderr


def test_a_notebook_shows_it_in_place() -> None:
    page = inspector.live("The cat <sat>")
    try:
        assert repr(page) == f"<Live {page.address}>"
        shown = page._repr_html_()
        assert shown.startswith("<iframe ") and f'src="{page.address}"' in shown
        assert "allow-top-navigation" not in shown
    finally:
        page.stop()
    page.stop()
    assert repr(page) == "<Live stopped>"
    assert "iframe" not in page._repr_html_()
    with socket.socket() as line:
        assert line.connect_ex(("127.0.0.1", int(page.address.split(":")[2].split("/")[0]))) != 0
