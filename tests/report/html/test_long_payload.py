"""What the page of a long text is given, beside what was found."""

from __future__ import annotations

from synthetic_long import long_text

from inspector.report.html.payload.long_text import build_long_payload


def test_what_distances_add_is_in_the_page_once_for_a_layer_and_for_each_head() -> None:
    found = long_text("deberta-v2")
    asked = [(0, 1), (0, 2)]
    header = build_long_payload(found, asked, budget=0, command=None, version="0").header
    assert [(one["layer"], one["head"]) for one in header["carried"]] == asked
    names = {name for one in header["carried"] for name in one["terms"].values()}
    assert names == {
        "distance_rows.0",
        *(f"distance_{of}.0.{head}" for of in ("keys", "queries") for head in (1, 2)),
    }
    assert names <= set(header["later"])
