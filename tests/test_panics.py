"""Panics of the tokenizers library: one sentence, exit 3, and nothing of what Rust prints."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_models import random_bert
from tokenizers import Regex, pre_tokenizers

import inspector
from inspector.commands import main
from inspector.errors import ModelError
from inspector.panics import hushed

Printed = pytest.CaptureFixture[str]

#: What panics, in tokenizer.json, and whether it does so when it is read; else with a text.
BROKEN: dict[str, tuple[bool, dict[str, Any]]] = {
    "a regex that goes back for ever": (
        False,
        {
            "pre_tokenizer": {
                "type": "Split",
                "pattern": {"Regex": "(a|aa)+$"},
                "behavior": "Isolated",
                "invert": False,
            }
        },
    ),
    "a normalizer that is no table": (
        True,
        {
            "normalizer": {
                "type": "Precompiled",
                "precompiled_charsmap": base64.b64encode(bytes(1)).decode(),
            }
        },
    ),
    "a normalizer that leads out of its table": (
        False,
        {
            "normalizer": {
                "type": "Precompiled",
                "precompiled_charsmap": base64.b64encode(
                    bytes([4, 0, 0, 0, 0, 0xF0, 0xFF, 0xFF])
                ).decode(),
            }
        },
    ),
    "an end of the text that nobody defined": (
        False,
        {
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[END]", "type_id": 0}}],
                "pair": [],
                "special_tokens": {},
            }
        },
    ),
}
TEXT = "a" * 60 + "b"


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    monkeypatch.chdir(tmp_path)
    folder = random_bert(tmp_path / "bert")
    # A BERT's own class makes most of its tokenizer itself, whatever the file says.
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))

    def make(how: str) -> Path:
        path = folder / "tokenizer.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | BROKEN[how][1]))
        return folder

    return make


def panic() -> None:
    splitting = pre_tokenizers.Split(Regex("(a|aa)+$"), "isolated")
    splitting.pre_tokenize_str(TEXT)


@pytest.mark.parametrize("asked", ["answer first", "--no-proof", "--json", "corpus"])
@pytest.mark.parametrize("how", BROKEN)
def test_one_sentence_and_no_word_of_rusts(
    broken: Callable[[str], Path], capfd: Printed, how: str, asked: str
) -> None:
    model = str(broken(how))
    Path("s.txt").write_text(f"{TEXT}\n")
    words = {
        "answer first": [TEXT, "--no-report"],
        "corpus": ["corpus", "s.txt"],
    }.get(asked, [TEXT, "--no-report", asked])
    assert main([*words, "--model", model, "--device", "cpu"]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    error, hint = err.splitlines()
    assert error.startswith("Error: The ")
    assert "tokenizer" in error
    assert hint.startswith("Hint: ")


@pytest.mark.parametrize("how", BROKEN)
def test_in_python_it_is_an_error_like_others(broken: Callable[[str], Path], how: str) -> None:
    model = broken(how)
    for prove in (True, False):
        with pytest.raises(ModelError, match="tokenizer"):
            inspector.inspect(TEXT, model=model, prove=prove)


def test_debug_says_what_the_library_says(broken: Callable[[str], Path], capfd: Printed) -> None:
    model = str(broken("a regex that goes back for ever"))
    assert main([TEXT, "--model", model, "--no-report", "--debug"]) == 3
    assert "Onig: Regex search error" in capfd.readouterr().err


@pytest.mark.parametrize("asked", [["--no-proof"], ["--json"]])
def test_an_entry_that_the_vocabulary_lacks_is_named_by_both_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Printed, asked: list[str]
) -> None:
    """No panic, but a plain Exception of the library."""
    monkeypatch.chdir(tmp_path)
    path = random_bert(tmp_path / "bert") / "tokenizer.json"
    path.write_text(path.read_text().replace('"[UNK]": 1', '"[UNK!]": 1'))
    assert main(["the zebra", "--model", str(path.parent), "--no-report", *asked]) == 3
    assert "has no entry [UNK]" in capfd.readouterr().err


def test_what_others_write_meanwhile_is_passed_on(capfd: Printed) -> None:
    with hushed():
        os.write(2, b"first\n")
        with hushed():
            os.write(2, b"second\n")
    with pytest.raises(ValueError, match="no panic"), hushed():
        os.write(2, b"third\n")
        raise ValueError("no panic")
    with pytest.raises(BaseException, match="Onig"), hushed():
        os.write(2, b"dropped\n")
        panic()
    sys.stderr.write("fourth\n")
    os.write(2, b"fifth\n")
    assert capfd.readouterr().err == "first\nsecond\nthird\nfourth\nfifth\n"


def test_without_a_standard_error_it_is_the_same() -> None:
    program = (
        "import os\n"
        "from inspector.panics import hushed\n"
        "os.close(2)\n"
        "with hushed(): pass\n"
        "assert os.open('/dev/null', os.O_RDONLY) == 2\n"
        "print('done')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "done\n"
