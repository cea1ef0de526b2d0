"""What is answered: a text inspected, with something changed or not, packed for the page."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from inspector.alone import opened
from inspector.errors import InputError, ModelError, NeedsRealModel
from inspector.forward.pooling import compare
from inspector.long_text import encode_long, is_long
from inspector.proof import Progress
from inspector.records import Checkpoint
from inspector.records.effects import Answer
from inspector.report.html.page import render_report
from inspector.report.html.payload.build import build_payload
from inspector.server.limits import EFFECTS_SECONDS
from inspector.server.packed import packed
from inspector.server.questions import Question, read_question, refuse_long, too_long
from inspector.server.served import Asked, Read
from inspector.session import Inspection, inspect, load
from inspector.version import __version__
from inspector.what_if import effects_of

#: Inspections that are kept: the text itself, the one before a word was exchanged, the changed one.
_KEPT = 4


class Answers:
    """One model, opened once, and the last few texts that it was asked about.

    ``answer`` and ``prove`` may run beside each other, but neither beside itself.
    """

    def __init__(
        self,
        text: str,
        target: str | None,
        model: str,
        progress: Progress,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Open the model, if ``checkpoint`` is not it already, and inspect the first text, whole.

        Raises
        ------
        InputError, ModelError, MachineError
            As ``session.inspect``; a model that only the real one can run is refused.
        """
        refuse_long(text)
        try:
            with opened(checkpoint or model, progress) as known:
                _refuse_unkept(known, text)
                found = inspect(text, target=target, model=known, prove=False, progress=progress)
        except NeedsRealModel as error:
            raise ModelError(
                error.message.replace("can only be run by", "cannot be inspected live, only by", 1),
                "Use inspect without live, which asks the real model.",
            ) from error
        self._first = found
        self._checkpoint = found.checkpoint
        self._model = model
        self._loaded: Any = None
        self._lock = threading.Lock()
        self._kept = OrderedDict({Question(text, target): found})

    def page(self) -> str:
        """Return the live page of the first text."""
        return render_report(self._first, live=True)

    @property
    def questions(self) -> Mapping[str, Read]:
        """A text, and its proof, which goes on beside other questions."""

        def asking(answer: Callable[[Question], bytes]) -> Read:
            def read(body: bytes) -> Asked:
                question = read_question(body)
                return Asked(question.page, lambda: answer(question))

            return read

        return {"inspect": asking(self.answer), "prove": asking(self.prove)}

    def answer(self, question: Question) -> bytes:
        """Answer by our own forward, without a proof.

        Raises
        ------
        InputError, ModelError
            As ``session.inspect`` and ``Inspection.what_if``.
        """
        found = self._found(question)
        if question.ladder and not found.ladder:
            found = found.with_ladder()
            self._keep(question, found)
        if question.effects:
            if found.change is not None:
                raise InputError(
                    "Effects are measured of the model as it is, and something is changed.",
                    "Undo the changes first.",
                )
            measured = effects_of(found, seconds=EFFECTS_SECONDS)
            found = replace(found, effects_measured=measured)
            self._keep(question, found)
        return _packed(found, self._moved(question, found))

    def prove(self, question: Question) -> bytes:
        """Ask the real model about a text; the first time torch is imported for it.

        Raises
        ------
        InputError
            When something is changed: the real model would run the text untouched.
        ModelError, MachineError
            As ``session.load`` and ``session.inspect``.
        """
        if question.changes:
            raise InputError(
                "What was changed cannot be proved: the real model would run the text untouched.",
                "Undo the changes first.",
            )
        _refuse_unkept(self._checkpoint, question.text)
        if self._loaded is None:
            self._loaded = load(self._model)
        found = inspect(question.text, target=question.target, model=self._loaded)
        with self._lock:
            kept = self._kept.get(question.unmeasured)
        measured = None if kept is None else kept.effects_measured
        return _packed(replace(found, effects_measured=measured), None)

    def _found(self, question: Question) -> Inspection:
        """Return the inspection of a question, perhaps one that was kept."""
        key = question.unmeasured
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if key.changes:
            base = self._found(replace(key, silence=(), block=()))
            found = base.what_if(silence=key.silence, block=key.block)
        else:
            _refuse_unkept(self._checkpoint, key.text)
            found = inspect(
                key.text, target=key.target, model=self._checkpoint, prove=False, ladder=False
            )
        self._keep(key, found)
        return found

    def _keep(self, question: Question, found: Inspection) -> None:
        with self._lock:
            self._kept[question.unmeasured] = found
            self._kept.move_to_end(question.unmeasured)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _moved(self, question: Question, found: Inspection) -> dict[str, Any] | None:
        """Return the answer before and after a change; None where nothing was changed."""
        if question.before is not None and question.before != question.text:
            before = self._found(
                replace(question.unmeasured, text=question.before, silence=(), block=())
            )
            return {
                "measure": "shift",
                "size": _shift(before, found),
                "before": _places(before.answer),
                "after": _places(found.answer),
            }
        if found.change is None:
            return None
        effect = found.change.effect
        embedding = found.change.before.kind == "embedding"
        return {
            "measure": "shift" if embedding else "kl_bits",
            "size": effect.size if math.isfinite(effect.size) else None,
            "before": _places(found.change.before),
            "after": _places(found.change.after),
        }


def _refuse_unkept(checkpoint: Checkpoint, text: str) -> None:
    """Refuse a text of which no matrix would be kept: gigabytes, each time somebody types.

    Raises
    ------
    InputError
        When it is one.
    """
    # No token is shorter than a byte: hardly a text need be read twice.
    if not is_long(checkpoint, len(text.encode("utf-8", "replace"))):
        return
    tokens = len(encode_long(checkpoint, text, truncate=False))
    if is_long(checkpoint, tokens):
        raise too_long(f"{tokens:,} tokens through {checkpoint.title}")


def _packed(found: Inspection, moved: dict[str, Any] | None) -> bytes:
    return packed(build_payload(found, command=None, version=__version__), moved)


def _places(answer: Answer) -> list[dict[str, Any]]:
    return [asdict(place) for place in answer.places]


def _shift(before: Inspection, after: Inspection) -> float | None:
    """Return 1 − cos of two texts' embeddings, 0 for the same; None where there are none."""
    one, other = before.trace.embedding, after.trace.embedding
    if one is None or other is None:
        return None
    size = 1 - compare(one, other).cosine
    return size if math.isfinite(size) else None
