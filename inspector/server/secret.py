"""The secret in the server's address."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress

from inspector.errors import MachineError
from inspector.files.cache import cache_folder

_BYTES = 24
_TOKEN = re.compile(r"[\w-]{32}")


def new_token() -> str:
    """Return one that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def token_of_port(port: int) -> str:
    """Return the token of a port that somebody chose: the same each time.

    So a page that is open goes on when its server has been started again. It is kept where only
    the user can read it; on a machine that keeps nothing it is a new one.
    """
    with suppress(OSError, MachineError, UnicodeDecodeError):
        path = cache_folder("live") / f"{port}.token"
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            known = path.read_text(encoding="ascii")
            # What others can read is a secret no more.
            if _TOKEN.fullmatch(known) and (os.name == "nt" or not path.stat().st_mode & 0o077):
                return known
            path.unlink()
        token = new_token()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
        return token
    return new_token()
