"""The reader of safetensors beside the format's own library, and files that lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from checkpoint.files import write
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from inspector.checkpoint.safetensors_file import DTYPES, SafetensorsFile, read_header, widened
from inspector.errors import ModelError


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_every_float_as_torch_reads_it(tmp_path: Path, dtype: torch.dtype) -> None:
    random = torch.Generator().manual_seed(1)
    tensors = {
        "matrix": torch.randn(5, 7, generator=random).to(dtype),
        "number": torch.tensor(0.1).to(dtype),
        "nothing": torch.zeros(0, 3).to(dtype),
        "extremes": torch.tensor([0.0, -0.0, 1e-8, 6e4, -6e4]).to(dtype),
    }
    save_file(tensors, tmp_path / "all.safetensors", metadata={"format": "pt"})
    ours = SafetensorsFile(tmp_path / "all.safetensors")
    theirs = load_file(tmp_path / "all.safetensors")
    assert set(ours) == set(theirs)
    for name, tensor in theirs.items():
        got = widened(ours[name], ours.entries[name].dtype)
        exact = tensor if dtype == torch.float64 else tensor.float()
        assert got.dtype == exact.numpy().dtype
        np.testing.assert_array_equal(got, exact.numpy())


def test_tensors_are_views_of_the_file(tmp_path: Path) -> None:
    save_file({"a": torch.arange(6.0)}, tmp_path / "a.safetensors")
    tensor = SafetensorsFile(tmp_path / "a.safetensors")["a"]
    assert not tensor.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        tensor[0] = 1


def entry(*offsets: int, dtype: str = "F32", shape: Any = None) -> dict[str, Any]:
    size = (offsets[1] - offsets[0]) // 4
    return {"dtype": dtype, "shape": [size] if shape is None else shape, "data_offsets": offsets}


LIES: dict[str, tuple[Any, bytes, int | None, str]] = {
    "no header": ("", b"", None, "does not begin with"),
    "another format": ("GGUF....", b"", None, "does not begin with"),
    "longer than the file": ({}, b"", 10**12, "ends within its header"),
    "one byte too long": ({"a": entry(0, 4)}, b"", 10**6, "ends within its header"),
    "no JSON": ("{", b"", None, "no JSON"),
    "no UTF-8": ('{"\udcff": 1}', b"", None, "no JSON"),
    "a list": ("{}]", b"", None, "no JSON"),
    "a name twice": ('{"a": 1, "a": 2}', b"", None, "twice"),
    "a key twice": (
        '{"a": {"dtype": "F32", "dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}',
        b"1234", None, "twice",
    ),
    "NaN": ('{"a": NaN}', b"", None, "NaN is no JSON"),
    "brackets": ('{"a": ' + "[" * 100_000, b"", None, "no JSON"),
    "a long number": ('{"a": ' + "9" * 5_000 + "}", b"", None, "no JSON"),
    "no place": ({"a": {"dtype": "F32", "shape": [1]}}, b"1234", None, "dtype, shape and place"),
    "one key more": ({"a": entry(0, 4) | {"x": 1}}, b"1234", None, "dtype, shape and place"),
    "an unknown dtype": ({"a": entry(0, 4, dtype="F33")}, b"1234", None, "F33"),
    "a negative side": ({"a": entry(0, 4, shape=[-1, -1])}, b"1234", None, "the shape [-1, -1]"),
    "half a side": ({"a": entry(0, 4, shape=[0.5, 2])}, b"1234", None, "has the shape"),
    "true for a side": ({"a": entry(0, 4, shape=[True])}, b"1234", None, "has the shape"),
    "65 sides": ({"a": entry(0, 4, shape=[1] * 65)}, b"1234", None, "has the shape"),
    "too large a shape": ({"a": entry(0, 4, shape=[2])}, b"1234", None, "4 bytes, and its shape 8"),
    "a huge shape": ({"a": entry(0, 4, shape=[2**62, 4])}, b"1234", None, "and its shape"),
    "backwards": ({"a": entry(4, 0, shape=[1])}, b"1234", None, "lies at [4, 0]"),
    "before the tensors": ({"a": entry(-4, 0, shape=[1])}, b"1234", None, "lies at"),
    "behind the end": ({"a": entry(0, 8)}, b"1234", None, "lacks 4 bytes"),
    "shared bytes": ({"a": entry(0, 8), "b": entry(4, 8)}, b"12345678", None, "shares bytes"),
    "the same bytes": ({"a": entry(0, 4), "b": entry(0, 4)}, b"1234", None, "shares bytes"),
    "a hole": ({"a": entry(0, 4), "b": entry(8, 12)}, b"1" * 12, None, "that nobody has"),
    "a hole at the front": ({"a": entry(4, 8)}, b"12345678", None, "that nobody has"),
    "bytes at the end": ({"a": entry(0, 4)}, b"12345", None, "1 bytes too many"),
    "metadata": ({"__metadata__": {"a": 1}}, b"", None, "metadata"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies(tmp_path: Path, lie: str) -> None:
    header, data, length, said = LIES[lie]
    path = tmp_path / "model.safetensors"
    if isinstance(header, str):
        raw = header.encode("utf-8", "surrogateescape")
        size = len(raw) if length is None else length
        path.write_bytes(size.to_bytes(8, "little") + raw + data)
    else:
        write(path, header, data, length=length)
    with pytest.raises(ModelError) as caught:
        read_header(path)
    assert said in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize("size", [0, 1, 7, 8])
def test_hardly_a_file(tmp_path: Path, size: int) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(bytes(size))
    with pytest.raises(ModelError):
        read_header(path)


def test_no_regular_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    for path, said in [
        (tmp_path, "not a regular file"),
        (tmp_path / "link", "not a regular file"),
        (tmp_path / "nowhere", "No such file"),
    ]:
        with pytest.raises(ModelError, match=said):
            read_header(path)


@given(st.data())
def test_what_the_library_refuses_is_refused_here(data: st.DataObject) -> None:
    """Two tensors, any one byte of the file changed: nothing that safetensors refuses is read."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.safetensors"
        save_file({"a": torch.arange(3.0), "b": torch.ones(2, dtype=torch.float16)}, path)
        raw = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, 8 + int.from_bytes(raw[:8], "little") - 1))
        raw[at] = data.draw(st.integers(0, 255))
        path.write_bytes(raw)
        try:
            with safe_open(path, "pt") as theirs:
                shapes = {name: theirs.get_slice(name).get_shape() for name in theirs.keys()}  # noqa: SIM118
        except SafetensorError:
            with pytest.raises(ModelError):
                read_header(path)
            return
        try:
            ours = read_header(path)
        except ModelError as error:  # a dtype of one's own, or stricter JSON
            assert error.message
            return
        assert {name: list(entry.shape) for name, entry in ours.items()} == shapes


def test_dtypes_have_the_size_that_the_format_says() -> None:
    """By the number in their name."""
    for name, dtype in DTYPES.items():
        bits = {"BOOL": 8, "F8_E5M2": 8, "F8_E4M3": 8}.get(name)
        assert dtype.itemsize * 8 == (bits or int("".join(filter(str.isdigit, name))))
