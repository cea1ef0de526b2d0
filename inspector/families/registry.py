"""The one place where families are registered: a row each, as data.

A family joins by a row in one of the four files of rows beside this, as CONTRIBUTING tells.
Nothing is inferred from shapes.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from inspector.errors import InputError
from inspector.families.covered import not_rebuilt_because
from inspector.families.decoders import DECODERS
from inspector.families.encoder_decoders import ENCODER_DECODERS
from inspector.families.encoders import ENCODERS
from inspector.families.llama import LLAMAS
from inspector.families.spec import Family


def _index(rows: tuple[Family, ...]) -> dict[str, Family]:
    index: dict[str, Family] = {}
    for row in rows:
        if row.model_type in index:
            raise ValueError(f"{row.model_type} is registered twice")
        index[row.model_type] = row
    return index


FAMILIES = _index((*ENCODERS, *DECODERS, *LLAMAS, *ENCODER_DECODERS))

#: Every model type whose positions begin behind the padding's id, those without a row too.
BEHIND_PADDING = frozenset(
    name for name, row in FAMILIES.items() if row.positions_behind_padding
) | {
    "camembert", "data2vec-text", "ibert", "layoutlmv3", "lilt", "longformer", "luke", "markuplm",
    "mluke", "roberta-prelayernorm", "xlm-roberta-xl", "xmod",
}  # fmt: skip


def row_of(config: Any) -> tuple[Family | None, str | None]:
    """Return the row by which a checkpoint is rebuilt, or None and why there is none."""
    family = FAMILIES.get(config.model_type)
    if family is None:
        return None, (
            f"there is no row for {config.model_type} among the families; `inspect models` lists "
            "them, and CONTRIBUTING.md shows how to add one"
        )
    refusal = not_rebuilt_because(family, config)
    return (family, None) if refusal is None else (None, refusal)


def refuse_unknown(model_type: str) -> None:
    """Refuse a name that no row has, and name those that are spelt nearly alike.

    Raises
    ------
    InputError
        When no family of that name is registered.
    """
    if model_type in FAMILIES:
        return
    near = get_close_matches(model_type, FAMILIES, n=3)
    raise InputError(
        f"There is no family {model_type!r} among those that are rebuilt from their weights.",
        f"Did you mean {' or '.join(near)}?"
        if near
        else "`inspect models` lists them; CONTRIBUTING.md shows how to add one.",
    )
