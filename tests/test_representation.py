"""What an inspection and a model call themselves in a notebook or a log."""

from __future__ import annotations

from dataclasses import replace

import inspector
from inspector.referee.loading import LoadedModel


def test_an_inspection_is_one_line(cat: inspector.Inspection) -> None:
    assert repr(cat) == (
        f"<Inspection {cat.trace.text.text[:39] + '…'!r} {len(cat.tokens)} tokens, "
        "6 × 12 heads, verified>"
    )


def test_a_short_text_with_a_line_end_is_one_line_too(bundled: object) -> None:
    found = inspector.inspect("a\nb", model=bundled)  # type: ignore[arg-type]
    assert repr(found) == "<Inspection 'a\\nb' 4 tokens, 6 × 12 heads, verified>"
    assert str(found) == repr(found)


def test_a_model_is_one_line(bundled: LoadedModel) -> None:
    for model, kind in ((bundled, "LoadedModel"), (bundled.checkpoint, "Checkpoint")):
        assert repr(model) == f"<{kind} 'sentence-transformers/all-MiniLM-L6-v2', bert>"
    named = replace(bundled.checkpoint, title="two\nlines")
    assert repr(named) == "<Checkpoint 'two\\nlines', bert>"
    assert repr(replace(bundled, checkpoint=named)) == "<LoadedModel 'two\\nlines', bert>"


def test_what_was_changed_is_one_line_too(bundled: LoadedModel) -> None:
    found = inspector.inspect("a b", model=bundled, prove=False).what_if(silence=[(0, 0)])
    assert repr(found) == "<Inspection 'a b' 4 tokens, 6 × 12 heads, unproved>"
