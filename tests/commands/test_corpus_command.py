"""``inspect corpus`` from the command line: tables, going on, and every end that is bad."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from small_models import random_bert
from transformers import AutoModel, AutoTokenizer

from inspector.commands import corpus as command
from inspector.commands import main
from inspector.corpus import inputs, run
from inspector.files import folders

Printed = pytest.CaptureFixture[str]

LINES = [
    "the cat sat on the mat",
    "it was tired",
    "the cats sat and we are tired",
    "we are the cats because it sat on the mat",
    "cats , cats , cats !",
] * 5
TREES = """\
1\tthe\t_\t_\t_\t_\t2\tdet\t_\t_
2\tcats\t_\t_\t_\t_\t3\tnsubj\t_\t_
3\tsat\t_\t_\t_\t_\t0\troot\t_\t_

1\twe\t_\t_\t_\t_\t3\tnsubj\t_\t_
2\tare\t_\t_\t_\t_\t3\tcop\t_\t_
3\ttired\t_\t_\t_\t_\t0\troot\t_\t_

1\tbroken

"""
COLUMNS = ["site", "layer", "head", "statistic", "value", "low", "high", "null", "n"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_bert(tmp_path_factory.mktemp("corpus") / "bert")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a corpus of 25 sentences, which make four shards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "SHARD", 8)
    (tmp_path / "s.txt").write_text("".join(f"{line}\n" for line in LINES))
    return tmp_path


def corpus(model: Path, *arguments: str) -> int:
    return main(["corpus", "--model", str(model), "--device", "cpu", *arguments])


def table(path: Path) -> dict[tuple[int, int, str], dict[str, Any]]:
    rows = pq.read_table(path).to_pylist()
    return {(row["layer"], row["head"], row["statistic"]): row for row in rows}


def test_the_table_is_tidy_and_says_what_loops_say(place: Path, model: Path) -> None:
    assert corpus(model, "s.txt") == 0
    found = pq.read_table(place / "corpus" / "heads.parquet")
    assert found.column_names == COLUMNS
    assert found.num_rows == 3 * 4 * 16
    rows = table(place / "corpus" / "heads.parquet")

    theirs: Any = AutoModel.from_pretrained(model, attn_implementation="eager")
    tokenizer: Any = AutoTokenizer.from_pretrained(model)
    mass, length, queries = np.zeros((3, 4)), np.zeros((3, 4)), 0
    for line in LINES:
        with torch.no_grad():
            given = theirs(**tokenizer(line, return_tensors="pt"), output_attentions=True)
        for layer, weights in enumerate(given.attentions):
            for i in range(1, weights.shape[2] - 1):
                mass[layer] += weights[0, :, i, i - 1].numpy()
                for j in range(weights.shape[3]):
                    length[layer] += weights[0, :, i, j].numpy() * abs(i - j)
        queries += given.attentions[0].shape[2] - 2
    for layer in range(3):
        for head in range(4):
            row = rows[layer, head, "previous"]
            assert row["n"] == queries
            assert row["site"] == "self"
            assert row["value"] == pytest.approx(mass[layer, head] / queries, abs=1e-5)
            assert row["low"] < row["value"] < row["high"]
            assert 0 < row["null"] < 1
            assert rows[layer, head, "distance"]["value"] == pytest.approx(
                length[layer, head] / queries, abs=1e-4
            )
            for invariant in ("entropy_bits", "separator", "first", "first_moved"):
                assert rows[layer, head, invariant]["null"] is None


def test_run_json_is_last_and_says_what_there_is(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "t.txt").write_text("the cat sat\n\n" + "cat " * 50 + "\nthe mat\n\u200b\n")
    written: list[str] = []
    real = folders.write_whole
    monkeypatch.setattr(
        folders, "write_whole", lambda path, data: (written.append(path.name), real(path, data))
    )
    assert corpus(model, "t.txt", "--seed", "7") == 0
    began, *made = written
    assert began == ".inspector.json"
    assert made == [
        "plan.json",
        "000000.npz",
        ".inspector.json",
        "heads.parquet",
        "atlas.html",
        "run.json",
    ]
    said = json.loads((place / "corpus" / "run.json").read_text())
    assert said["complete"]
    assert said["sentences"] == 2
    assert said["tokens"] == 5 + 4
    assert said["bootstrap"] == {"seed": 7, "resamples": 500}
    assert said["outputs"] == {"heads": "heads.parquet", "atlas": "atlas.html"}
    skipped = {one["first"]: (one["count"], one["reason"]) for one in said["skipped"]}
    assert skipped == {
        "t.txt:2": (1, "blank lines"),
        "t.txt:3": (1, "longer than the window of 40 tokens"),
        "t.txt:5": (1, "nothing in them that the tokenizer can read"),
    }


def test_long_sentences_are_cut_where_that_is_asked_for(place: Path, model: Path) -> None:
    (place / "t.txt").write_text("the cat sat\n" + "cat " * 50 + "\n")
    assert corpus(model, "t.txt", "--truncate") == 0
    said = json.loads((place / "corpus" / "run.json").read_text())
    assert (said["sentences"], said["truncated"], said["tokens"]) == (2, 1, 5 + 40)


def test_a_treebank_has_relations_as_well(place: Path, model: Path, capsys: Printed) -> None:
    (place / "t.conllu").write_text(TREES)
    assert corpus(model, "t.conllu", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["corpus"]["sentences"] == 2
    assert printed["corpus"]["skipped"][0]["reason"] == "broken trees"
    rows = pq.read_table(place / "corpus" / "relations.parquet").to_pylist()
    assert {row["relation"] for row in rows} >= {"det", "nsubj", "cop"}
    assert {row["n"] for row in rows if row["relation"] == "nsubj"} == {2}
    assert len([row for row in rows if row["relation"] == "det"]) == 2 * 12

    # The tree's words went to the model as they are: arcs found by plain loops.
    theirs: Any = AutoModel.from_pretrained(model, attn_implementation="eager")
    tokenizer: Any = AutoTokenizer.from_pretrained(model)
    given = tokenizer([["the", "cats", "sat"]], is_split_into_words=True, return_tensors="pt")
    words = given.word_ids(0)
    with torch.no_grad():
        attentions = theirs(**given, output_attentions=True).attentions
    for row in rows:
        if (row["relation"], row["direction"]) != ("det", "dependent→head"):
            continue
        weights = attentions[row["layer"]][0, row["head"]].numpy()
        to = {
            word: np.mean(
                [
                    sum(weights[i, j] for j in range(len(words)) if words[j] == word)
                    for i in range(len(words))
                    if words[i] == 0
                ]
            )
            for word in (1, 2)
        }
        assert row["accuracy"] == float(to[1] > to[2])

    # A treebank's tables do not stay when what follows has none.
    assert corpus(model, "s.txt", "--restart") == 0
    assert not (place / "corpus" / "relations.parquet").exists()
    assert not (place / "corpus" / "findings.parquet").exists()


def test_examples_open_a_report_of_the_sentence(place: Path, model: Path) -> None:
    assert corpus(model, "s.txt") == 0
    reports = sorted((place / "corpus" / "examples").iterdir())
    assert reports
    for report in reports:
        line = int(report.stem.partition("-")[2])
        # Shorter ones are no examples.
        assert len(LINES[line - 1].split()) >= 6
        assert "<html" in report.read_text()


@pytest.mark.parametrize("longest", ["loading", "reading", "examples", "arcs"])
def test_the_time_that_is_said_is_the_time_that_it_took(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed, longest: str
) -> None:
    """By a clock that stands still but in one part of the work, where 400 seconds pass."""
    clock = [1000.0]

    def slow(part: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def work(*given: Any, **named: Any) -> Any:
            clock[0] += 400 if part == longest else 0
            return real(*given, **named)

        return work

    monkeypatch.setattr(run.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(run, "tell_examples", slow("examples", run.tell_examples))
    monkeypatch.setattr(run, "tell_arcs", slow("arcs", run.tell_arcs))
    monkeypatch.setattr(run.Store, "write", slow("reading", run.Store.write))
    monkeypatch.setattr(command, "_load", slow("loading", command._load))
    (place / "t.conllu").write_text(TREES)
    assert corpus(model, "t.conllu") == 0
    printed = capsys.readouterr().out
    assert "400.0 s in all" in printed
    assert ("a second" in printed) == (longest == "reading")
    said = json.loads((place / "corpus" / "run.json").read_text())
    assert said["seconds"] == 400
    assert said["reading_seconds"] == (400 if longest == "reading" else 0)
    assert "400 s in all" in (place / "corpus" / "atlas.html").read_text()


STOPPED = """
import os, signal, sys
from inspector.commands import main
from inspector.corpus import run
from inspector.corpus.store import Store
run.SHARD = 8
real, count = Store.write, 0
def write(self, index, record):
    global count
    count += 1
    if count == 3:
        os.kill(os.getpid(), signal.{signal})
    real(self, index, record)
