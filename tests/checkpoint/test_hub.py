"""Hub ids: a hub that cannot be reached, and one (a local server) that does not know the model."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest


class UnknownModel(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815 - http.server calls it so

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), UnknownModel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    UnknownModel.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(model: str, place: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "inspector", "the cat", "--model", model],
        cwd=place,
        env=os.environ | {"HF_HOME": str(place / "hf")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", ["someone/something", "distilbert"])
def test_no_network(model: str, tmp_path: Path) -> None:
    found = run(model, tmp_path, HF_HUB_OFFLINE="1")
    assert found.returncode == 3
    assert "cannot be reached" in found.stderr
    assert (
        "distilbert/distilbert-base-uncased" if model == "distilbert" else model
    ) in found.stderr
    assert found.stderr.startswith("Error: ")
    assert len(found.stderr.splitlines()) == 2


@pytest.mark.slow
def test_an_unknown_id(hub: str, tmp_path: Path) -> None:
    found = run("someone/something", tmp_path, HF_ENDPOINT=hub, HF_HUB_OFFLINE="0")
    assert UnknownModel.asked
    assert found.returncode == 3
    assert found.stderr.startswith("Error: The hub has no model someone/something")
    assert len(found.stderr.splitlines()) == 2


@pytest.mark.slow
def test_the_bundled_model_asks_nobody(hub: str, tmp_path: Path) -> None:
    found = run("bundled", tmp_path, HF_ENDPOINT=hub, HF_HUB_OFFLINE="0")
    assert found.returncode == 0, found.stderr
    assert UnknownModel.asked == []
