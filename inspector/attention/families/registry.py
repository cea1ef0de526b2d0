"""The one place where families are registered: a row each, as data.

A family joins by a row here and a line in the parity tests. Nothing is inferred from shapes.
"""

from __future__ import annotations

from inspector.attention.families.spec import Family

_ROWS = (
    Family(
        model_type="bert",
        layer="encoder.layer.{i}",
        query="attention.self.query",
        key="attention.self.key",
        value="attention.self.value",
        output="attention.output.dense",
        requires={
            "is_decoder": False,
            "add_cross_attention": False,
            "position_embedding_type": "absolute",
        },
    ),
    Family(
        model_type="distilbert",
        layer="transformer.layer.{i}",
        query="attention.q_lin",
        key="attention.k_lin",
        value="attention.v_lin",
        output="attention.out_lin",
        requires={},
    ),
)


def _index(rows: tuple[Family, ...]) -> dict[str, Family]:
    index: dict[str, Family] = {}
    for row in rows:
        if row.model_type in index:
            raise ValueError(f"{row.model_type} is registered twice")
        index[row.model_type] = row
    return index


FAMILIES = _index(_ROWS)
