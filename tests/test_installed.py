"""The installed wheel, run as a person would: outside the checkout, right and wrong."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_models import perturb, save
from transformers import (
    GPT2Config,
    GPT2Model,
    MambaConfig,
    MambaModel,
    VisualBertConfig,
    VisualBertModel,
)

from inspector.files.kinds import PAGE_MARK

ROOT = Path(__file__).parents[1]
OLDER = PAGE_MARK.decode() + "the older report"
SENTENCE = "The cat sat on the mat because it was tired"
Run = Callable[..., "subprocess.CompletedProcess[str]"]
#: The installed program, imported once with all that it needs, becomes a process for each line.
FORKED = """
import json, sys
from pathlib import Path
import inspector
from hostile.program import get_ready, run
assert Path(inspector.__file__).is_relative_to(sys.prefix), inspector.__file__
get_ready()
for line in sys.stdin:
    arguments, folder = json.loads(line)
    end = run(arguments, Path(folder))
    print(json.dumps([end.code, end.out, end.err]), flush=True)
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that the checkout stays as it is."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in ("inspector", "samples", "tests"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "cli.py"):
        shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place)]
    subprocess.run([*build, str(source)], check=True, capture_output=True)
    return next(place.glob("*.whl"))


@pytest.fixture(scope="session")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own; what it needs comes from the tests'."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True)
    scheme = {"base": str(home), "platbase": str(home)}
    packages = Path(sysconfig.get_path("purelib", "venv", scheme))
    (packages / "tests_own.pth").write_text(sysconfig.get_path("purelib"))
    python = home / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run(
        [*install, "--no-deps", "--no-index", "--force-reinstall", str(wheel)], check=True
    )
    return home / "bin" / "inspect"


@pytest.fixture
def run(program: Path, tmp_path: Path) -> Run:
    def run_it(
        *arguments: str | bytes | Path, stdin: bytes = b"", **options: Any
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program, *arguments],
            cwd=tmp_path,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
            input=stdin,
            capture_output=True,
            check=False,
            **options,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run_it


@pytest.fixture(scope="session")
def forking(program: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [program.with_name("python"), "-c", FORKED],
        cwd=program.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


@pytest.fixture
def run_ready(forking: subprocess.Popen[str], tmp_path: Path) -> Run:
    """As ``run``, in a fifth of the time: for what does not depend on how a process begins."""

    def run_it(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        assert forking.stdin is not None and forking.stdout is not None
        words = [str(argument) for argument in arguments]
        forking.stdin.write(json.dumps([words, str(tmp_path)]) + "\n")
        forking.stdin.flush()
        return subprocess.CompletedProcess(words, *json.loads(forking.stdout.readline()))

    return run_it


def assert_refused(
    done: subprocess.CompletedProcess[str], code: int, *said: str, place: Path | None = None
) -> None:
    assert done.returncode == code, (done.stdout, done.stderr)
    lines = done.stderr.splitlines()
    assert len(lines) == 2, done.stderr
    assert lines[0].startswith("Error: ")
    assert lines[1].startswith("Hint: ")
    assert done.stdout == ""
    for words in said:
        assert words in lines[0], lines[0]
    if place is not None:
        assert list(place.iterdir()) == []


# --- what is in it ----------------------------------------------------------------------------


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "inspector",
        "attention_inspector-0.1.0.dist-info",
    }
    code = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "inspector").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert code <= set(names)


def test_both_names_are_installed(program: Path) -> None:
    for name in ("inspect", "attention-inspector"):
        done = subprocess.run(
            [program.with_name(name), "--version"], capture_output=True, text=True, check=True
        )
        assert "0.1.0" in done.stdout


# --- the main job -----------------------------------------------------------------------------


def check_the_cat(done: subprocess.CompletedProcess[str], family: str) -> None:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["model"]["family"] == family
    assert (found["model"]["layers"], found["model"]["heads"]) == (6, 12)
    assert found["verification"]["verdict"] == "verified"
    assert found["verification"]["attention_max_abs_error"] <= 1e-5
    assert [rung["rung"] for rung in found["ladder"]][-3:] == ["model", "uniform", "layer_mean"]


def test_the_main_job(run: Run, tmp_path: Path) -> None:
    check_the_cat(run(SENTENCE, "--json"), "bert")
    assert (tmp_path / "attention.html").read_text().startswith("<!doctype html>")


