"""A long text that was read once, and what its page asks for: the heads that it leaves out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from inspector.errors import InputError
from inspector.long_text import LongInspection, refuse_no_head
from inspector.report.html.long_page import render_long_report
from inspector.report.html.payload.long_text import BUDGET, head_payload
from inspector.server.packed import packed
from inspector.server.questions import HeadQuestion, read_head_question
from inspector.server.served import Asked, Read
from inspector.version import __version__

#: Hexadecimal digits.
_READING = 32


class LongAnswers:
    """One long text and every head of it.

    The queries and keys of all layers are kept from the reading, as ``memory.readings_size`` counts
    them; so a head takes no longer than its bytes take to be laid out.
    """

    def __init__(
        self,
        found: LongInspection,
        heads: Sequence[tuple[int, int]] = (),
        *,
        budget: int = BUDGET,
        command: str | None = None,
    ) -> None:
        """Serve a text that was read; all but ``found`` is as for ``LongInspection.to_html``."""
        self._found, self._heads, self._budget, self._command = found, heads, budget, command
        self.reading = _reading(found)

    def page(self) -> str:
        """Return the page of the long text, which asks for the heads that it leaves out."""
        return render_long_report(
            self._found,
            self._heads,
            budget=self._budget,
            command=self._command,
            reading=self.reading,
        )

    @property
    def questions(self) -> Mapping[str, Read]:
        """A head."""

        def head(body: bytes) -> Asked:
            question = read_head_question(body)
            return Asked(question.page, lambda: self.head(question))

        return {"head": head}

    def head(self, question: HeadQuestion) -> bytes:
        """Return one head exactly, as the page has those that it carries.

        Raises
        ------
        InputError
            When the page is of another text or another model than this one, or when there is no
            such head.
        """
        if question.reading != self.reading:
            raise InputError(
                "This page is of another text, or of another model, than the one that is served "
                "now: load it again.",
                "Load the page again.",
            )
        layers, place = self._found.layers, (question.layer, question.head)
        counts = [layer.config.heads for layer in layers]
        refuse_no_head(self._found.model.title, counts, [place])
        return packed(head_payload(layers[question.layer], question.head))


def _reading(found: LongInspection) -> str:
    """Return what tells one reading from another: a server begun again may have another text."""
    known = found.checkpoint
    told = hashlib.sha256(f"{__version__}\0{known.name}\0{known.sha256}\0".encode())
    told.update(found.text.ids.tobytes())
    # Of a folder's weights there may be no hash.
    told.update(found.layers[-1].key.tobytes())
    return told.hexdigest()[:_READING]