Store.write = write
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("number", "code"), [("SIGKILL", -9), ("SIGINT", 130)])
def test_a_run_that_was_stopped_goes_on(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch, number: str, code: int
) -> None:
    """Stopped with two of four shards done; the same command does the other two."""
    assert corpus(model, "s.txt", "--out", "whole") == 0
    # An older run in the same folder is over as soon as the new one has begun.
    assert corpus(model, "s.txt", "--seed", "3") == 0
    assert (place / "corpus" / "run.json").exists()
    stopped = subprocess.run(
        [
            *(sys.executable, "-c", STOPPED.format(signal=number), "corpus"),
            *("--model", str(model), "--device", "cpu", "s.txt", "--restart"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert stopped.returncode == code
    assert shard_names(place) == ["000000.npz", "000001.npz"]
    assert not (place / "corpus" / "run.json").exists()
    done: list[int] = []
    real = run.Store.write
    monkeypatch.setattr(
        run.Store,
        "write",
        lambda self, index, record: (done.append(index), real(self, index, record)),
    )
    assert corpus(model, "s.txt") == 0
    assert done == [2, 3]
    first, second = (pq.read_table(place / out / "heads.parquet") for out in ("whole", "corpus"))
    assert first.equals(second)
    said = json.loads((place / "corpus" / "run.json").read_text())
    assert (said["sentences"], said["sentences_this_run"]) == (25, 9)


def shard_names(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "corpus" / "shards").glob("*.npz"))


def test_a_damaged_shard_is_made_again(place: Path, model: Path) -> None:
    assert corpus(model, "s.txt") == 0
    before = (place / "corpus" / "heads.parquet").read_bytes()
    shard = place / "corpus" / "shards" / "000001.npz"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 0xFF
    shard.write_bytes(data)
    assert corpus(model, "s.txt") == 0
    assert (place / "corpus" / "heads.parquet").read_bytes() == before
    assert json.loads((place / "corpus" / "run.json").read_text())["sentences_this_run"] == 8


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["s.txt", "--seed", "1"], "another --seed"),
        (["s.txt", "--truncate"], "another --truncate"),
        (["s.txt", "--statistics", "full"], "another --statistics"),
        (["t.txt"], "another input"),
        (["s.txt", "t.txt"], "another input"),
    ],
)
def test_a_changed_run_is_refused_unless_it_begins_anew(
    place: Path, model: Path, capsys: Printed, change: list[str], said: str
) -> None:
    (place / "t.txt").write_text("the cat sat on the mat\n")
    assert corpus(model, "s.txt") == 0
    before = (place / "corpus" / "heads.parquet").read_bytes()
    capsys.readouterr()
    assert corpus(model, *change) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert "--restart" in printed
    assert (place / "corpus" / "heads.parquet").read_bytes() == before
    assert len(shard_names(place)) == 4
    assert corpus(model, *change, "--restart") == 0


