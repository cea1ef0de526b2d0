"""The live server as a program would meet it: over its socket, byte by byte where it matters."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.long_text import LongInspection
from inspector.server.answers import Answers
from inspector.server.long_answers import LongAnswers
from inspector.server.serving import Server

SENTENCE = "The cat sat on the mat because it was tired"


def start(**how: Any) -> Server:
    """Serve the bundled model."""
    return Server(partial(Answers, SENTENCE, None, "bundled", lambda _stage: None), **how)


def start_long(found: LongInspection, **how: Any) -> Server:
    """Serve a long text, of which the page has no head but one that was asked for."""
    return Server(partial(LongAnswers, found, [(1, 2)], budget=0), **how)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> str:
        """Why there is no answer."""
        error: str = json.loads(self.body)["error"]
        return error


@dataclass(frozen=True)
class Client:
    """Somebody who asks a server, with whatever headers."""

    server: Server

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send a request; ``path`` stands behind the token unless it begins with a slash."""
        line = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            whole = path if path.startswith("/") else f"/{self.server.token}/{path}"
            line.request(method, whole, body, headers or {})
            got = line.getresponse()
            return Reply(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            line.close()

    def ask(self, what: str = "inspect", **question: Any) -> Reply:
        """Ask as the page does."""
        body = json.dumps(question).encode()
        return self.send("POST", what, body, {"Content-Type": "application/json"})

    def raw(self, *parts: bytes) -> bytes:
        """Send bytes as they are, and return what comes until the server ends it."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as line:
            for part in parts:
                line.sendall(part)
            got = bytearray()
            # A server that ends what it has not read to its end may reset the line: what it said
            # before then comes or is lost.
            with suppress(ConnectionResetError):
                while part := line.recv(65536):
                    got += part
        return bytes(got)


@dataclass(frozen=True)
class Unpacked:
    """An answer, read as the page reads it but in NumPy."""

    header: dict[str, Any]
    moved: dict[str, Any] | None
    blobs: dict[str, NDArray[Any]]


def unpack(body: bytes) -> Unpacked:
    """Read an answer."""
    (length,) = struct.unpack_from("<I", body)
    said = json.loads(body[4 : 4 + length])
    at, blobs = 4 + length, {}
    for name, entry in said["header"]["blobs"].items():
        dtype = np.dtype(entry["dtype"])
        planes = np.frombuffer(body, np.uint8, entry["length"], at)
        at += entry["length"]
        numbers = planes.reshape(dtype.itemsize, -1).T.copy().view(dtype)
        blobs[name] = numbers.reshape(entry["shape"])
    assert at == len(body)
    return Unpacked(said["header"], said["moved"], blobs)


class LiveTab:
    """A served page in a tab of its own, with everything that it should not have done."""

    #: What stands on the page when it can be used.
    ready = "html[data-ready]"

    def __init__(self, browser, server, **how):
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | how)
        self.page = self.context.new_page()
        self.server, self.heard, self.foreign = server, [], []
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on(
            "console",
            lambda one: self.heard.append(one.text) if one.type in ("error", "warning") else None,
        )
        self.page.on("request", self.see)
        self.page.goto(server.address)
        self.page.wait_for_selector(self.ready, state="attached")

    def see(self, request):
        """Note a request to anybody but the server."""
        if not request.url.startswith((self.server.address, "blob:", "data:")):
            self.foreign.append(request.url)

    def close(self, *, quiet=True):
        assert self.foreign == []
        if quiet:
            assert self.heard == []
        self.context.close()
