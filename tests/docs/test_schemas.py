"""What ``--json`` prints is what the schemas of docs say, to the last key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from chat_models import chat_model
from jsonschema import Draft202012Validator
from markdown import ROOT
from referencing import Registry, Resource
from seq2seq_models import random_encoder_decoder
from small_models import perturb, save
from transformers import AutoConfig, AutoModelForMaskedLM
from writers import writer

from inspector.analogy.ingredients import INGREDIENTS
from inspector.analogy.ladder import LAYER_MEAN, RUNGS, UNIFORM
from inspector.commands import main
from inspector.families.small import SMALL
from inspector.records import HeadLabel, Role, SiteName, Tier, Verdict

SCHEMAS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text(encoding="utf-8"))
    for path in (ROOT / "docs" / "schemas").glob("*.schema.json")
}
TREEBANK = ROOT / "tests/corpus/treebank/treebank.conllu"


#: A comparison's sides are inspections, which a document of their own describes.
REGISTRY: Registry[Any] = Registry().with_resources(
    (f"{name}.schema.json", Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)


def faults(name: str, printed: dict[str, Any]) -> list[str]:
    found = Draft202012Validator(SCHEMAS[name], registry=REGISTRY).iter_errors(printed)
    return [f"{fault.json_path}: {fault.message}" for fault in found]


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Run a command line with ``--json`` and return the objects that it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert main([*map(str, arguments), "--json"]) in (0, 2)
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_one_and_knows_every_key(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])

    def objects(part: Any) -> list[dict[str, Any]]:
        inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        own = [part] if isinstance(part, dict) and part.get("type") == "object" else []
        return own + [found for one in inside for found in objects(one)]

    for part in objects(SCHEMAS[name]):
        assert "additionalProperties" in part


def test_the_words_are_those_of_the_records() -> None:
    schema = SCHEMAS["inspection"]
    of = schema["$defs"]
    assert of["site"]["enum"] == list(get_args(SiteName))
    assert of["verdict"]["enum"] == list(get_args(Verdict))
    assert of["tier"]["enum"] == list(get_args(Tier))
    assert of["tokens"]["items"]["properties"]["role"]["enum"] == list(get_args(Role))
    rung = schema["properties"]["ladder"]["items"]["properties"]["rung"]["enum"]
    assert rung == [one.name for one in (*RUNGS, UNIFORM, LAYER_MEAN)]
    names = schema["properties"]["shares"]["propertyNames"]["enum"]
    assert names == [one.name for one in INGREDIENTS]
    masses = schema["properties"]["heads"]["items"]["properties"]["masses"]["required"]
    assert masses == list(get_args(HeadLabel))


@pytest.mark.slow
def test_one_sentence_and_its_files(printed: Any) -> None:
    (found,) = printed("untie the knot", "--save", "t.safetensors", "--bertviz", "--pieces")
    assert faults("inspection", found) == []
    assert set(found["files"]) == {"report", "tensors", "bertviz_head", "bertviz_model"}
    (found,) = printed("the cat " * 300, "--truncate", "--no-report")
    assert faults("inspection", found) == []
    assert found["truncated_from"] == 602


def test_a_long_text(printed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.long_text.LONG_FROM", 20)
    monkeypatch.setattr("inspector.commands.show_long._SHORT", 0)
    (found,) = printed("A small dog. " * 20, "--no-report")
    assert faults("long-text", found) == []
    assert found["verification"]["rows_compared"] and len(found["heads"]) == 72
    (found,) = printed("A small dog. " * 20, "--no-proof", "--effects")
    assert faults("long-text", found) == []
    assert len(found["effects"]["stretches"]) == len(found["stretches"])
    assert set(found["files"]) == {"report"}


@pytest.mark.slow
def test_two_texts_and_two_models_compared(printed: Any, tmp_path: Path) -> None:
    (found,) = printed("compare", "It was too big", "It was too small")
    assert faults("comparison", found) == []
    assert set(found["files"]) == {"report"} and found["patches"]["heads"]
    folder = writer("mistral", tmp_path / "mistral")
    (found,) = printed("compare", "the cat", "the mat sat", "--model", folder, "--no-report")
    assert faults("comparison", found) == []
    assert found["answers"][0]["kind"] == "next" and found["patches"] is None
    (found,) = printed("compare", "the cat", "--models", "bundled", folder, "--no-report")
    assert faults("comparison", found) == []
    assert found["heads"] is None and found["apart"]
    found["second"]["kind"] = "of nothing"
    assert any("$.second" in fault for fault in faults("comparison", found))


@pytest.mark.slow
def test_lines_of_a_file(printed: Any) -> None:
    Path("pairs.tsv").write_text("one\ttwo\nthree\n", encoding="utf-8")
    lines = printed("--file", "pairs.tsv", "--no-report")
    assert [line["line"] for line in lines] == [1, 2]
    assert [faults("inspection", line) for line in lines] == [[], []]
    assert -1 <= lines[0]["similarity"]["cosine"] <= 1
    assert lines[1]["similarity"] is None
    assert [len(line["embedding"]["values"]) for line in lines] == [384, 384]


@pytest.mark.slow
def test_a_source_and_its_target(printed: Any, tmp_path: Path) -> None:
    folder = random_encoder_decoder("t5", tmp_path / "t5")
    options = ("--target", "the cat", "--model", folder, "--no-report")
    (found,) = printed("the cat sat", *options)
    assert faults("inspection", found) == []
    assert [site["site"] for site in found["sites"]] == ["encoder", "decoder", "cross"]


@pytest.mark.slow
@pytest.mark.parametrize("drawn", [(), ("--temperature", "1.5", "--seed", "2")])
@pytest.mark.parametrize("name", ["mistral", "bart"])
def test_a_text_that_is_written_on(
    printed: Any, tmp_path: Path, name: str, drawn: tuple[str, ...]
) -> None:
    folder = writer(name, tmp_path / name)
    (found,) = printed("the cat", "--model", folder, "--generate", "3", "--no-report", *drawn)
    assert faults("inspection", found) == []
    assert found["generation"]["written"] == 3


@pytest.mark.slow
def test_a_chat(printed: Any, tmp_path: Path) -> None:
    folder = chat_model(tmp_path / "model")
    more = ("--chat", "--system", "Be kind.", "--generate", "2", "--no-report")
    (found,) = printed("What is it?", "--model", folder, *more)
    assert faults("inspection", found) == []
    roles = {token["role"] for token in found["tokens"]}
    assert roles == {"template", "system", "user", "assistant"}


@pytest.mark.slow
def test_predictions(printed: Any, tmp_path: Path) -> None:
    model = AutoModelForMaskedLM.from_config(AutoConfig.for_model("bert", **SMALL["bert"]))
    perturb(model, seed=7)
    folder = save(model, tmp_path / "bert")
    (found,) = printed("the [MASK] sat", "--model", folder, "--no-report")
    assert faults("inspection", found) == []
    assert found["predictions"]["guesses"]
    assert found["embedding"] is None


@pytest.mark.slow
@pytest.mark.parametrize("statistics", ["basic", "full"])
def test_a_corpus(printed: Any, statistics: str) -> None:
    (found,) = printed("corpus", TREEBANK, "--statistics", statistics)
    assert faults("corpus", found) == []
    assert found["findings"] is not None
    assert bool(found["ladder"]) == (statistics == "full")


def test_the_classroom_and_the_models(printed: Any) -> None:
    (found,) = printed("classroom")
    assert faults("classroom", found) == []
    (found,) = printed("models")
    assert faults("models", found) == []
    (found,) = printed("models", "--check", "gpt2")
    assert faults("models", found) == []


def test_what_is_wrong_is_found() -> None:
    """The schemas are no sieve: a key too many, one too few and a wrong word are faults."""
    good = {"students": ["a", "b"], "traits": ["x"], "Q": [[1], [2]], "R": [[1, 2], [2, 4]]}
    good |= {"T": [[5], [10]], "softmax": {"A": [[1, 0], [0, 1]], "T": [[1], [2]]}, "closeness": {}}
    assert faults("classroom", good) == []
    assert faults("classroom", good | {"more": 1}) != []
    assert faults("classroom", {k: v for k, v in good.items() if k != "T"}) != []
    assert faults("classroom", good | {"Q": [["1"], [2]]}) != []
    checked = {"verdict": "verified", "attention_max_abs_error": 0, "output_max_abs_error": 0}
    checked |= {"family": "bert", "tier": "weights", "reason": None, "sites": []}
    checked["end_to_end"] = None
    assert faults("models", {"checked": [checked]}) == []
    assert faults("models", {"checked": [checked | {"verdict": "fine"}]}) != []
