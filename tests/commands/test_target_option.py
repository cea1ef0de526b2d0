"""``--target`` through the command line: a saved encoder–decoder, a source and a target."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from seq2seq_models import SOURCE, TARGET, random_encoder_decoder, theirs

from inspector.commands import main

Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("models")
    names = ("bart", "t5", "bart, uneven")
    return {name: random_encoder_decoder(name, place / name.replace(" ", "")) for name in names}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_everything_that_can_be_had(
    place: Path, folders: dict[str, Path], capsys: Printed, name: str
) -> None:
    read, outputs = theirs(folders[name])
    command = [SOURCE, "--target", TARGET, "--model", str(folders[name]), "--json"]
    assert main([*command, "--bertviz", "--save", "all.safetensors", "--out", "cat.html"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert [token["id"] for token in found["target"]["tokens"]] == read
    assert found["target"]["truncated_from"] is None
    assert found["model"]["layers"] == 9
    assert [token["text"] for token in found["tokens"]][:3] == ["[CLS]", "the", "cat"]
    assert found["sites"] == [
        {"site": "encoder", "layers": 3, "heads": 4, "from": "text", "to": "text"},
        {"site": "decoder", "layers": 3, "heads": 4, "from": "target", "to": "target"},
        {"site": "cross", "layers": 3, "heads": 4, "from": "target", "to": "text"},
    ]
    assert [site["site"] for site in found["verification"]["sites"]] == [
        "encoder", "decoder", "cross"
    ]  # fmt: skip
    ladder = {rung["rung"]: rung for rung in found["ladder"]}
    bits = [site["jsd_bits"] for site in ladder["softmax"]["sites"]]
    assert sum(bits) / 3 == pytest.approx(ladder["softmax"]["jsd_bits"])
    assert ladder["strangers"]["sites"][2] == {
        "site": "cross", "applies": False, "jsd_bits": None, "rank_correlation": None,
        "top1_agreement": None,
    }  # fmt: skip
    assert [site["applies"] for site in ladder["mask"]["sites"]] == [False, True, False]
    for head in found["heads"]:
        assert (head["distance"] is None) == (head["site"] == "cross")
        assert (head["masses"]["previous"] is None) == (head["site"] == "cross")
    assert {link["site"] for link in found["links"]} >= {"cross"}
    assert sorted(path.name for path in place.iterdir()) == [
        "all.safetensors", "cat.head.html", "cat.html", "cat.model.html"
    ]  # fmt: skip
    with safe_open(place / "all.safetensors", "numpy") as file:
        for site, given in (
            ("encoder", outputs.encoder_attentions),
            ("decoder", outputs.decoder_attentions),
            ("cross", outputs.cross_attentions),
        ):
            for layer, attention in enumerate(given):
                for kind, bound in (("attention", 0), ("recomputed", 1e-5)):
                    saved = file.get_tensor(f"{site}.{layer}.{kind}")
                    assert np.abs(saved - attention[0].numpy()).max() <= bound
        heard = file.get_tensor("cross.1.key_states")
        assert file.get_tensor("cross.1.key").shape[1] == len(heard) == len(found["tokens"])
        assert file.get_tensor("cross.1.query").shape[1] == len(read)
        assert "encoder.0.key_states" not in file.keys()  # noqa: SIM118 - no mapping
    np.testing.assert_array_equal(heard, outputs.encoder_last_hidden_state[0].numpy())


def test_a_screenful(place: Path, folders: dict[str, Path], capsys: Printed) -> None:
    assert main([SOURCE, "--target", TARGET, "--model", str(folders["bart"])]) == 0
    said = capsys.readouterr().out
    assert f"{SOURCE}\n→ {TARGET}\n" in said
    flat = " ".join(said.split())
    assert "12 tokens → 10 tokens · bart · bart, 9 layers (encoder 3, decoder 3, cross 3)" in flat
    assert "36 of 36 heads rebuilt" in said
    assert "X·Yᵀ" in said
    for site in ("encoder", "decoder", "cross"):
        links = [line for line in said.splitlines() if " → " in line and f"{site} layer" in line]
        assert 1 <= len(links) <= 3
    assert (place / "attention.html").exists()


def test_layers_and_heads_may_differ_between_the_sites(
    place: Path, folders: dict[str, Path], capsys: Printed
) -> None:
    command = [SOURCE, "--target", TARGET, "--model", str(folders["bart, uneven"]), "--json"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(site["layers"], site["heads"]) for site in found["sites"]] == [(3, 4), (4, 6), (4, 6)]
    assert main([*command, "--bertviz"]) == 2
    assert "bertviz draws" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "its decoder reads a target, and there is none"),
        (["--pair", "we are"], "reads no pairs"),
        (["--target", " "], "empty"),
        (["--target", "we are here " * 20], "The target has 62 tokens and 40 fit"),
    ],
)
def test_what_does_not_fit_an_encoder_decoder(
    place: Path, folders: dict[str, Path], capsys: Printed, more: list[str], said: str
) -> None:
    assert main([SOURCE, "--model", str(folders["bart"]), *more]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 2
    assert list(place.iterdir()) == []


def test_a_target_that_is_too_long_is_cut_on_request(
    place: Path, folders: dict[str, Path], capsys: Printed
) -> None:
    target = ["--target", "we are here " * 20, "--truncate", "--json", "--no-report"]
    assert main([SOURCE, "--model", str(folders["bart"]), *target]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["target"]["truncated_from"] == 62
    assert len(found["target"]["tokens"]) == 40
    assert found["truncated_from"] is None


def test_a_file_of_sources_and_targets(
    place: Path, folders: dict[str, Path], capsys: Printed
) -> None:
    (place / "pairs.txt").write_text(f"{SOURCE}\t{TARGET}\nthe cat\nthe mat\twe sat\n")
    command = ["--file", "pairs.txt", "--model", str(folders["t5"]), "--out", "reports"]
    assert main([*command, "--json"]) == 2
    out, err = capsys.readouterr()
    first, last = map(json.loads, out.splitlines())
    assert (first["line"], last["line"]) == (1, 3)
    assert [token["text"] for token in last["target"]["tokens"]] == ["[PAD]", "[CLS]", "we", "sat"]
    assert "Line 2 skipped" in err
    assert "there is none" in err
    assert TARGET in (place / "reports" / "index.html").read_text()


def test_no_target_beside_a_file_or_for_another_model(place: Path, capsys: Printed) -> None:
    (place / "s.txt").write_text("the cat\n")
    assert main(["--file", "s.txt", "--target", "we are"]) == 2
    assert "--target" in capsys.readouterr().err
    assert main(["the cat", "--target", "we are"]) == 2
    assert "takes no target" in capsys.readouterr().err