def test_a_distilbert_folder(
    run_ready: Run, model_folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = model_folders["trained distilbert"]
    done = run_ready(
        SENTENCE, "--json", "--model", folder, "--save", "all.safetensors", "--no-report"
    )
    check_the_cat(done, "distilbert")
    assert [path.name for path in tmp_path.iterdir()] == ["all.safetensors"]


def test_bertvizs_views_come_with_all_they_need(run: Run, tmp_path: Path) -> None:
    done = run(SENTENCE, "--json", "--bertviz", "--out", "cat.html")
    check_the_cat(done, "bert")
    files = json.loads(done.stdout)["files"]
    assert list(files.values()) == ["cat.html", "cat.head.html", "cat.model.html"]
    for name in ("cat.head.html", "cat.model.html"):
        page = (tmp_path / name).read_text()
        assert "function requirejs(" in page
        assert page.count('"left_text": ["[CLS]", "the", "cat"') == 1


def test_standard_input_and_a_screenful(run: Run, tmp_path: Path) -> None:
    done = run("-", "--out", "other.html", stdin=f"{SENTENCE}\n".encode())
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == SENTENCE
    assert "✓ verified  72 of 72" in done.stdout
    assert "\x1b" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["other.html"]


def test_from_a_checkout_is_the_same(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "cli.py", "classroom", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["students"][0] == "Monika"


def test_a_closed_pipe_is_silent(program: Path, tmp_path: Path) -> None:
    shell = f"'{program}' classroom | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.stderr == b""
    assert done.returncode == 0


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([""], "empty"),
        (["  \n"], "empty"),
        (["--json"], "No sentence"),
        (["the", "cat", "sat"], "3 words"),
        (["the cat", "--nonsense"], "--nonsense"),
        (["the cat", "--device", "toaster"], "toaster"),
        (["the cat", "--out", "nowhere/a.html"], "nowhere"),
        (["the cat", "--out", "."], "is a folder"),
        (["the cat", "--save", "nowhere/a.safetensors"], "nowhere"),
        (["the cat", "--open", "--no-report"], "--open"),
        (["classroom", "extra"], "extra"),
        (["classroom", "--table", "nothing.csv"], "nothing.csv"),
    ],
)
def test_bad_usage(run: Run, arguments: list[str], said: str, tmp_path: Path) -> None:
    assert_refused(run(*arguments), 2, said, place=tmp_path)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("s,a,b\nx,1,2\ny,1\n", "line 3"),
        ("s,a,b\nx,1,2\ny,1,lots\n", "lots"),
        ("s,a,b\nx,1,2\n", "one student"),
        ("s,a,b\nx,1,nan\ny,1,2\n", "line 2"),
        ("s,a,b\nx,1,0\ny,0,1\n", "x"),
        ("", "empty"),
    ],
)
def test_broken_tables(run: Run, table: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "class.csv").write_text(table)
    done = run("classroom", "--table", "class.csv", "--out", "class.html")
    assert_refused(done, 2, "class.csv", said)
    assert [path.name for path in tmp_path.iterdir()] == ["class.csv"]


def test_bytes_that_are_no_text(run: Run) -> None:
    assert_refused(run("-", stdin=b"caf\xe9"), 2, "byte 3")
    assert_refused(run(b"caf\xe9"), 2, "character 3")


@pytest.mark.slow
def test_a_text_that_does_not_fit(run_ready: Run, tmp_path: Path) -> None:
    assert_refused(run_ready("cat " * 600), 2, "602 tokens", "512", place=tmp_path)
    done = run_ready("cat " * 600, "--truncate", "--no-report")
    assert done.returncode == 0
    assert "512 tokens of 602, truncated" in done.stdout


def test_model_folders_that_lack_something(
    run: Run, model_folders: dict[str, Path], tmp_path: Path
) -> None:
    assert_refused(run("the cat", "--model", "./nowhere"), 3, "./nowhere")
    folder = Path(shutil.copytree(model_folders["random bert"], tmp_path / "model"))
    (folder / "model.safetensors").unlink()
    assert_refused(run("the cat", "--model", folder), 3, "safetensors", str(folder))
    (folder / "config.json").unlink()
    assert_refused(run("the cat", "--model", folder), 3, "config.json", str(folder))


@pytest.mark.slow
def test_truncated_weights(run: Run, model_folders: dict[str, Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model_folders["random bert"], tmp_path / "model"))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    assert_refused(run("the cat", "--model", folder, "--no-report"), 3, str(folder))


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached(run: Run, tmp_path: Path) -> None:
    done = run("the cat", "--model", "someone/something")
    assert_refused(done, 3, "someone/something", "cannot be reached", place=tmp_path)


