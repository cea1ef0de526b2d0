"""What docs/reliability.md promises in figures is what the program and the harness say."""

from __future__ import annotations

import re
from importlib import import_module

from hostile.run import kinds
from markdown import ROOT, prose

from inspector.analogy import class_table
from inspector.commands import program, sentence_file
from inspector.commands.show import _TEXT
from inspector.corpus import inputs
from inspector.files import MIB

PAGE = prose(ROOT / "docs/reliability.md")
#: Kinds that the page has figures of.
TRIED = re.findall(r"^\| ([\w ]+): [^|]+ \| (\d+) \| 0 \|$", PAGE, re.MULTILINE)


def test_every_kind_has_a_row_of_as_many_as_are_tried() -> None:
    made = {import_module(f"hostile.{name}") for name in kinds()}
    assert {name: int(tried) for name, tried in TRIED} == {
        module.NAME.replace("_", " "): module.MANY for module in made
    }


def test_together_they_are_at_least_three_thousand() -> None:
    together = sum(int(tried) for _, tried in TRIED)
    assert together >= 3000
    assert f"Together {together} in one run" in PAGE


def test_the_codes_are_those_of_the_command_line() -> None:
    said = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    named = (program.__doc__ or "").split("Exit codes:")[1]
    assert said == re.findall(r"\b\d+\b", named)
    assert said == re.findall(r"\b\d+\b", _readme_codes())


def _readme_codes() -> str:
    readme = prose(ROOT / "README.md")
    return readme.split("Exit codes:")[1].split("Files appear")[0]


def test_the_limits_are_those_of_the_code() -> None:
    assert class_table._LIMIT == _TEXT
    assert f"{_TEXT // MIB} MiB for a text or a table" in PAGE
    assert f"{sentence_file._LIMIT // MIB} MiB for a" in PAGE
    assert f"{inputs._PIPE >> 30} GiB for a corpus through a pipe" in PAGE
