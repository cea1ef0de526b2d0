"""Files appear whole or not at all, and only where they may; reading has a limit."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save
from small_models import random_bert

from inspector import report
from inspector.analogy.classroom import article_class
from inspector.commands import main
from inspector.errors import InputError, MachineError
from inspector.files import (
    MIB,
    PAGE,
    TENSORS,
    Kind,
    Output,
    read_limited,
    refuse_place,
    refuse_places,
    temporary,
    write_whole,
)
from inspector.files.kinds import PAGE_MARK
from inspector.report.export.bertviz_views import write_views
from inspector.report.html.classroom_page import render_classroom
from inspector.session import Inspection


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


# --- what may be written where ----------------------------------------------------------------

OURS = b"<!doctype html>\n" + PAGE_MARK + b"\nan older page"


@pytest.mark.parametrize("what", ["/dev/null", "/dev/full", "fifo", "socket"])
def test_devices_and_pipes_stay_what_they_are(tmp_path: Path, what: str) -> None:
    path = Path(what) if what.startswith("/") else tmp_path / what
    if what == "fifo":
        os.mkfifo(path)
    with socket.socket(socket.AF_UNIX) as bound:
        if what == "socket":
            bound.bind(str(path))
        before = path.stat().st_mode
        link = tmp_path / "link"
        link.symlink_to(path)
        for place in (path, link):
            with pytest.raises(InputError, match="device or a pipe"):
                refuse_place(place, PAGE)
            with pytest.raises(InputError, match="device or a pipe"):
                write_whole(place, b"page", PAGE)
        assert path.stat().st_mode == before


def test_through_a_link_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "page.html"
    target.write_bytes(OURS)
    (tmp_path / "link").symlink_to("there/page.html")
    (tmp_path / "link to it").symlink_to("link")
    write_whole(tmp_path / "link to it", b"new", PAGE)
    assert target.read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "link to it").is_symlink()


def test_the_target_that_a_link_lacks_is_made(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("page.html")
    write_whole(tmp_path / "link", b"new", PAGE)
    assert (tmp_path / "page.html").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()
    (tmp_path / "nowhere").symlink_to("no/such/page.html")
    with pytest.raises(InputError, match=r"There is no folder .*no/such"):
        refuse_place(tmp_path / "nowhere", PAGE)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(MachineError, match="loop"):
        refuse_place(tmp_path / "loop", PAGE)


@pytest.mark.parametrize(
    ("kind", "older", "ours"),
    [
        (PAGE, OURS, True),
        (PAGE, b"", True),
        (PAGE, b"<!doctype html><title>somebody's own page</title>", False),
        (PAGE, b"# Notes", False),
        (TENSORS, save({"a": np.zeros(2)}, {"inspector": "{}"}), True),
        (TENSORS, save({"a": np.zeros(2)}, {"format": "pt"}), False),
        (TENSORS, save({"a": np.zeros(2)}), False),
        (TENSORS, OURS, False),
    ],
)
def test_only_its_own_kind_is_replaced(
    tmp_path: Path, kind: Kind, older: bytes, ours: bool
) -> None:
    path = tmp_path / "there"
    path.write_bytes(older)
    if ours:
        write_whole(path, b"new", kind)
        assert path.read_bytes() == b"new"
        return
    for act in (lambda: refuse_place(path, kind), lambda: write_whole(path, b"new", kind)):
        with pytest.raises(InputError, match=f"is there already and is not {kind.name}"):
            act()
    assert path.read_bytes() == older


def test_what_is_read_only_or_somebody_elses_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(OURS)
    path.chmod(0o444)
    with pytest.raises(MachineError, match="is read-only"):
        refuse_place(path, PAGE)
    path.chmod(0o644)
    refuse_place(path, PAGE)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(MachineError, match="belongs to somebody else"):
        write_whole(path, b"new", PAGE)
    assert path.read_bytes() == OURS


def test_two_outputs_are_never_one_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder again").symlink_to("folder")
    one = Output("--out", tmp_path / "folder" / "x", PAGE)
    refuse_places([one, Output("--save", tmp_path / "folder" / "y", TENSORS)])
    for other in ("folder/x", "folder/../folder/x", "folder again/x"):
        with pytest.raises(InputError, match="--out and --save would be one file"):
            refuse_places([one, Output("--save", tmp_path / other, TENSORS)])
    assert names(tmp_path / "folder") == []


def test_where_the_commands_words_go_no_page_goes(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from inspector.files import refuse_place\n"
        "refuse_place(Path('said'))\n"
    )
    with (tmp_path / "said").open("w") as said:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            stdout=said,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert "said is where the command's own words go" in done.stderr


def test_a_full_folder_is_noticed_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def write(self, _data: bytes) -> None:
            raise OSError(28, "No space left on device")

    @contextmanager
    def full(folder: Path) -> Iterator[tuple[Path, Full]]:
        yield folder / "x", Full()

    monkeypatch.setattr(temporary, "unfinished", full)
    with pytest.raises(MachineError, match="no space left on device"):
        refuse_place(tmp_path / "page.html", PAGE)
    assert names(tmp_path) == []


def test_every_page_and_every_tensor_file_is_known_as_ours(cat: Inspection, tmp_path: Path) -> None:
    cat.to_html(tmp_path / "page.html")
    cat.save(tmp_path / "all.safetensors")
    cat.to_html(tmp_path / "page.html")
    cat.save(tmp_path / "all.safetensors")
    with pytest.raises(InputError, match="not a page"):
        cat.to_html(tmp_path / "all.safetensors")
    with pytest.raises(InputError, match="not a file of the inspector's tensors"):
        cat.save(tmp_path / "page.html")
    for path in write_views(cat.trace, tmp_path / "views.html").values():
        assert PAGE.holds(path)
    (tmp_path / "class.html").write_text(render_classroom(article_class(), own_table=False))
    assert PAGE.holds(tmp_path / "class.html")
    assert (
        PAGE_MARK
        in (Path(report.__file__).parent / "html/assets/atlas/atlas.html.jinja").read_bytes()
    )


@pytest.mark.parametrize("option", ["--save", "--out"])
@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "link"])
def test_the_model_that_is_inspected_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, name: str
) -> None:
    """By any of its files' names, and through a link from elsewhere."""
    model = random_bert(tmp_path / "bert")
    (tmp_path / "link").symlink_to(model / "model.safetensors")
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    place = tmp_path / "link" if name == "link" else model / name
    capsys.readouterr()
    more = ["--no-report"] if option == "--save" else []
    assert main(["the cat", "--model", str(model), option, str(place), *more]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "is there already" in err.splitlines()[0]
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before


# --- what is left behind ----------------------------------------------------------------------


def dead() -> int:
    """Return the number of a process that has ended."""
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_a_later_run_sweeps_what_a_dead_one_left(tmp_path: Path) -> None:
    left = tmp_path / f".inspector.{dead()}.abcd1234"
    others = [
        tmp_path / f".inspector.{os.getpid()}.abcd1234",
        tmp_path / ".inspector.99999999",
        tmp_path / ".inspector.json",
        tmp_path / ".inspector.notes.abcd1234",
        tmp_path / f"inspector.{dead()}.abcd1234",
    ]
    for path in (left, *others):
        path.write_bytes(b"half")
    link = tmp_path / f".inspector.{dead()}.linked00"
    link.symlink_to(others[0])
    refuse_place(tmp_path / "page.html", PAGE)
    assert sorted(names(tmp_path)) == sorted(path.name for path in (*others, link))


def test_what_somebody_still_writes_is_not_swept(tmp_path: Path) -> None:
    """As on another machine, where the number says nothing."""
    path = tmp_path / f".inspector.{dead()}.abcd1234"
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        refuse_place(tmp_path / "page.html", PAGE)
        assert path.exists()
    refuse_place(tmp_path / "page.html", PAGE)
    assert not path.exists()


def test_a_killed_writer_leaves_a_file_that_the_next_removes(tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from inspector.files import write_whole\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_whole(Path('page.html'), b'page')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 1
    write_whole(tmp_path / "other.html", b"page")
    refuse_place(tmp_path / "page.html", PAGE)
    assert names(tmp_path) == ["other.html"]


# --- reading ----------------------------------------------------------------------------------


def test_reading_ends_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"x" * MIB)
    assert read_limited(path, MIB) == b"x" * MIB
    path.write_bytes(b"x" * (MIB + 1))
    with pytest.raises(InputError, match="more than 1 MiB"):
        read_limited(path, MIB)
    with pytest.raises(InputError, match="more than 2 MiB"):
        read_limited(Path("/dev/zero"), 2 * MIB)


def test_names_at_which_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for name in ("none", "file/in it", "x" * 5000, "loop"):
        with pytest.raises(InputError, match="There is no file"):
            read_limited(tmp_path / name, MIB)
