"""Files appear whole or not at all."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.errors import InputError, MachineError
from inspector.files import write_whole


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_it_is_written(tmp_path: Path) -> None:
    write_whole(tmp_path / "new", b"whole")
    assert (tmp_path / "new").read_bytes() == b"whole"
    assert names(tmp_path) == ["new"]


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_an_older_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"a much longer old text")
    (tmp_path / "old").chmod(0o604)
    write_whole(tmp_path / "old", b"new")
    assert (tmp_path / "old").read_bytes() == b"new"
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o604


def test_a_full_disk_leaves_the_older_file(tmp_path: Path) -> None:
    """The kernel refuses files beyond 1000 bytes, as it refuses on a full disk.

    In a process of its own: the limit would also stop pytest from writing its output to a file.
    """

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    (tmp_path / "old").write_bytes(b"old")
    code = (
        "from pathlib import Path\n"
        "from inspector.errors import MachineError\n"
        "from inspector.files import write_whole\n"
        "try: write_whole(Path('old'), b'x' * 5000)\n"
        "except MachineError as error: print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=small_files,
    )
    assert done.stdout == "old could not be written: file too large.\n"
    assert (tmp_path / "old").read_bytes() == b"old"
    assert names(tmp_path) == ["old"]


def test_an_interrupt_leaves_the_older_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_handle: int) -> None:
        raise KeyboardInterrupt

    (tmp_path / "old").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "old", b"new")
    assert (tmp_path / "old").read_bytes() == b"old"
    assert names(tmp_path) == ["old"]


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        write_whole(tmp_path, b"")
    with pytest.raises(InputError, match="There is no folder"):
        write_whole(tmp_path / "nowhere" / "file", b"")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="There is no folder"):
        write_whole(tmp_path / "file" / "file", b"")


def test_names_up_to_the_limit(tmp_path: Path) -> None:
    write_whole(tmp_path / ("x" * 255), b"whole")
    with pytest.raises(MachineError, match="file name too long"):
        write_whole(tmp_path / ("x" * 256), b"")
