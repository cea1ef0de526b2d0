"""The server: a socket on this machine alone, and a thread that answers on it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from inspector.errors import MachineError
from inspector.server.limits import REQUESTS
from inspector.server.secret import new_token, token_of_port

if TYPE_CHECKING:
    from inspector.server.served import Served

#: No other machine gets as far as the guard.
_HOST = "127.0.0.1"
#: Seconds that a request under way is waited for at the end.
_GRACE = 1


class Server:
    """The page of one model on this machine, from when it is made until it is stopped."""

    def __init__(
        self, served: Callable[[], Served], *, port: int = 0, token: str | None = None
    ) -> None:
        """Take the port, make what is ``served`` and begin to answer.

        ``port`` is 0 for any that is free. A browser that comes at once waits until it is made.

        Raises
        ------
        MachineError
            When the port is taken or not allowed, or when the server's packages are missing.
        """
        try:
            import starlette  # noqa: F401 - asked for before a model is opened
            import uvicorn
        except ModuleNotFoundError as error:
            raise MachineError(
                f"The installation is not whole: {error.name} is missing, which serves the page.",
                "Install it: pip install starlette uvicorn",
            ) from error
        self._socket = _listening(port)
        try:
            self.port: int = self._socket.getsockname()[1]
            self.token = token or (token_of_port(port) if port else new_token())
            from inspector.server.app import application

            config = uvicorn.Config(
                application(served(), self.token, self.port),
                http="h11",
                ws="none",
                loop="asyncio",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=REQUESTS,
                timeout_graceful_shutdown=_GRACE,
            )
        except BaseException:
            self._socket.close()
            raise
        self._server = uvicorn.Server(config)
        # Beside the main thread, which signals reach: uvicorn's own answers to them stay out.
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """What opens the page; whoever knows it may ask."""
        return f"http://{_HOST}:{self.port}/{self.token}/"

    def wait(self) -> None:
        """Wait until it ends, or until a signal comes."""
        while self._thread.is_alive():
            # A wait without an end cannot be interrupted on Windows.
            self._thread.join(0.5)

    def stop(self) -> None:
        """End it; what is being answered gets a moment."""
        self._server.should_exit = True
        self._thread.join(_GRACE + 2)
        self._socket.close()


def _listening(port: int) -> socket.socket:
    """Return a socket that listens on a port of this machine.

    Raises
    ------
    MachineError
        When it is taken or not allowed.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            # A port is free as soon as its server has ended.
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((_HOST, port))
        found.listen(128)
    except OSError as error:
        found.close()
        reason = (error.strerror or str(error)).lower()
        raise MachineError(
            f"Port {port} of this machine cannot be used: {reason}.",
            "Give another --port, or none, and a free one is taken.",
        ) from error
    return found