def test_another_model_is_noticed(place: Path, model: Path, capsys: Printed) -> None:
    """In a folder of the same name, with one weight changed."""
    other = place / "bert"
    theirs: Any = AutoModel.from_pretrained(model)
    theirs.save_pretrained(other)
    AutoTokenizer.from_pretrained(model).save_pretrained(other)
    assert corpus(other, "s.txt") == 0
    with torch.no_grad():
        theirs.embeddings.word_embeddings.weight[6, 3] += 1
    theirs.save_pretrained(other)
    capsys.readouterr()
    assert corpus(other, "s.txt") == 2
    assert "another model" in capsys.readouterr().err


def test_the_split_into_shards_changes_nothing(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert corpus(model, "s.txt", "--out", "eights") == 0
    monkeypatch.setattr(run, "SHARD", 1000)
    assert corpus(model, "s.txt", "--out", "whole") == 0
    first, second = (table(place / out / "heads.parquet") for out in ("eights", "whole"))
    assert first.keys() == second.keys()
    for key, row in first.items():
        for column in ("value", "low", "high", "null"):
            if row[column] is None:
                assert second[key][column] is None
            else:
                assert row[column] == pytest.approx(second[key][column], abs=1e-5)


WAITING = """
import sys
from inspector.commands import main
from inspector.corpus.store import Store
def write(self, index, record):
    print("writing", flush=True)
    sys.stdin.readline()
    raise SystemExit(0)
Store.write = write
main(sys.argv[1:])
"""


def test_two_runs_do_not_write_into_one_folder(place: Path, model: Path, capsys: Printed) -> None:
    """The second is refused as long as the first one lives, and not after it was killed."""
    first = subprocess.Popen(
        [
            *(sys.executable, "-c", WAITING, "corpus"),
            *("--model", str(model), "--device", "cpu", "s.txt"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "writing\n"
        assert corpus(model, "s.txt", "--restart") == 2
        assert "Another run is writing into corpus." in capsys.readouterr().err
        assert corpus(model, "s.txt", "--out", "other") == 0
        first.kill()
    assert corpus(model, "s.txt", "--restart") == 0


def test_an_arc_that_cannot_be_read_is_counted(place: Path, model: Path, capsys: Printed) -> None:
    """The tokenizer has no piece for a space of no width: both arcs of that word are left out."""
    (place / "t.conllu").write_text(TREES.partition("1\tbroken")[0].replace("2\tcats", "2\t\u200b"))
    assert corpus(model, "t.conllu") == 0
    assert "2 arcs left out: the model was given nothing of" in capsys.readouterr().out
    said = json.loads((place / "corpus" / "run.json").read_text())
    assert said["unread_arcs"] == 2
    assert "2 arcs with a word" in (place / "corpus" / "atlas.html").read_text()
    assert corpus(model, "t.conllu", "--json") == 0
    assert json.loads(capsys.readouterr().out)["corpus"]["unread_arcs"] == 2


@pytest.mark.parametrize(
    ("content", "name", "options", "code", "said"),
    [
        (b"", "t.txt", [], 2, "There is no sentence in t.txt"),
        (b"\n \n", "t.txt", [], 2, "There is no sentence in t.txt"),
        (b"fine\nb\xe9d\n", "t.txt", [], 2, "t.txt, line 2: it is not valid UTF-8"),
        (b"1\tbroken\n", "t.conllu", [], 2, "line 1"),
        (TREES.encode(), "t.conllu", ["--strict"], 2, "t.conllu, line 9"),
        (b'{"body": "a"}', "t.jsonl", [], 2, "no column 'text'"),
        (b"cat " * 50, "t.txt", [], 2, "longer than the window of 40 tokens"),
        ("\u200b\n".encode(), "t.txt", [], 2, "No sentence is left"),
        (b"fine", "t.txt", ["--address", "here:1"], 2, "--address is for --engine ray"),
        (b"fine", "t.txt", ["--out", "t.txt"], 2, "is a file, not a folder"),
        (b"fine", "t.txt", ["--out", "no/such/place"], 2, "There is no folder"),
        (b"fine", "t.txt", ["--out", "/proc/corpus"], 4, "could not be written"),
    ],
)
def test_bad_input_ends_with_one_sentence(
    place: Path,
    model: Path,
    capsys: Printed,
    content: bytes,
    name: str,
    options: list[str],
    code: int,
    said: str,
) -> None:
    (place / name).write_bytes(content)
    assert corpus(model, name, *options) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    error, hint = printed.err.splitlines()
    assert error.startswith("Error: ")
    assert said in error
    assert hint.startswith("Hint: ")


FULL = """
import resource, signal, sys
from inspector.commands import main
from inspector.corpus import run
run.SHARD = 8
from inspector.corpus.store import Store
real = Store.write
def write(self, index, record):
    if index == 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    real(self, index, record)
Store.write = write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
raise SystemExit(main(sys.argv[1:]))
"""


def test_a_disk_that_is_full_keeps_the_finished_shards(place: Path, model: Path) -> None:
    stopped = subprocess.run(
        [
            *(sys.executable, "-c", FULL, "corpus"),
            *("--model", str(model), "--device", "cpu", "s.txt"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert stopped.returncode == 4
    assert "could not be written" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert shard_names(place) == ["000000.npz", "000001.npz"]
    assert sorted(path.name for path in (place / "corpus" / "shards").iterdir())[-1] == "plan.json"


def test_a_pipe_is_read(place: Path, model: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "inspector", "corpus", "-"),
            *("--model", str(model), "--device", "cpu"),
        ],
        input=b"the cat sat on the mat\nit was tired\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    # Nobody watches: nothing but an error would be said there.
    assert done.stderr == b""
    said = json.loads((place / "corpus" / "run.json").read_text())
    assert said["files"] == ["-"]
    assert said["sentences"] == 2


# --- the folder -------------------------------------------------------------------------------


@pytest.mark.parametrize("own", ["shards/000001.npz", "examples/1-1.html", "heads.parquet"])
def test_what_no_run_wrote_stays(place: Path, model: Path, capsys: Printed, own: str) -> None:
    path = place / "corpus" / own
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    for options in ([], ["--restart"]):
        assert corpus(model, "s.txt", *options) == 2
        assert f"{own} is there already" in capsys.readouterr().err
    assert [one for one in (place / "corpus").rglob("*") if one.is_file()] == [path]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("folder", ["shards", "examples"])
def test_nothing_is_removed_through_a_linked_folder(
    place: Path, model: Path, capsys: Printed, folder: str
) -> None:
    mine = place / "mine"
    mine.mkdir()
    (mine / "000001.npz").write_text("mine")
    (place / "corpus").mkdir()
    (place / "corpus" / folder).symlink_to(mine)
    assert corpus(model, "s.txt", "--restart") == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert [path.name for path in mine.iterdir()] == ["000001.npz"]


def test_a_shard_in_the_place_of_another_is_made_again(place: Path, model: Path) -> None:
    """Whole and undamaged, and not where it belongs."""
    assert corpus(model, "s.txt") == 0
    before = (place / "corpus" / "heads.parquet").read_bytes()
    shards = place / "corpus" / "shards"
    (shards / "000001.npz").write_bytes((shards / "000002.npz").read_bytes())
    assert corpus(model, "s.txt") == 0
    assert (place / "corpus" / "heads.parquet").read_bytes() == before
    assert json.loads((place / "corpus" / "run.json").read_text())["sentences_this_run"] == 8


def test_a_shard_of_another_plan_is_made_again(place: Path, model: Path) -> None:
    assert corpus(model, "s.txt", "--out", "other", "--seed", "5") == 0
    assert corpus(model, "s.txt") == 0
    before = (place / "corpus" / "heads.parquet").read_bytes()
    shutil.copy(place / "other/shards/000001.npz", place / "corpus/shards/000001.npz")
    assert corpus(model, "s.txt") == 0
    assert (place / "corpus" / "heads.parquet").read_bytes() == before


def test_the_record_lists_everything_with_its_checksum(place: Path, model: Path) -> None:
    assert corpus(model, "s.txt") == 0
    written = json.loads((place / "corpus" / "run.json").read_text())["written"]
    there = [path for path in (place / "corpus").rglob("*") if path.is_file()]
    assert {str(path.relative_to(place / "corpus")) for path in there} == {*written, "run.json"}
    for name, digest in written.items():
        assert hashlib.sha256((place / "corpus" / name).read_bytes()).hexdigest() == digest


def test_a_shorter_corpus_leaves_no_shard_of_the_longer(place: Path, model: Path) -> None:
    assert corpus(model, "s.txt") == 0
    (place / "corpus" / "notes.txt").write_text("mine")
    (place / "t.txt").write_text("the cat sat on the mat\n")
    assert corpus(model, "t.txt", "--restart") == 0
    assert shard_names(place) == ["000000.npz"]
    assert (place / "corpus" / "notes.txt").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * (17 << 20), "t.txt, line 1: it is longer than 16 MiB"),
        (None, "is a device or a pipe"),
    ],
)
def test_lines_and_files_that_never_end(
    place: Path, model: Path, capsys: Printed, content: bytes | None, said: str
) -> None:
    if content is None:
        (place / "t.txt").symlink_to("/dev/zero")
    else:
        (place / "t.txt").write_bytes(content)
    assert corpus(model, "t.txt") == 2
    assert said in capsys.readouterr().err


def test_a_pipe_has_a_limit(
    place: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setattr(inputs, "_PIPE", 3 << 20)
    with Path("/dev/zero").open() as endless:
        monkeypatch.setattr("sys.stdin", endless)
        assert corpus(model, "-") == 2
    assert "Standard input holds more than" in capsys.readouterr().err


def test_json_that_is_too_deep(place: Path, model: Path, capsys: Printed) -> None:
    (place / "t.jsonl").write_text("[" * 200_000 + "\n")
    assert corpus(model, "t.jsonl") == 2
    assert "t.jsonl, line 1: it is not JSON" in capsys.readouterr().err
