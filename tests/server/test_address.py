"""The secret in the address: nobody guesses it, and a port that was chosen keeps its own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from inspector.server.secret import new_token, token_of_port


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_each_is_another_one() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert {len(token) for token in made} == {32}


def test_a_port_keeps_its_own_for_its_user_alone(cache: Path) -> None:
    token = token_of_port(8123)
    assert token_of_port(8123) == token
    assert token_of_port(8124) != token
    (path,) = cache.rglob("8123.token")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("spoilt", ["", "short", "a" * 33, "/" * 32, "ä" * 32])
def test_a_spoilt_one_is_not_taken(cache: Path, spoilt: str) -> None:
    token_of_port(8123)
    (path,) = cache.rglob("8123.token")
    path.write_text(spoilt, encoding="utf-8")
    assert token_of_port(8123) not in {spoilt, ""}


def test_one_that_others_could_read_is_not_taken(cache: Path) -> None:
    token = token_of_port(8123)
    (path,) = cache.rglob("8123.token")
    path.chmod(0o644)
    assert token_of_port(8123) != token
    (path,) = cache.rglob("8123.token")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_machine_that_keeps_nothing_has_a_new_one(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cache / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache / "file"))
    assert token_of_port(8123) != token_of_port(8123)
