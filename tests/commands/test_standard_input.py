"""A text on standard input is taken as it is given."""

from __future__ import annotations

import io

import pytest

from inspector.commands import main


class Seen(Exception):  # noqa: N818 - ends the run as soon as the text is known
    """Carries the text that was read."""


def read(monkeypatch: pytest.MonkeyPatch, given: bytes, *, typed: bool) -> str:
    """Return the text that the command has of what comes from standard input."""
    stream = io.TextIOWrapper(io.BytesIO(given))
    stream.isatty = lambda: typed  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", stream)
    texts: list[str] = []

    def keep(text: str) -> None:
        texts.append(text)
        raise Seen

    monkeypatch.setattr("inspector.commands.show_sentence.refuse_unreadable", keep)
    assert main(["-", "--no-report"]) == 70
    return texts[0]


@pytest.mark.parametrize(
    "text", ["no end", "a\n", "a\n\n", "User: hi\nAssistant:", "a\r\n", " a ", "\ta\n"]
)
def test_a_pipes_text_is_as_it_comes(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert read(monkeypatch, text.encode(), typed=False) == text


@pytest.mark.parametrize(
    ("given", "text"), [("a\n", "a"), ("a\n\n", "a\n"), ("a\nb\n", "a\nb"), ("a", "a")]
)
def test_the_key_that_sends_a_typed_line_is_no_text(
    monkeypatch: pytest.MonkeyPatch, given: str, text: str
) -> None:
    assert read(monkeypatch, given.encode(), typed=True) == text
