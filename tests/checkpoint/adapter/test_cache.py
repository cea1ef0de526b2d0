"""Merged once, whole or not at all, listed, and forgotten when asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from adapter_models import Adapted, adapted, change_config

from inspector.checkpoint.sources import locate
from inspector.commands import main
from inspector.errors import MachineError


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "attention-inspector" / "adapters"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    return adapted("llama", tmp_path_factory.mktemp("whole"), r=2, target_modules=["q_proj"])


@pytest.fixture
def folder(whole: Adapted, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole.folder, tmp_path / "tiny"))


def folders(place: Path) -> list[str]:
    return sorted(one.name for one in place.iterdir() if one.is_dir())


def test_an_adapter_is_merged_once(folder: Path, place: Path, tmp_path: Path) -> None:
    said: list[str] = []
    first = locate(str(folder), progress=said.append)
    assert said[-1] == "Merging tiny into its base, once (100 %)"
    assert folders(place) == [Path(first.path).name]
    said.clear()
    assert locate(str(folder), progress=said.append) == first
    # The same adapter elsewhere is the same model, and called by its own name.
    again = locate(str(shutil.copytree(folder, tmp_path / "other")), progress=said.append)
    assert (again.path, again.title) == (first.path, "other on base (LoRA adapter, merged)")
    assert said == []


def test_a_change_of_either_is_another_model(
    whole: Adapted, folder: Path, place: Path, tmp_path: Path
) -> None:
    base = Path(shutil.copytree(whole.base, tmp_path / "base"))
    change_config(folder, base_model_name_or_path=str(base))
    found = {locate(str(folder)).path}
    change_config(folder, lora_alpha=3)
    found.add(locate(str(folder)).path)
    weights = bytearray((base / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (base / "model.safetensors").write_bytes(weights)
    found.add(locate(str(folder)).path)
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 1e-3}))
    found.add(locate(str(folder)).path)
    assert len(found) == 4
    assert len(folders(place)) == 4


def test_an_interrupt_leaves_nothing(folder: Path, place: Path) -> None:
    def interrupt(_said: str) -> None:
        assert folders(place) == [".unfinished"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        locate(str(folder), progress=interrupt)
    assert folders(place) == []


def test_two_first_uses_at_once_merge_once(folder: Path, place: Path) -> None:
    script = (
        "import sys\n"
        "from inspector.checkpoint.sources import locate\n"
        "said = []\n"
        "found = locate(sys.argv[1], progress=said.append)\n"
        "print(found.path, any('Merging' in one for one in said))\n"
        "assert not {'peft', 'torch', 'transformers'} & sys.modules.keys()\n"
    )

    def run() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    with ThreadPoolExecutor(3) as pool:
        found = [one.result() for one in [pool.submit(run) for _ in range(3)]]
    assert len({path for path, _ in found}) == 1
    assert sorted(merged for _, merged in found) == ["False", "False", "True"]


def test_models_lists_and_forgets(
    folder: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locate(str(folder))
    size = sum(one.stat().st_size for one in place.rglob("*") if one.is_file())
    assert main(["models", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["converted"]
    assert one["name"] == "tiny on base"
    assert one["weights"] == "LoRA adapter, merged"
    assert one["bytes"] == size - (place / ".lock").stat().st_size
    assert main(["models"]) == 0
    assert "MB  tiny on base: LoRA adapter, merged" in capsys.readouterr().out
    assert main(["models", "--forget"]) == 0
    assert "tiny on base" in capsys.readouterr().out
    assert folders(place) == []


def test_a_cache_that_cannot_be_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(MachineError, match="could not be written"):
        locate(str(folder))


def test_a_folder_of_a_short_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder.rename("smollm2")
    assert locate("smollm2").title == "smollm2 on base (LoRA adapter, merged)"


def test_where_the_base_lies_is_seen_from_here(
    whole: Adapted, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As peft has it: not from the adapter's folder."""
    shutil.copytree(whole.base, tmp_path / "here" / "llama")
    change_config(folder, base_model_name_or_path="llama")
    monkeypatch.chdir(tmp_path / "here")
    assert locate(str(folder)).title == "tiny on llama (LoRA adapter, merged)"
