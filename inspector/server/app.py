"""The application: the page, its questions and their answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from inspector.errors import InputError, InspectorError
from inspector.report.html.page import render_report
from inspector.server.desk import Desk, Superseded
from inspector.server.guard import Guard, granted, refusal, too_large
from inspector.server.limits import BODY
from inspector.server.questions import Question, read_question

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from inspector.server.answers import Answers


def application(answers: Answers, token: str, port: int) -> ASGIApp:
    """Return what answers every request; the page is made now, and is the same for everybody."""
    page = render_report(answers.first, live=True).encode()
    own, real = Desk(), Desk()

    async def show(_request: Request) -> Response:
        return granted(page, "text/html; charset=utf-8")

    async def alive(_request: Request) -> Response:
        return granted(b"", "text/plain")

    async def inspect(request: Request) -> Response:
        return await _answered(request, own, answers.answer)

    async def prove(request: Request) -> Response:
        return await _answered(request, real, answers.prove)

    at = f"/{token}"
    routes = [
        Route(f"{at}/", show, methods=["GET"]),
        Route(f"{at}/alive", alive, methods=["GET"]),
        Route(f"{at}/inspect", inspect, methods=["POST"]),
        Route(f"{at}/prove", prove, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), token, port)


async def _answered(request: Request, desk: Desk, answer: Callable[[Question], bytes]) -> Response:
    """Answer a question in its turn, or say why there is no answer."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return refusal(415, "A question is JSON.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY:
            return too_large()
    try:
        question = read_question(bytes(body))
        found = await desk.ask(question.page, lambda: answer(question), request.is_disconnected)
    except Exception as error:
        # The server goes on, whatever a text did.
        return _said(error)
    return granted(found, "application/octet-stream")


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
            return refusal(503, "There is not enough memory.", "Type a shorter text.")
    return refusal(
        500,
        f"This is a fault of the inspector: {type(error).__name__}: {error}",
        "Report what was typed, and what this says.",
    )
