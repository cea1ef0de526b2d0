"""A text that was put through a checkpoint's chat template."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from inspector.record import record

#: Whose a token is: of a message, put there by the template, or written behind all of it.
Role = Literal["template", "system", "user", "assistant"]


@record(frozen=True, slots=True)
class Message:
    """What somebody says in a chat."""

    role: Literal["system", "user"]
    content: str


@record(frozen=True, slots=True)
class Chat:
    """What was said, and whose each of the T tokens is that the template and a tokenizer made."""

    #: The system's message, if there is one, and then the user's.
    messages: tuple[Message, ...]
    #: T roles.
    roles: tuple[Role, ...]

    @property
    def user(self) -> str:
        """What the user says."""
        return self.messages[-1].content

    @property
    def system(self) -> str | None:
        """What the system says; None where it says nothing."""
        first = self.messages[0]
        return first.content if first.role == "system" else None

    def answered(self, tokens: int) -> Chat:
        """Return the chat with as many tokens of an answer behind it."""
        answer: list[Role] = ["assistant"] * tokens
        return replace(self, roles=(*self.roles, *answer))


@record(frozen=True, slots=True)
class Part:
    """Tokens of one role, one behind the other, and their letters."""

    role: Role
    #: Positions, half-open.
    start: int
    end: int
    letters: str


def conversation(text: str, system: str | None) -> tuple[Message, ...]:
    """Return the messages of a chat that the user's text begins."""
    said = Message("user", text)
    return (said,) if system is None else (Message("system", system), said)
