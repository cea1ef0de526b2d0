"""A few hundred of what ``make hostile`` tries by the thousand, and that what is wrong is seen."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hostile.kind import Thing
from hostile.models import make_models
from hostile.run import kinds, main, try_seeds

#: Things of a part: each of the workers takes its own.
EACH = 40
PARTS = [
    pytest.param(name, range(few)[first : first + EACH], id=f"{name} {first}")
    for name in kinds()
    for few in [import_module(f"hostile.{name}").FEW]
    for first in range(0, few, EACH)
]
#: A generator of which every third thing goes wrong, each in its own way.
WRONG = """
import os
from hostile.kind import Thing
NAME, FEW, MANY = "faults", 12, 12
def make(seed, place, good):
    return Thing(f"thing {seed}", place)
def judge(thing):
    seed = int(thing.what.split()[1])
    if seed == 3: os.kill(os.getpid(), 9)
    if seed == 6: raise IndexError("list index out of range")
    return "it went wrong" if seed == 9 else None
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("good")
    make_models(place)
    return place


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seeds"), PARTS)
def test_everything_ends_as_it_must(good: Path, tmp_path: Path, name: str, seeds: range) -> None:
    tally = try_seeds(name, seeds, tmp_path, good)
    assert tally.wrong == []
    assert tally.tried == len(seeds)


@pytest.mark.parametrize("name", kinds())
def test_the_same_seed_is_the_same_thing(good: Path, tmp_path: Path, name: str) -> None:
    kind: Any = import_module(f"hostile.{name}")
    made = []
    for _ in range(2):
        (tmp_path / "thing").mkdir()
        made.append(kind.make(11, tmp_path / "thing", good))
        (tmp_path / "thing").rename(tmp_path / str(len(made)))
    assert made[0] == made[1]
    assert isinstance(made[0], Thing)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    (tmp_path / "thing").mkdir()
    assert kind.make(12, tmp_path / "thing", good).what != made[0].what


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_goes_wrong_is_counted_and_the_rest_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A death of the process too, and an error of the judge."""
    (tmp_path / "hostile").mkdir()
    (tmp_path / "hostile" / "faults.py").write_text(WRONG)
    monkeypatch.setattr("hostile.run._path", lambda: f"{tmp_path}:{Path(__file__).parents[1]}")
    tally = try_seeds("faults", range(12), tmp_path, tmp_path)
    assert tally.tried == 12
    assert [wrong.split(":")[0] for wrong in tally.wrong] == ["faults 3", "faults 6", "faults 9"]
    assert "thing 3" in tally.wrong[0]
    assert "IndexError" in tally.wrong[1]
    assert "it went wrong" in tally.wrong[2]


def test_the_report_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hostile.run._make_models", lambda _good: None)
    monkeypatch.setattr("hostile.run.try_seeds", lambda *_: tallied())
    assert main(["--few", "checkpoints"]) == 1
    assert "✗ something" in capsys.readouterr().out
    monkeypatch.setattr("hostile.run.try_seeds", lambda *_: tallied(wrong=[]))
    assert main(["--only", "7", "checkpoints"]) == 0
    assert "checkpoints           7 tried     0 wrong" in capsys.readouterr().out


def tallied(wrong: list[str] | None = None) -> Any:
    from hostile.run import Tally

    return Tally(7, ["something"] if wrong is None else wrong)