@pytest.mark.slow
def test_other_kinds_of_model(run_ready: Run, tmp_path: Path) -> None:
    small = {"vocab_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    gpt2 = GPT2Model(GPT2Config(**small, n_embd=24, n_positions=40))
    perturb(gpt2, seed=3)
    done = run_ready("the cat sat", "--model", save(gpt2, tmp_path / "gpt2"), "--no-report")
    assert done.returncode == 0, done.stderr
    assert "verified" in done.stdout
    other = VisualBertModel(
        VisualBertConfig(**small, hidden_size=24, intermediate_size=32, max_position_embeddings=40)
    )
    perturb(other, seed=3)
    done = run_ready("the cat sat", "--model", save(other, tmp_path / "visual"))
    assert done.returncode == 0, done.stderr
    assert "not recomputed" in done.stdout
    assert "visual_bert" in done.stdout
    page = (tmp_path / "attention.html").read_text()
    assert "not_recomputed" in page
    config = MambaConfig(
        vocab_size=32, hidden_size=16, state_size=4, num_hidden_layers=2, time_step_rank=2
    )
    folder = save(MambaModel(config), tmp_path / "mamba")
    assert_refused(run_ready("the cat sat", "--model", folder, "--no-report"), 3, "attention")


@pytest.mark.slow
def test_a_model_that_does_something_else_ends_with_1(program: Path, tmp_path: Path) -> None:
    """Scale the attention function behind the inspector's back, in its own process."""
    code = (
        "import sys\n"
        "from transformers.models.bert import modeling_bert as bert\n"
        "real = bert.eager_attention_forward\n"
        "def scaled(*args, scaling, **rest): return real(*args, scaling=scaling * 1.02, **rest)\n"
        "bert.eager_attention_forward = scaled\n"
        "from inspector.commands import main\n"
        f"sys.exit(main([{SENTENCE!r}, '--json']))\n"
    )
    done = subprocess.run(
        [program.with_name("python"), "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found["verification"]["verdict"] == "mismatch"
    (site,) = found["verification"]["sites"]
    heads = [head["verdict"] for layer in site["layers"] for head in layer["heads"]]
    assert heads == ["mismatch"] * 72


@pytest.mark.slow
def test_a_full_disk_keeps_the_older_report(run: Run, tmp_path: Path) -> None:
    (tmp_path / "attention.html").write_text(OLDER)

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = run("the cat", preexec_fn=small_files)
    # The answer was said before the report was made.
    assert done.stdout.startswith("the cat\n") and "Report:" not in done.stdout
    done.stdout = ""
    assert_refused(done, 4, "attention.html", "could not be written")
    assert [path.name for path in tmp_path.iterdir()] == ["attention.html"]
    assert (tmp_path / "attention.html").read_text() == OLDER


@pytest.mark.slow
def test_a_folder_that_cannot_be_written(run: Run) -> None:
    # Not even root may make a file in /proc.
    assert_refused(run("the cat", "--out", "/proc/attention.html"), 4, "/proc/attention.html")


@pytest.mark.parametrize("library", ["_multiarray_umath", "libtorch_cpu"])
def test_an_interrupt(program: Path, tmp_path: Path, library: str) -> None:
    """Ctrl-C as soon as a library is loaded: before the answer, and between answer and proof."""
    (tmp_path / "attention.html").write_text(OLDER)
    process = subprocess.Popen(
        [program, "cat " * 400],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    maps = Path(f"/proc/{process.pid}/maps")
    while library not in maps.read_text():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["attention.html"]
    report = (tmp_path / "attention.html").read_text()
    if library == "libtorch_cpu":
        # The answer stands before torch is loaded: whole, and not yet proved.
        assert report.endswith("</html>")
        assert '"verdict":"unproved"' in report
    else:
        assert report == OLDER


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "</script><!-- & \"quotes\" 'and' שלום \u200b 👩‍👩‍👧 e\u0301 [b]",
        "?!…",
        "x" * 400,
    ],
)
def test_hostile_sentences(run_ready: Run, text: str, tmp_path: Path) -> None:
    done = run_ready(text, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verification"]["verdict"] == "verified"
    page = (tmp_path / "attention.html").read_text()
    assert page.lower().count("</html>") == 1
    assert "<!-- &" not in page
