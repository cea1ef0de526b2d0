"""The live page inside a notebook: a frame that shows it from the kernel's machine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape

from inspector.server.answers import Answers
from inspector.server.serving import Server

#: Pixels: about a screenful of a notebook.
_HEIGHT = 900
#: What is read until somebody types.
SENTENCE = "The trophy did not fit into the suitcase because it was too big"


class Live:
    """A live page: shown in place by a notebook, and at ``address`` by a browser.

    The browser has to reach the machine that this runs on: a notebook that is looked at from
    elsewhere shows an empty frame.
    """

    def __init__(self, server: Server) -> None:
        self._server: Server | None = server
        self.address = server.address

    def __repr__(self) -> str:
        return f"<Live {self.address if self._server else 'stopped'}>"

    def _repr_html_(self) -> str:
        if self._server is None:
            return "<p>The live page was stopped.</p>"
        return (
            f'<iframe src="{escape(self.address, quote=True)}" '
            'sandbox="allow-scripts allow-same-origin allow-downloads" width="100%" '
            f'height="{_HEIGHT}" style="border:0" title="Live attention"></iframe>'
        )

    def stop(self) -> None:
        """End the server; it also ends with the program."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()


def live(
    text: str = SENTENCE, *, target: str | None = None, model: str = "bundled", port: int = 0
) -> Live:
    """Serve a page on this machine on which a text can be typed, and the views follow.

    >>> page = live("The cat sat on the mat")
    >>> page  # in a notebook, it is shown in place
    >>> page.stop()

    Parameters
    ----------
    text, target:
        What is read first; ``target`` by the decoder of an encoder–decoder.
    model:
        A name or a path, as for ``inspect``.
    port:
        A port of this machine; 0 for any that is free.

    Raises
    ------
    InputError, ModelError
        As ``inspect`` without a proof.
    MachineError
        When the port cannot be used.
    """
    return Live(Server(_answers(text, target, model), port=port))


def _answers(text: str, target: str | None, model: str) -> Callable[[], Answers]:
    return partial(Answers, text, target, model, lambda _stage: None)
