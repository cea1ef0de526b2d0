"""Files that appear whole or not at all.

A file is written beside its final place, flushed to the disk, and renamed into place; so a reader
never sees half of it, and an older file stays as it was until the new one is finished.
"""

from __future__ import annotations

import os
from pathlib import Path

from inspector.files.kinds import Kind
from inspector.files.places import final_place, refusals
from inspector.files.temporary import unfinished


def write_whole(path: Path, data: bytes, kind: Kind | None = None) -> None:
    """Write ``data`` to ``path``, replacing an older file of its kind only by the finished one.

    Raises
    ------
    InputError
        As ``refuse_place``.
    MachineError
        When the machine refuses: permission, disk space, file size.
    """
    place = final_place(path, kind)
    with refusals(path):
        with unfinished(place.parent) as (temporary, file):
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(_mode(place))
            temporary.replace(place)
        _sync_folder(place.parent)


def _mode(path: Path) -> int:
    """Return the mode of the file to be replaced, or what a new file would get."""
    if path.exists():
        return path.stat().st_mode & 0o777
    # The mask can only be read by setting it.
    mask = os.umask(0o022)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the rename last; not every system can open a folder, and then it cannot be done."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
