"""``--generate`` through the command line: what is written, told, proved and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import random_bert
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer
from writers import writer

import inspector
from inspector.commands import main
from inspector.errors import InputError
from inspector.records.generation import Writing
from inspector.session import Inspection

Printed = pytest.CaptureFixture[str]
SENTENCE = "the cat sat on the mat"
#: A decoder, one with a sliding window that the text outgrows, and two encoder–decoders.
NAMES = ("llama", "mistral", "bart", "t5")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("models")
    return {name: writer(name, place / name) for name in NAMES}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def transformers_writes(folder: Path, name: str, tokens: int) -> tuple[list[int], list[int]]:
    """What transformers' generate reads and then writes, without a line of ours."""
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    kind: Any = AutoModelForSeq2SeqLM if name in ("bart", "t5") else AutoModelForCausalLM
    model = kind.from_pretrained(folder, attn_implementation="eager").eval()
    ids = tokenizer(SENTENCE, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        found = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=1,
            max_new_tokens=tokens, pad_token_id=0, forced_eos_token_id=None,
            decoder_start_token_id=getattr(model.config, "decoder_start_token_id", None),
        )  # fmt: skip
    read = ids.shape[1] if name not in ("bart", "t5") else 1
    return found[0, :read].tolist(), found[0, read:].tolist()


@pytest.mark.parametrize("name", NAMES)
def test_the_written_text_in_json(
    place: Path, folders: dict[str, Path], capsys: Printed, name: str
) -> None:
    read, expected = transformers_writes(folders[name], name, 12)
    command = [SENTENCE, "--model", str(folders[name]), "--generate", "12", "--json"]
    assert main(command) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    decodes = name in ("bart", "t5")
    tokens = found["target"]["tokens"] if decodes else found["tokens"]
    assert [token["id"] for token in tokens] == read + expected
    assert [token.get("written", False) for token in tokens] == [
        at >= len(read) for at in range(len(tokens))
    ]
    for token in tokens[len(read) :]:
        assert 0 < token["second"]["probability"] <= token["probability"] < 1
        assert token["second"]["id"] != token["id"]
    if decodes:
        assert not any("written" in token for token in found["tokens"])
    assert found["generation"] == {
        "asked": 12, "temperature": None, "top_k": None, "seed": None, "start": len(read),
        "written": 12, "ended": False, "verdict": "verified", "parts_at": None,
        "probability_max_abs_error": pytest.approx(0, abs=1e-5),
    }  # fmt: skip
    assert found["verification"]["verdict"] == "verified"
    assert (place / "attention.html").exists()


@pytest.mark.parametrize("name", ["mistral", "t5"])
def test_the_attention_is_that_of_the_whole_text(folders: dict[str, Path], name: str) -> None:
    found = inspector.inspect(SENTENCE, model=folders[name], generate=9)
    whole = found.trace.target or found.trace.text
    layer = found.trace.layers[-1]
    assert layer.attention.shape[1] == len(whole)
    kind: Any = AutoModelForSeq2SeqLM if name == "t5" else AutoModelForCausalLM
    model = kind.from_pretrained(folders[name], attn_implementation="eager").eval()
    ids = torch.from_numpy(found.trace.text.ids[None])
    more = {} if found.trace.target is None else {
        "decoder_input_ids": torch.from_numpy(whole.ids[None])
    }  # fmt: skip
    with torch.no_grad():
        theirs = model(input_ids=ids, output_attentions=True, **more)
    its = theirs.attentions if name == "mistral" else theirs.cross_attentions
    np.testing.assert_allclose(layer.attention, its[-1][0].numpy(), atol=1e-5)


