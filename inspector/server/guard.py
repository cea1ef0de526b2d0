"""Who may ask: a page of this server, by its address, its token and a request of decent size.

The server listens on 127.0.0.1 only, which keeps other machines out but not other pages: any page
in the same browser can send requests there, and a name that is made to lead there (DNS rebinding)
would even read the answers. So each request needs the token, a Host that is ours, and, where a
browser names the page that asks, an Origin that is ours.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from inspector.server.limits import BODY, LONG

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_NAMES = ("127.0.0.1", "localhost")
#: Browsers leave it out of an address.
_HTTP = 80
#: What every answer says: not to be kept, not to be guessed at, not to be read by other pages.
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """The application behind a door."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        if port == _HTTP:
            self._hosts |= set(_NAMES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] != "http":
            # Nothing else is spoken here.
            return
        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        given: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name, []).append(value.decode("latin-1"))
        hosts = given.get(b"host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return refusal(403, "This server answers to its own address only.")
        ours = {f"http://{host}" for host in self._hosts}
        if not ours.issuperset(map(str.lower, given.get(b"origin", []))):
            return refusal(403, "This server answers its own pages only.")
        first = scope["path"].split("/")[1] if "/" in scope["path"] else ""
        if not hmac.compare_digest(first.encode("utf-8", "replace"), self._token):
            return refusal(403, "The address lacks this server’s token: take it as it was printed.")
        length = given.get(b"content-length", ["0"])[0]
        if not length.isdecimal() or int(length) > BODY:
            return too_large()
        return None


def too_large() -> Response:
    """Return the answer to a request that is longer than any question."""
    return refusal(
        413,
        f"The text is too long to be read while it is typed; {LONG}.",
        "Shorten it, or put it into a file.",
    )


def refusal(status: int, message: str, hint: str = "") -> Response:
    """Return why there is no answer, as a sentence and what to do about it."""
    return JSONResponse(
        {"error": message, "hint": hint}, status_code=status, headers=dict(_HEADERS)
    )


def granted(body: bytes, media_type: str) -> Response:
    """Return an answer."""
    return Response(body, media_type=media_type, headers=dict(_HEADERS))
