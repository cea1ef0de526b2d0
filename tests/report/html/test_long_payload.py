"""What the page of a long text is given, beside what was found."""

from __future__ import annotations

from synthetic_long import long_text

from inspector.report.html.payload.long_text import build_long_payload


def test_a_head_whose_scores_a_page_cannot_work_out_is_not_in_it() -> None:
    found = long_text("deberta-v2")
    header = build_long_payload(found, [(0, 1)], command=None, version="0").header
    assert header["carried"] == []
    assert not [name for name in header["blobs"] if name.startswith(("query.", "key."))]
    # What spans give to spans was folded by the forward: that is there of every head.
    assert all(f"flow.{layer.layer}" in header["blobs"] for layer in found.layers)
