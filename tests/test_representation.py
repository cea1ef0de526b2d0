"""What an inspection calls itself in a notebook or a log."""

from __future__ import annotations

import inspector


def test_an_inspection_is_one_line(cat: inspector.Inspection) -> None:
    assert repr(cat) == (
        f"<Inspection {cat.trace.text.text[:39] + '…'!r} {len(cat.tokens)} tokens, "
        "6 × 12 heads, verified>"
    )


def test_a_short_text_with_a_line_end_is_one_line_too(bundled: object) -> None:
    found = inspector.inspect("a\nb", model=bundled)  # type: ignore[arg-type]
    assert repr(found) == "<Inspection 'a\\nb' 4 tokens, 6 × 12 heads, verified>"
    assert str(found) == repr(found)
