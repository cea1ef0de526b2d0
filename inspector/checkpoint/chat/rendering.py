"""A chat template run where it can be killed, and each of its ways to fail in a sentence."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from inspector import signals
from inspector.checkpoint.chat import sandbox
from inspector.checkpoint.chat.template import Template
from inspector.errors import InputError, InspectorError, MachineError, ModelError
from inspector.plain import visible
from inspector.record import record
from inspector.records import Message, Role

#: Seconds by the clock, on a machine that has other things to do.
_PATIENCE = 30.0
#: Characters of a rendered chat: no more is read as a text either.
_MOST = 16 << 20
#: Characters of a template's own words that a sentence quotes.
_QUOTED = 120
_OTHER = "Leave --chat out, or choose another model."


@record(frozen=True, slots=True)
class Rendered:
    """A chat as the text that a model reads."""

    text: str
    #: Where in it a message stands: whose it is, and a half-open span of characters.
    spans: tuple[tuple[Role, int, int], ...]


def render(template: Template, messages: Sequence[Message], title: str) -> Rendered:
    """Put messages through the chat template of the model ``title``, the answer's beginning too.

    The template runs in a process of its own, with a limit on memory and on time.

    Raises
    ------
    InputError
        When the template refuses the messages.
    ModelError
        When it fails, takes too long, or would fill the memory.
    MachineError
        When no process can be started.
    """
    asked = {
        "path": _jinja(),
        "template": template.source,
        "names": template.names,
        "messages": [asdict(one) for one in messages],
        "most": _MOST,
    }
    code, out = _run(json.dumps(asked).encode())
    try:
        said: dict[str, Any] = json.loads(out)
    except ValueError:
        # Killed, by the system or by us; else Python itself came to an end.
        said = {"failed": "time" if code < 0 else "error", "said": f"the process ended with {code}"}
    if "failed" in said:
        system = any(one.role == "system" for one in messages)
        raise _failure(said, title, system=system) from RuntimeError(str(said.get("said", "")))
    spans = tuple((role, start, end) for role, start, end in said["spans"])
    return Rendered(str(said["text"]), spans)


def _run(asked: bytes) -> tuple[int, bytes]:
    """Run the program, and return how it ended and what it said."""
    # Isolated, and with nothing on its path but Jinja: neither site-packages nor this folder.
    command = [sys.executable, "-I", "-S", sandbox.__file__]
    try:
        with signals.held():
            process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Ctrl-C is for us: we end it.
                start_new_session=True,
            )
    except OSError as error:
        raise MachineError(
            f"No process can be started for the chat template: {error.strerror}.",
            "Leave --chat out.",
        ) from error
    alarm = threading.Timer(_PATIENCE, process.kill)
    alarm.start()
    try:
        out, _ = process.communicate(asked)
    finally:
        alarm.cancel()
        process.kill()
        process.wait()
    return process.returncode, out


def _failure(said: dict[str, Any], title: str, *, system: bool) -> InspectorError:
    """Return what is said of a template that gave nothing."""
    what = f"The chat template of {title}"
    own = visible(" ".join(str(said.get("said", "")).split()))
    if said["failed"] == "refused":
        own = own if len(own) <= _QUOTED else f"{own[:_QUOTED]}…"
        return InputError(
            f"{what} refuses this chat: “{own}”.",
            "Leave --system out." if system else "Leave --chat out, or say something else.",
        )
    sentences = {
        "syntax": f"{what} is damaged: it is no Jinja from line {said.get('line')} on",
        "undefined": f"{what} asks for something that a chat of plain messages does not have",
        "forbidden": f"{what} reaches for what no template may touch",
        "long": f"{what} goes on for too long, or writes too much",
        "memory": f"{what} needs more memory than a template gets",
        "time": f"{what} takes too long and was stopped",
        "error": f"{what} fails on this chat",
    }
    return ModelError(f"{sentences[said['failed']]}.", _OTHER)


def _jinja() -> list[str]:
    """Return the folders in which Jinja and what it needs are installed."""
    found = [find_spec(name) for name in ("jinja2", "markupsafe")]
    places = [str(Path(one.origin).parents[1]) for one in found if one and one.origin]
    return list(dict.fromkeys(places))
