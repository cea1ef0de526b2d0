"""Files that are damaged, that lie, or that hold what nobody here reads: a sentence for each."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from gguf_models import add_vocabulary, blocks, close, made, plain, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.checkpoint.gguf.file import GGUFFile
from inspector.checkpoint.sources import locate
from inspector.commands import main
from inspector.errors import ModelError

MAGIC, U32, U64 = b"GGUF", struct.Struct("<I").pack, struct.Struct("<Q").pack


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def text(said: str) -> bytes:
    return U64(len(said)) + said.encode()


def value(key: str, kind: int, data: bytes) -> bytes:
    return text(key) + U32(kind) + data


def tensor(
    name: str, shape: tuple[int, ...] = (32,), kind: int = 0, offset: int = 0, count: int = -1
) -> bytes:
    sizes = b"".join(U64(size) for size in shape)
    return text(name) + U32(len(shape) if count < 0 else count) + sizes + U32(kind) + U64(offset)


def file(*said: bytes, tensors: int = 0, values: int = 0, data: int = 0) -> bytes:
    head = MAGIC + U32(3) + U64(tensors) + U64(values) + b"".join(said)
    return head + bytes(-len(head) % 32) + bytes(data)


ENDLESS = U64(1 << 60)
DAMAGED = {
    "nothing": b"",
    "its letters alone": MAGIC,
    "another file": b"PK\3\4" + bytes(100),
    "an old version": MAGIC + U32(1) + bytes(100),
    "big-endian": MAGIC + struct.pack(">I", 3) + bytes(100),
    "countless keys": MAGIC + U32(3) + U64(0) + ENDLESS + bytes(1000),
    "countless tensors": MAGIC + U32(3) + ENDLESS + U64(0) + bytes(1000),
    "an endless text": file(ENDLESS, values=1, data=100),
    "an endless list of numbers": file(value("a", 9, U32(4) + ENDLESS), values=1, data=100),
    "an endless list of texts": file(value("a", 9, U32(8) + ENDLESS), values=1, data=100),
    "an endless list of lists": file(value("a", 9, U32(9) + ENDLESS), values=1, data=100),
    "an unknown kind": file(value("a", 77, b""), values=1, data=100),
    "a key twice": file(value("a", 4, U32(1)) * 2, values=2),
    "no UTF-8": file(U64(1) + b"\xff" + U32(4) + U32(1), values=1),
    "no alignment": file(value("general.alignment", 4, U32(0)), values=1, data=100),
    "a tensor of no dimension": file(tensor("a", (), count=0), tensors=1, data=100),
    "a tensor of a billion dimensions": file(tensor("a", count=1 << 30), tensors=1, data=1000),
    "a tensor without numbers": file(tensor("a", (0, 32)), tensors=1, data=100),
    "a tensor as large as the world": file(
        tensor("a", (1 << 40, 1 << 40, 1 << 40)), tensors=1, data=1000
    ),
    "a tensor behind the end": file(tensor("a", (32, 32)), tensors=1, data=128),
    "a tensor far behind the end": file(tensor("a", offset=1 << 62), tensors=1, data=128),
    "a tensor between two places": file(tensor("a", offset=3), tensors=1, data=256),
    "a tensor of an unknown kind": file(tensor("a", kind=999), tensors=1, data=4096),
    "a tensor of whole numbers": file(tensor("a", kind=26), tensors=1, data=4096),
    "rows that are no blocks": file(tensor("a", (33,), kind=2), tensors=1, data=4096),
    "a tensor twice": file(tensor("a") + tensor("a", offset=128), tensors=2, data=4096),
    "two tensors in one place": file(tensor("a") + tensor("b"), tensors=2, data=4096),
}


def refusal(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        locate(str(path))
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400
    assert caught.value.hint
    assert not [one for one in path.parent.glob("cache/*/*/*") if one.is_dir()]
    return caught.value


@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_files(what: str, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(DAMAGED[what])
    # By the format alone: no file of this table says its architecture either.
    with pytest.raises(ModelError):
        GGUFFile(path)
    error = refusal(path)
    assert str(path) in error.message
    assert error.exit_code == 3


def test_a_file_that_does_not_say_its_architecture(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(file(value("general.name", 8, text("x")), values=1, data=64))
    assert "does not say its general.architecture" in refusal(path).message


def test_what_is_read_takes_no_more_memory_than_the_file(tmp_path: Path) -> None:
    """Under a limit on memory that an endless list of anything would break at once."""
    for what, data in DAMAGED.items():
        (tmp_path / f"{what}.gguf").write_bytes(data)
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from inspector.checkpoint.gguf.file import GGUFFile\n"
        "from inspector.errors import ModelError\n"
        "import gguf\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "for path in Path(sys.argv[1]).glob('*.gguf'):\n"
        "    try:\n"
        "        GGUFFile(path)\n"
        "    except ModelError:\n"
        "        continue\n"
        "    print('read', path.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True, text=True, check=True, timeout=300,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.stdout == ""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "model.gguf"
    return write(made("llama"), path, blocks(GGMLQuantizationType.Q4_0)).read_bytes()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_changed_or_any_end_cut_is_read_or_refused(
    whole: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    header = whole.index(b"blk.0.attn_norm.weight")
    changed = bytearray(whole)
    if data.draw(st.booleans(), label="cut"):
        del changed[data.draw(st.integers(0, len(whole) - 1)) :]
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, max(0, min(len(changed) - 1, header + 2000))))
        if changed:
            changed[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "changed.gguf"
    path.write_bytes(changed)
    try:
        GGUFFile(path)
    except ModelError as error:
        assert str(path) in error.message


def written(tmp_path: Path, change: Callable[[GGUFWriter], Any], name: str = "llama") -> Path:
    """A file of a small llama with one more key, which comes last and wins."""
    path = tmp_path / "model.gguf"
    model = made(name)
    writer = GGUFWriter(str(path), name)
    change(writer)
    add_vocabulary(writer, kind="gpt2")
    known = writer.kv_data[0]
    other = write(model, tmp_path / "other.gguf")
    reader = gguf.GGUFReader(other)
    for key, field in reader.fields.items():
        if key.startswith(f"{name}.") and key not in known:
            writer.add_key_value(key, field.contents(), field.types[0])
    for one in reader.tensors:
        writer.add_tensor(one.name, one.data.copy())
    return close(writer)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda w: w.add_head_count([4, 4, 4]), "head_count = a list of 3, a value for each layer"),
        (lambda w: w.add_head_count(0), "llama.attention.head_count = 0"),
        (lambda w: w.add_head_count(5), "cannot share"),
        (lambda w: w.add_head_count_kv(3), "cannot share"),
        (lambda w: w.add_block_count(1 << 31), "llama.block_count"),
        (lambda w: w.add_block_count(4), "lacks the tensor blk.3.attn_q.weight"),
        (lambda w: w.add_block_count(2), 'has the tensor "blk.2.'),
        (lambda w: w.add_embedding_length(68), "model.gguf does not hold together"),
        (lambda w: w.add_feed_forward_length(95), "llama.feed_forward_length = 95"),
        (lambda w: w.add_layer_norm_rms_eps(float("nan")), "layer_norm_rms_epsilon"),
        (lambda w: w.add_string("llama.rope.freq_base", "x"), 'llama.rope.freq_base = "x"'),
        (lambda w: w.add_rope_dimension_count(8), "turns all 16 of a head"),
        (lambda w: w.add_value_length(8), "llama.attention.value_length = 8"),
        (lambda w: w.add_expert_count(8), "a mixture of experts"),
        (lambda w: w.add_rope_scaling_type(gguf.RopeScalingType.LONGROPE), '"longrope"'),
        (lambda w: w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR), "scaling.factor"),
        (lambda w: w.add_tensor("blk.0.ffn_gate_inp.weight", np.zeros((4, 64), np.float32)),
         "has the tensor"),
        (lambda w: w.add_tensor("rope_freqs.weight", np.full(8, 3, np.float32)),
         "speeds of its own"),
        (lambda w: w.add_tensor("rope_freqs.weight", np.ones(9, np.float32)), "speeds of its own"),
        (lambda w: w.add_tensor("blk.0.attn_q.bias", np.zeros(64, np.float32)), "lacks the tensor"),
    ],
)  # fmt: skip
def test_what_a_file_says_of_its_model_is_looked_at(
    change: Callable[[GGUFWriter], Any], complaint: str, tmp_path: Path
) -> None:
    assert complaint in refusal(written(tmp_path, change)).message


def test_unchanged_it_is_read(tmp_path: Path) -> None:
    assert locate(str(written(tmp_path, lambda _writer: None))).local


def test_numbers_that_are_none(tmp_path: Path) -> None:
    model = made("llama")
    model.model.layers[1].mlp.up_proj.weight.data[3, 4] = float("nan")
    assert "does not hold together" in refusal(write(model, tmp_path / "model.gguf")).message


@pytest.mark.parametrize("name", ["bert", "mamba", "clip", "llama4", "a\u202eb"])
def test_other_architectures(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = GGUFWriter(str(tmp_path / "model.gguf"), name)
    writer.add_tensor("a", np.zeros(32, np.float32))
    path = close(writer)
    refusal(path)
    assert main(["hello", "--model", str(path), "--no-report"]) == 3
    said = capsys.readouterr().err
    assert len(said.splitlines()) <= 6
    assert "Traceback" not in said


def test_a_gguf_file_by_its_first_bytes(tmp_path: Path) -> None:
    path = write(made("llama"), tmp_path / "model.bin", plain)
    assert locate(str(path)).title == "model.bin"
    path.write_bytes(b"text")
    with pytest.raises(ModelError, match="is a file, not a folder"):
        locate(str(path))


@pytest.mark.skipif(os.name != "posix", reason="Windows has none")
def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.gguf")
    with pytest.raises(ModelError, match="not a regular file"):
        locate(str(tmp_path / "model.gguf"))


def test_a_folder_that_holds_one(tmp_path: Path) -> None:
    write(made("llama"), tmp_path / "model.gguf")
    with pytest.raises(ModelError) as caught:
        locate(str(tmp_path))
    assert str(tmp_path / "model.gguf") in caught.value.hint