def test_what_is_printed(place: Path, folders: dict[str, Path], capsys: Printed) -> None:
    assert main([SENTENCE, "--model", str(folders["llama"]), "--generate", "3"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "What the model wrote 3 tokens, the likeliest each time: " in said
    assert said.count("%, before ") == 3
    assert "written on: the real model writes the same 3 tokens" in said


def test_the_answer_alone_is_written_by_our_own_forward(
    place: Path, folders: dict[str, Path], capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inspector.writing import write

    command = [SENTENCE, "--model", str(folders["mistral"]), "--generate", "6"]
    assert main([*command, "--json", "--no-proof"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["generation"]["verdict"] == "unproved"
    calls = []
    generate = write.generate
    monkeypatch.setattr(write, "generate", lambda *a, **k: calls.append(1) or generate(*a, **k))
    assert main(command) == 0
    assert len(calls) == 1  # written once, for the answer, and not again for the proof


def test_drawn_tokens_are_proved_too(folders: dict[str, Path]) -> None:
    drawn = [
        inspector.inspect(
            SENTENCE, model=folders["llama"], generate=Writing(8, 1.5, 10, seed), prove=False
        )
        for seed in (0, 1)
    ]
    ids = [one.trace.text.ids.tolist() for one in drawn]
    assert ids[0] != ids[1]
    proved = drawn[1].prove()
    assert proved.trace.text.ids.tolist() == ids[1]
    assert proved.generation is not None
    assert (proved.generation.verdict, proved.generation.parts_at) == ("verified", None)
    assert proved.generation.asked == Writing(8, 1.5, 10, 1)


def test_a_decoder_goes_on_from_a_target(folders: dict[str, Path]) -> None:
    begun = inspector.inspect(SENTENCE, target="we are here", model=folders["bart"])
    found = inspector.inspect(SENTENCE, target="we are here", model=folders["bart"], generate=5)
    assert begun.trace.target is not None and found.trace.target is not None
    read = begun.trace.target.ids.tolist()
    assert found.trace.target.ids.tolist()[: len(read)] == read
    assert len(found.trace.target) == len(read) + 5
    assert found.generation is not None
    assert found.generation.verdict == "verified"
    assert found.trace.target.text.startswith("we are here")


def test_it_stops_where_the_model_ends_the_text(place: Path, capsys: Printed) -> None:
    folder = writer("mistral", place / "plain")
    whole: Any = inspector.inspect(SENTENCE, model=folder, generate=8, prove=False)
    ids = [token.id for token in whole.generation.tokens]
    ending = writer("mistral", place / "ending", eos_token_id=[30, ids[2]])
    command = [SENTENCE, "--model", str(ending), "--generate", "8", "--no-report"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["generation"]
    assert found["written"] == ids.index(ids[2]) + 1
    assert found["ended"] is True
    assert found["verdict"] == "verified"
    assert main([*command, "--no-proof"]) == 0
    assert "and ended the text" in " ".join(capsys.readouterr().out.split())


def test_a_real_model_that_writes_something_else_is_caught(
    place: Path, folders: dict[str, Path], capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inspector.referee.answers.writing import Writer

    write = Writer.write

    def lie(self: Writer, *arguments: Any) -> list[int]:
        ids = write(self, *arguments)
        return [*ids[:4], (ids[4] + 1) % 32, *ids[5:]]

    monkeypatch.setattr(Writer, "write", lie)
    command = [SENTENCE, "--model", str(folders["t5"]), "--generate", "7"]
    assert main([*command, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["generation"]["verdict"], found["generation"]["parts_at"]) == ("mismatch", 4)
    assert found["verification"]["verdict"] == "verified"
    assert main(command) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "the real model parts at the token 5 of 7, a mismatch" in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--generate", "0"], "--generate 0 writes nothing"),
        (["--generate", "5", "--temperature", "0"], "--temperature 0.0 is none"),
        (["--generate", "5", "--temperature", "nan"], "--temperature nan is none"),
        (["--generate", "5", "--top-k", "0"], "--top-k 0 leaves no token"),
        (["--generate", "5", "--temperature", "1", "--seed", "-1"], "--seed -1 is below 0"),
        (["--generate", "5", "--seed", "3"], "--seed is for tokens that are drawn"),
        (["--temperature", "1"], "--temperature says how a text is written on"),
        (["--top-k", "4"], "--top-k says how a text is written on"),
        (["--seed", "4"], "--seed says how a text is written on"),
        (["--generate", "5", "--pair", "we are"], "A pair of texts is not written on"),
        (["--generate", "33"], "The text has 8 tokens and 40 fit into the model: 33 more do not"),
    ],
)
def test_what_cannot_be_is_refused(
    place: Path, folders: dict[str, Path], capsys: Printed, more: list[str], said: str
) -> None:
    assert main([SENTENCE, "--model", str(folders["llama"]), *more]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 2
    assert list(place.iterdir()) == []


def test_a_model_that_writes_no_text_is_refused(place: Path, capsys: Printed) -> None:
    bert = str(random_bert(place / "bert"))
    capsys.readouterr()
    for model in ("bundled", bert):
        for proof in ([], ["--no-proof"], ["--json"]):
            assert main([SENTENCE, "--model", model, "--generate", "3", "--no-report", *proof]) == 2
            error = capsys.readouterr().err
            assert "writes no text: it has no head that says which word comes next." in error
            assert len(error.splitlines()) == 2


def test_the_target_has_a_window_too(
    place: Path, folders: dict[str, Path], capsys: Printed
) -> None:
    assert main([SENTENCE, "--model", str(folders["bart"]), "--generate", "40"]) == 2
    assert "The target has 1 tokens and 40 fit" in capsys.readouterr().err
    assert main([SENTENCE, "--model", str(folders["bart"]), "--generate", "39", "--json"]) == 0


def test_every_line_of_a_file_is_written_on(
    place: Path, folders: dict[str, Path], capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inspector.writing import write

    calls = []
    generate = write.generate
    monkeypatch.setattr(write, "generate", lambda *a, **k: calls.append(1) or generate(*a, **k))
    (place / "lines.txt").write_text(f"{SENTENCE}\nthe cat\nthe cat\tsat\n")
    command = ["--file", "lines.txt", "--model", str(folders["llama"]), "--generate", "4"]
    assert main([*command, "--out", "out"]) == 2
    assert "Line 3 skipped: A pair of texts is not written on." in capsys.readouterr().err
    run = json.loads((place / "out" / "run.json").read_text())
    assert [one["verdict"] for one in run["reports"]] == ["verified", "verified"]
    assert len(calls) == 2  # written for the answers, and not again for the proofs
    assert main([*command, "--json", "--no-report"]) == 2
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    read, expected = transformers_writes(folders["llama"], "llama", 4)
    assert [token["id"] for token in found[0]["tokens"]] == read + expected
    assert [one["generation"]["verdict"] for one in found] == ["verified", "verified"]


def test_a_file_of_which_nothing_can_be_written(place: Path, capsys: Printed) -> None:
    (place / "lines.txt").write_text("the cat\nthe mat\n")
    for proof in ([], ["--no-proof"], ["--json"]):
        assert main(["--file", "lines.txt", "--generate", "3", *proof]) == 2
        assert capsys.readouterr().err.count("writes no text") == 1


def test_a_mismatch_of_what_was_written_behind_a_line(
    place: Path, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from inspector.referee.answers.writing import Writer

    monkeypatch.setattr(Writer, "write", lambda _self, _text, _target, _most, _ends: [3, 3, 3])
    (place / "lines.txt").write_text("the cat\n")
    command = ["--file", "lines.txt", "--model", str(folders["llama"]), "--generate", "3"]
    assert main([*command, "--out", "out"]) == 1
    run = json.loads((place / "out" / "run.json").read_text())
    assert [one["verdict"] for one in run["reports"]] == ["mismatch"]


def test_in_python(folders: dict[str, Path]) -> None:
    found = inspector.inspect(SENTENCE, model=folders["mistral"], generate=4, prove=False)
    assert isinstance(found, Inspection)
    assert found.generation is not None
    assert [token.id for token in found.generation.tokens] == [
        token.id for token in found.tokens[-4:]
    ]
    assert "What the model" not in repr(found)
    for wrong in (Writing(3, temperature=-1.0), Writing(3, top_k=0), Writing(0)):
        with pytest.raises(InputError):
            inspector.inspect(SENTENCE, model=folders["mistral"], generate=wrong)
