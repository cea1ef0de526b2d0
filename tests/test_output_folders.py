"""A folder of outputs: what is ours is known by record, and nothing else is touched."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from inspector.errors import InputError, MachineError
from inspector.files import output_folder
from inspector.files.kinds import PAGE_MARK


def page(text: str) -> bytes:
    return PAGE_MARK + text.encode()


def run(place: Path, *names: str, verb: str = "--file") -> None:
    """A whole run that writes files of these names."""
    with output_folder(place, verb) as folder:
        folder.claim(names)
        folder.begin()
        for name in names:
            folder.write(name, page(name))
        folder.finish({"lines": len(names)})


def killed(place: Path, *names: str, written: int) -> None:
    """A run that dies after so many files: nothing is finished, nothing cleaned up."""
    with output_folder(place, "--file") as folder:
        folder.claim(names)
        folder.begin()
        for name in names[:written]:
            folder.write(name, page(f"new {name}"))


def names(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


def test_a_link_to_itself_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(MachineError, match="could not be written: too many levels"):
        run(tmp_path / "loop", "1.html")


def test_the_record_lists_what_was_written(tmp_path: Path) -> None:
    run(tmp_path, "1.html", "shards/2.npz")
    said = json.loads((tmp_path / "run.json").read_text())
    assert said["lines"] == 2
    assert said["written"] == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("1.html", "shards/2.npz")
    }
    assert names(tmp_path) == ["1.html", "run.json", "shards/2.npz"]


def test_a_shorter_run_removes_exactly_what_the_first_wrote(tmp_path: Path) -> None:
    run(tmp_path, "1.html", "2.html", "examples/3.html")
    for own in ("4.html", "notes.txt", "examples-of-mine"):
        (tmp_path / own).write_text("mine")
    run(tmp_path, "1.html")
    assert names(tmp_path) == ["1.html", "4.html", "examples-of-mine", "notes.txt", "run.json"]
    assert not (tmp_path / "examples").exists()


@pytest.mark.parametrize("own", ["1.html", "index.html", "shards/000001.npz", "run.json"])
def test_what_no_run_wrote_is_refused_and_stays(tmp_path: Path, own: str) -> None:
    path = tmp_path / own
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"name": "my own run"}')
    with pytest.raises(InputError, match="is there already"):
        run(tmp_path, "1.html", "index.html", "shards/000001.npz")
    assert names(tmp_path) == [own]
    assert path.read_text() == '{"name": "my own run"}'


def test_what_was_put_in_the_place_of_ours_is_refused_and_stays(tmp_path: Path) -> None:
    run(tmp_path, "1.html", "index.html")
    (tmp_path / "index.html").write_text("<title>mine now</title>")
    with pytest.raises(InputError, match=r"index\.html is there already"):
        run(tmp_path, "index.html")
    run(tmp_path, "1.html")
    assert names(tmp_path) == ["1.html", "index.html", "run.json"]
    assert (tmp_path / "index.html").read_text() == "<title>mine now</title>"


def test_nothing_happens_through_links(tmp_path: Path) -> None:
    """Neither a folder nor a file that a link stands for is ours, whatever the record says."""
    place, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    run(place, "shards/1.npz", "2.html")
    run(elsewhere, "1.npz", "2.html")
    (place / "shards" / "1.npz").unlink()
    (place / "shards").rmdir()
    (place / "shards").symlink_to(elsewhere)
    (place / "2.html").unlink()
    (place / "2.html").symlink_to(elsewhere / "2.html")
    for name in ("shards/1.npz", "2.html"):
        with pytest.raises(InputError, match="is there already"):
            run(place, name)
    run(place, "3.html")
    assert names(elsewhere) == ["1.npz", "2.html", "run.json"]
    assert (place / "shards").is_symlink()


def test_a_run_that_was_killed_says_nothing_is_complete_and_its_files_are_known(
    tmp_path: Path,
) -> None:
    run(tmp_path, "1.html", "2.html", "3.html")
    killed(tmp_path, "1.html", "2.html", "4.html", written=1)
    assert not (tmp_path / "run.json").exists()
    assert (tmp_path / "2.html").read_bytes() == page("2.html")
    run(tmp_path, "5.html")
    assert names(tmp_path) == ["5.html", "run.json"]


def test_a_refused_run_changes_nothing(tmp_path: Path) -> None:
    run(tmp_path, "1.html")
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    (tmp_path / "2.html").write_text("mine")
    with pytest.raises(InputError):
        run(tmp_path, "1.html", "2.html")
    (tmp_path / "2.html").unlink()
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), output_folder(tmp_path / "out", "--file"):
        raise ZeroDivisionError
    assert not (tmp_path / "out").exists()


def test_what_another_command_wrote_is_not_replaced(tmp_path: Path) -> None:
    run(tmp_path, "shards/1.npz", verb="corpus")
    with pytest.raises(InputError, match="another command than inspect --file"):
        run(tmp_path, "1.html")
    assert names(tmp_path) == ["run.json", "shards/1.npz"]


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with output_folder(tmp_path / "out", "--file") as folder:
        with pytest.raises(InputError, match="Another run is writing into"):
            run(tmp_path / "out", "1.html")
        (tmp_path / "again").symlink_to("out")
        with pytest.raises(InputError, match="Another run is writing into"):
            run(tmp_path / "again", "1.html")
        folder.claim(["2.html"])
        folder.begin()
        folder.write("2.html", page("2"))
        folder.finish({})
    assert names(tmp_path / "out") == ["2.html", "run.json"]


@pytest.mark.parametrize("name", ["../mine", "/etc/mine", "a/../../mine", "a/b/c", ".hidden", ""])
def test_a_record_that_somebody_made_up_reaches_nothing_outside(tmp_path: Path, name: str) -> None:
    place = tmp_path / "out"
    run(place, "1.html")
    record = json.loads((place / "run.json").read_text())
    record["written"] |= {name: "", "../mine": ""}
    (place / "run.json").write_text(json.dumps(record))
    for path in (tmp_path / "mine", place / ".hidden"):
        path.write_text("mine")
    run(place, "2.html")
    assert (tmp_path / "mine").read_text() == "mine"
    assert names(place) == [".hidden", "2.html", "run.json"]


@pytest.mark.parametrize("said", ["", "[]", "{", '{"written": []}', "[" * 100_000])
def test_a_record_that_is_none_is_not_replaced(tmp_path: Path, said: str) -> None:
    (tmp_path / "run.json").write_text(said)
    with pytest.raises(InputError, match="is no record of the inspector"):
        run(tmp_path, "1.html")
    assert (tmp_path / "run.json").read_text() == said
