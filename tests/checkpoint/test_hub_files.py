"""A hub id end to end: a local server hands out a small model's files as the hub does."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from safetensors.torch import load_file, save_file

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = "someone/something"


class Hub(BaseHTTPRequestHandler):
    """What ``huggingface_hub`` asks for when it downloads a file; all else is not there."""

    folder: ClassVar[Path]
    sent: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        name = self.path.split("?")[0].rpartition("/")[2]
        path = self.folder / name
        if "/resolve/" not in self.path or not path.is_file():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.sent.append(name)
            self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, model_folders: dict[str, Path]) -> Iterator[tuple[str, Path]]:
    """A server's address, and the folder whose files it hands out."""
    Hub.folder = Path(shutil.copytree(model_folders["random bert"], tmp_path / "served"))
    Hub.sent.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", Hub.folder
    server.shutdown()
    server.server_close()


def run(place: Path, address: str, *, offline: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "inspector", "the cat sat", "--model", MODEL, "--json",
         "--no-report"],
        cwd=place,
        env=os.environ
        | {"HF_HOME": str(place / "hf"), "HF_ENDPOINT": address, "HF_HUB_DISABLE_XET": "1"}
        | {"HF_HUB_OFFLINE": str(int(offline))},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


def shard(folder: Path, name: str) -> None:
    """Part the weights in two, and write ``name`` for the second's into the index."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    where = {}
    for number in range(2):
        part = {key: tensors[key] for key in sorted(tensors)[number::2]}
        save_file(part, folder / f"{number}.safetensors", metadata={"format": "pt"})
        where |= dict.fromkeys(part, name if number else "0.safetensors")
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


@pytest.mark.slow
def test_downloaded_once_checked_and_read_again_without_a_network(
    hub: tuple[str, Path], tmp_path: Path
) -> None:
    address, folder = hub
    shard(folder, "1.safetensors")
    for offline in (False, True):
        found = run(tmp_path, address, offline=offline)
        assert found.returncode == 0, found.stderr
        assert json.loads(found.stdout)["verification"]["verdict"] == "verified"
    assert sorted(name for name in Hub.sent if name.endswith(".safetensors")) == [
        "0.safetensors", "1.safetensors",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "said", "sent"),
    [
        ("an index that leads elsewhere", "which is no safetensors file", 0),
        ("a config of a thousand million layers", "num_hidden_layers = 1000000000", 1),
        ("a quantised config", "quantised", 0),
        ("no safetensors", "no safetensors weights on the hub", 0),
        ("weights that end too early", "is damaged", 1),
    ],
)
def test_what_is_on_the_hub_is_looked_over_too(
    hub: tuple[str, Path], tmp_path: Path, damage: str, said: str, sent: int
) -> None:
    address, folder = hub
    weights, config = folder / "model.safetensors", json.loads((folder / "config.json").read_text())
    if "index" in damage:
        shard(folder, "../../../w.bin")
    elif "layers" in damage:
        config["num_hidden_layers"] = 10**9
    elif "quantised" in damage:
        config["quantization_config"] = {"quant_method": "gptq"}
    elif "no safetensors" in damage:
        weights.rename(folder / "pytorch_model.bin")
    else:
        weights.write_bytes(weights.read_bytes()[:-8])
    (folder / "config.json").write_text(json.dumps(config))
    found = run(tmp_path, address)
    assert found.returncode == 3
    assert said in found.stderr
    assert len(found.stderr.splitlines()) == 2
    assert sum(name.endswith((".safetensors", ".bin")) for name in Hub.sent) == sent
