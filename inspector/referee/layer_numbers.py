"""Which layers of a model gave attention: in a hybrid not all of them do."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.errors import ModelError
from inspector.referee.faults.running import named
from inspector.referee.loading import LoadedModel


def own_numbers(
    loaded: LoadedModel, places: list[int], layers: int, watched: Sequence[int | None]
) -> list[int]:
    """Return the model's own numbers of the layers that gave attention, in their order.

    ``places`` says where each stood among what the model gave, ``layers`` how many there are, and
    ``watched`` what the modules say that were seen at work. The config comes first: some families
    count their attention modules and not their layers.

    Raises
    ------
    ModelError
        When nobody says which layers they are.
    """
    count = len(places)
    if count == layers:
        return places
    config = loaded.model.config
    kinds = getattr(config, "layer_types", None) or getattr(config, "layers_block_type", None) or ()
    attending = [layer for layer, kind in enumerate(kinds) if _attends(kind)]
    if len(attending) == count:
        return attending
    said = [layer for layer in watched if layer is not None]
    if len(said) == count and said == sorted(set(said)) and said[-1] < layers:
        return said
    # A model that gives something for every layer gives nothing for those that do not attend.
    if places[-1] > count - 1:
        return places
    raise ModelError(
        f"{named(loaded)} gives the attention of {count} of its {layers} layers, and does not say "
        "of which.",
        "Choose a model whose layers all attend, such as --model distilbert.",
    )


def _attends(kind: str) -> bool:
    """Say whether a kind of layer has the attention that is shown: one weight for each pair."""
    return kind == "hybrid" or ("attention" in kind and "linear" not in kind)
