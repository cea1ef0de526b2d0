"""A long text inspected, proved and refused: small models, read as if their texts were long."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from processes import without_torch
from small_models import save
from synthetic_long import model_and_text
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    GPT2Config,
    GPT2Model,
)

import inspector
from inspector import long_text, memory
from inspector.analysis.long_text import effects as long_effects
from inspector.checkpoint.model.assemble import assemble
from inspector.commands import main
from inspector.errors import InputError, MachineError
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL
from inspector.forward.model import forward
from inspector.records import BlockToken, Checkpoint, Text, Token
from inspector.referee.small_models import perturb

WORDS = "the cat sat on the mat because it was tired and we are here . "


@pytest.fixture
def short_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_text, "LONG_FROM", 20)
    monkeypatch.setattr("inspector.commands.show_long._SHORT", 0)


@pytest.fixture(scope="module", params=["llama", "gemma2", "gpt2", "gpt_oss", "opt"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random language model with a window of 400 tokens."""
    config = AutoConfig.for_model(request.param, **SMALL[request.param])
    for name in ("max_position_embeddings", "n_positions"):
        if hasattr(config, name):
            setattr(config, name, 400)
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(config)
    perturb(model, seed=6)
    return save(model, tmp_path_factory.mktemp("long") / request.param)


def test_the_real_model_proves_the_rows_that_were_kept(folder: Path) -> None:
    loaded = inspector.load(folder)
    found = inspector.inspect_long(WORDS * 8, model=loaded.checkpoint)
    assert found.verification.verdict == "unproved"
    verification = found.prove(loaded).verification
    assert verification.verdict in ("verified", "rounding")
    assert len(verification.layers) == len(found.layers)
    assert all(len(check.head_verdicts) == 4 for check in verification.layers)
    whole = verification.end_to_end
    assert whole is not None
    # OPT's states at the end are not seen, as in short texts: its head goes past its base model.
    assert (whole.states_max_abs_error is None) == (folder.name == "opt")
    assert whole.probability_max_abs_error is not None
    # The rows are those of the model itself, its own eager attention asked for all of them.
    model = loaded.model
    model.set_attn_implementation("eager")
    with torch.no_grad():
        ids = torch.from_numpy(found.text.ids)[None]
        theirs = model(input_ids=ids, output_attentions=True).attentions
    for layer, weights in zip(found.layers, theirs, strict=True):
        np.testing.assert_allclose(layer.rows, weights[0, :, found.rows], atol=1e-5)
    # A forward that leaves the last norm out is caught from the ids alone.
    known = loaded.checkpoint.model
    assert known is not None
    without = replace(known, stack=replace(known.stack, norm=None))
    wrong = inspector.inspect_long(WORDS * 8, model=replace(loaded.checkpoint, model=without))
    caught = wrong.prove(loaded).verification
    assert caught.end_to_end is not None
    assert (caught.end_to_end.verdict, caught.verdict) == ("mismatch", "mismatch")
    assert all(check.verdict != "mismatch" for check in caught.layers)
    # And a model that computes something else by both proofs.
    with torch.no_grad():
        next(
            p for n, p in model.named_parameters() if n.endswith(("q_proj.weight", "c_attn.weight"))
        ).mul_(1.5)
    lied = found.prove(loaded).verification
    assert lied.verdict == "mismatch"
    assert lied.layers[0].verdict == "mismatch"


