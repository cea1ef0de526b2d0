"""The application: the page, its questions and their answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from inspector.errors import InputError, InspectorError
from inspector.server.desk import Desk, Superseded
from inspector.server.guard import Guard, granted, refusal, too_large
from inspector.server.limits import BODY

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from inspector.server.served import Read, Served


def application(served: Served, token: str, port: int) -> ASGIApp:
    """Return what answers every request; the page is made now, and is the same for everybody."""
    page = served.page().encode()

    async def show(_request: Request) -> Response:
        return granted(page, "text/html; charset=utf-8")

    async def alive(_request: Request) -> Response:
        return granted(b"", "text/plain")

    at = f"/{token}"
    routes = [
        Route(f"{at}/", show, methods=["GET"]),
        Route(f"{at}/alive", alive, methods=["GET"]),
        *(
            Route(f"{at}/{name}", _answering(read), methods=["POST"])
            for name, read in served.questions.items()
        ),
    ]
    return Guard(Starlette(routes=routes), token, port)


def _answering(read: Read) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers questions of one kind, each in its turn, or says why there is no answer.

    ``read`` takes the body of a request.
    """
    desk = Desk()

    async def answer(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return refusal(415, "A question is JSON.")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > BODY:
                return too_large()
        try:
            asked = read(bytes(body))
            found = await desk.ask(asked.page, asked.answer, request.is_disconnected)
        except Exception as error:
            # The server goes on, whatever a text did.
            return _said(error)
        return granted(found, "application/octet-stream")

    return answer


def _said(error: Exception) -> Response:
    """Return an error as its sentence."""
    match error:
        case Superseded():
            return refusal(409, "Something newer was asked.")
        case InputError():
            return refusal(422, error.message, error.hint)
        case InspectorError():
            return refusal(503, error.message, error.hint)
        case MemoryError():
            return refusal(
                503, "There is not enough memory.", "Ask for less, or stop other programs."
            )
    return refusal(
        500,
        f"This is a fault of the inspector: {type(error).__name__}: {error}",
        "Report what was asked, and what this says.",
    )