@pytest.mark.usefixtures("short_is_long")
def test_a_text_file_is_answered_first_and_then_proved(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chapter.txt").write_text("A small dog.\r\n" * 20, encoding="utf-8")
    assert (
        main(["--text-file", "chapter.txt", "--json", "--heads", "5.3,0.0", "--layers", "1"]) == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert said["long"] is True
    assert said["verification"]["verdict"] in ("verified", "rounding")
    assert len(said["verification"]["rows_compared"]) == 16
    assert said["token_count"] == 82
    assert {(0, 0), (5, 3), *((1, head) for head in range(12))} <= _carried("attention.html")
    # In the terminal the verdict is the last thing said.
    assert main(["--text-file", "chapter.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("82 tokens in ")
    assert lines[-1].endswith("the last state of every token")
    assert "16 of 82 query rows of every head" in lines[-1]


def _carried(page: str) -> set[tuple[int, int]]:
    source = Path(page).read_text(encoding="utf-8")
    header = json.loads(source.split('id="header">')[1].split("</script>")[0])
    return {(one["layer"], one["head"]) for one in header["carried"]}


@pytest.mark.parametrize("model", ["language", "bundled"])
def test_what_stretches_do_to_the_answer(
    model: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the whole forward with the same tokens blocked, and the measures by hand."""
    found = inspector.inspect_long(WORDS * 2, model="bundled" if model == "bundled" else folder)
    effects = found.with_effects().effects
    assert effects is not None
    assert len(effects.stretches) == len(found.spans)

    def answer(blocked: range) -> Any:
        keep = ("logits",) if model == "language" else ()
        edits = tuple(BlockToken(token) for token in blocked)
        passed = forward(found.checkpoint, found.text, edits=edits, keep=keep)
        if model == "language":
            assert passed.logits is not None
            powers = np.exp(passed.logits[-1].astype(np.float64) - passed.logits[-1].max())
            return powers / powers.sum()
        assert passed.final is not None
        pooled = passed.final.astype(np.float64).mean(axis=0)
        return pooled / np.linalg.norm(pooled)

    def moved(blocked: range) -> float:
        before, after = answer(range(0)), answer(blocked)
        if model == "language":
            return float((before * np.log2(before / after)).sum())
        return float(1 - before @ after)

    for span, effect in zip(found.spans[::5], effects.stretches[::5], strict=True):
        assert effect.size == pytest.approx(moved(range(span.start, span.end)), abs=1e-4, rel=1e-3)
    sizes = [one.size for one in effects.stretches]
    assert effects.strongest == int(np.argmax(sizes))
    span = found.spans[effects.strongest]
    assert len(effects.tokens) == span.end - span.start
    last = effects.tokens[-1].size
    assert last == pytest.approx(moved(range(span.end - 1, span.end)), abs=1e-4, rel=1e-3)
    # Ctrl-C keeps what was measured.
    run = long_effects.forward_by_rows
    calls = iter(range(100))

    def stopped(*some: Any, **more: Any) -> Any:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return run(*some, **more)

    monkeypatch.setattr(long_effects, "forward_by_rows", stopped)
    kept = found.with_effects().effects
    assert kept is not None
    assert [one.size for one in kept.stretches] == sizes[:2]
    assert (kept.strongest, kept.tokens) == (None, ())


@pytest.mark.usefixtures("short_is_long")
def test_what_was_read_until_ctrl_c_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    begin = long_text.Reading.__call__

    def stopped(self: Any, layer: int, *rest: Any) -> Any:
        if layer == 3:
            raise KeyboardInterrupt
        return begin(self, layer, *rest)

    monkeypatch.setattr(long_text.Reading, "__call__", stopped)
    # What is wanted of a layer that was not reached is left out.
    assert main(["A small dog. " * 20, "--heads", "1.4,5.0", "--layers", "4"]) == 130
    assert "only layers 0 to 2 of 6 were read" in " ".join(capsys.readouterr().out.split())
    source = Path("attention.html").read_text(encoding="utf-8")
    header = json.loads(source.split('id="header">')[1].split("</script>")[0])
    assert [layer["layer"] for layer in header["layers"]] == [0, 1, 2]
    assert header["embedding"] is None
    assert (1, 4) in _carried("attention.html")
    with pytest.raises(KeyboardInterrupt):
        inspector.inspect_long("A small dog. " * 20, model="bundled")


@pytest.mark.usefixtures("short_is_long")
def test_ctrl_c_behind_the_last_layer_leaves_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def stopped(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("inspector.forward.by_rows.model.finish", stopped)
    assert main(["A small dog. " * 20]) == 130
    assert "there is no answer" in " ".join(capsys.readouterr().out.split())
    assert Path("attention.html").exists()


@pytest.mark.usefixtures("short_is_long")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--save", "t.safetensors"], "so takes no --save"),
        (["--link", "cat", "mat", "--pieces"], "no --link and no --pieces"),
        (["--knockout", "mean"], "so takes no --knockout"),
        (["--effects", "--answer", " dog"], "no words to answer with"),
        (["--pair", "And another one."], "so takes no --pair"),
        (["--heads", "0.0", "--no-report"], "there is to be none"),
        (["--heads", "9" * 5000 + ".1"], "names no head"),
        (["--heads", "5"], "“5” names no head"),
        (["--heads", "9.0"], "There is no head 9.0"),
        (["--layers", "9"], "There is no layer 9"),
    ],
)
def test_what_a_long_text_does_not_have_is_refused(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    # Nobody waits for a reading to be told.
    monkeypatch.setattr(long_text, "read_long", None)
    assert main(["A small dog. " * 20, "--no-proof", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not Path("attention.html").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("binary.txt", b"a\0b", "binary.txt is binary"),
        ("latin.txt", b"caf\xe9", "not valid UTF-8 at byte 3"),
        ("empty.txt", b" \n", "holds no text"),
        ("missing.txt", None, "missing.txt"),
        ("million.txt", b"dog " * 250_000, "1,000,000 characters"),
        ("window.txt", b"dog " * 600, "512"),
    ],
)
def test_a_file_that_is_no_text_for_the_model(
    name: str, content: bytes | None, said: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content)
    assert main(["--text-file", name, "--no-proof"]) == 2
    assert said in capsys.readouterr().err
    assert not Path("attention.html").exists()


def test_heads_of_a_short_text_need_not_be_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["A small dog.", "--no-proof", "--heads", "0.0"]) == 2
    assert "--heads is for long texts" in capsys.readouterr().err


def test_a_text_in_which_nothing_tells_anything_and_one_without_a_mask(tmp_path: Path) -> None:
    config = AutoConfig.for_model("modernbert", **SMALL["modernbert"])
    config.max_position_embeddings = 400
    torch.manual_seed(4)
    folder = save(AutoModelForMaskedLM.from_config(config), tmp_path / "masked")
    found = inspector.inspect_long(". , ! " * 40, model=folder)
    assert found.links == ()
    assert found.logits is None
    assert found.predictions is None
    with pytest.raises(InputError, match="cannot prove it"):
        found.prove(inspector.load("bundled"))


def test_truncated_to_what_can_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_text, "_MANY", 3072)
    monkeypatch.setattr(long_text, "_CHARACTERS", 6)
    found = inspector.inspect_long("dog " * 2000, model="bundled", truncate=True)
    assert len(found.text) == 512
    found.to_html(tmp_path / "cut.html")
    page = (tmp_path / "cut.html").read_text(encoding="utf-8")
    header = json.loads(page.split('id="header">')[1].split("</script>")[0])
    assert len(header["text"].split()) == 510
    with pytest.raises(InputError, match="8,000 characters"):
        inspector.inspect_long("dog " * 2000, model="bundled")


def test_no_room_is_said_before_it_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 1_000_000)
    with pytest.raises(MachineError, match=r"202 tokens through .* need 12 MB of memory, and 1 MB"):
        inspector.inspect("dog " * 200, prove=False)
    with pytest.raises(MachineError, match="are free"):
        inspector.inspect_long("dog " * 200, model="bundled")


def test_no_torch_where_nothing_is_proved(tmp_path: Path) -> None:
    code = (
        "import sys; from inspector import long_text; long_text.LONG_FROM = 20\n"
        "found = long_text.inspect_long('A small dog. ' * 20, model='bundled')\n"
        "found.to_html('long.html'); assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert (tmp_path / "long.html").stat().st_size > 100_000
    done = without_torch(tmp_path, "dog " * 300, "--no-proof", "--json", "--no-report")
    assert "long" not in json.loads(done.stdout)


def needle_model(tokens: int) -> tuple[Checkpoint, Text]:
    """One layer whose second head asks for what is the same as itself; its first asks nothing.

    Every token of the text is another, but for one that stands in it twice.
    """
    width = 64
    config = GPT2Config(vocab_size=tokens, n_embd=width, n_layer=1, n_head=2, n_positions=tokens)
    model = GPT2Model(config).eval()
    random = np.random.default_rng(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.wte.weight.copy_(torch.from_numpy(random.normal(size=(tokens, width))))
        block = model.h[0]
        block.ln_1.weight.fill_(1)
        block.ln_2.weight.fill_(1)
        model.ln_f.weight.fill_(1)
        # What is the same scores about 6, what is not 0 ± 1.
        part = 1.05 * np.eye(width, width // 2)
        for first in (width // 2, width + width // 2):
            block.attn.c_attn.weight[:, first : first + width // 2] = torch.from_numpy(part)
        block.attn.c_attn.weight[:, 2 * width :] = torch.eye(width)
        block.attn.c_proj.weight.copy_(torch.eye(width))
    tensors = {name: one.numpy().copy() for name, one in model.state_dict().items()}
    built = assemble(tensors, FAMILIES["gpt2"], config, "needle", architectures=())
    ids = random.permutation(tokens)
    ids[1900] = ids[100]
    parts = [
        Token(int(id_), f"w{id_}", place, False, 0, (7 * place, 7 * place + 6))
        for place, id_ in enumerate(ids.tolist())
    ]
    text = Text.of(tuple(parts), "".join(f"w{id_:<5d} " for id_ in ids.tolist()))
    return Checkpoint("needle", "needle", "gpt2", None, None, None, "", model=built), text


def test_a_needle_is_found_by_the_head_that_was_built_to_find_it() -> None:
    checkpoint, text = needle_model(2300)
    found = long_text.read_long(checkpoint, text)
    strongest = found.links[0]
    assert (strongest.layer, strongest.head) == (0, 1)
    assert (strongest.source_token, strongest.target_token) == (1900, 100)
    assert strongest.weight > 2 * found.links[1].weight
    source, target = (
        next(at for at, span in enumerate(found.spans) if span.start <= token < span.end)
        for token in (1900, 100)
    )
    flow = found.layers[0].flow[1]
    others = [at for at in range(source - 1) if at != target]
    assert flow[source, target] > 1.2 * flow[source, others].max()


def test_memory_grows_with_the_text_and_not_with_its_square(tmp_path: Path) -> None:
    """In an address space in which one layer's matrices would not lie."""
    checkpoint, _ = model_and_text("llama", 40)
    assert checkpoint.model is not None
    code = """
import resource, sys
import numpy as np
sys.path[:0] = sys.argv[1:]
from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate
from inspector.forward.by_rows.model import forward_by_rows
from inspector.records import Text
from dataclasses import replace
checkpoint = open_checkpoint(locate("bundled"))
embeddings = checkpoint.model.stack.embeddings
ids = np.random.default_rng(0).integers(1000, 20000, 4500)
stack = replace(checkpoint.model.stack, embeddings=replace(embeddings, positions=None))
model = replace(checkpoint.model, stack=stack)
# 12 heads × 4,500² × 4 bytes are 1.0 GB a layer.
resource.setrlimit(resource.RLIMIT_AS, (1_200_000_000, 1_200_000_000))
passed = forward_by_rows(replace(checkpoint, model=model), Text.of_ids(ids), rows=[])
assert np.isfinite(passed.final).all()
"""
    done: Any = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
