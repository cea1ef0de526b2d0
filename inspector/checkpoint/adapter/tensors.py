"""The tensors of an adapter, sorted by what they do to the base.

Their names are peft's: ``base_model.model.``, the path of a module in the model that was adapted,
and which part of its change a tensor is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from inspector.checkpoint.adapter.config import MERGE_IT
from inspector.checkpoint.json_file import shown
from inspector.checkpoint.weights import Weights, open_inside, refuse_not_finite
from inspector.errors import ModelError
from inspector.record import record

FILE = "adapter_model.safetensors"
#: What torch would unpickle.
_PICKLED = "adapter_model.bin"

_BEFORE = "base_model.model."
#: The ends of names, and what these tensors are called here.
_PARTS = {
    ".lora_A.weight": "a",
    ".lora_B.weight": "b",
    ".lora_B.bias": "bias",
    ".lora_magnitude_vector": "magnitude",
}
#: Before the name of what a wrapped module has itself.
_WRAPPED = ".base_layer."
#: Within names of biases that peft saves a second time: those of a module saved whole, and those of
#: the one that it replaces.
_AGAIN = (".modules_to_save.", ".original_module.")
_COPY = "Copy or download the adapter again."


@dataclass(slots=True)
class LowRank:
    """The names of the tensors by which one module is changed; empty where there is none."""

    a: str = ""
    b: str = ""
    bias: str = ""
    magnitude: str = ""


@record(frozen=True, slots=True)
class AdapterTensors:
    """What an adapter's file holds, not yet read."""

    path: Path
    weights: Weights
    #: By the module that they change.
    low_rank: dict[str, LowRank] = field(default_factory=dict)
    #: What stands in the place of a tensor of the base, by that one's name.
    whole: dict[str, str] = field(default_factory=dict)


def read_adapter_tensors(folder: Path) -> AdapterTensors:
    """Open the weights of an adapter and sort them.

    Raises
    ------
    ModelError
        When there are none, when the file is damaged or holds NaN or infinities, or when a tensor
        is none of those that an adapter of this kind has.
    """
    path = folder / FILE
    if not path.exists() and (folder / _PICKLED).exists():
        raise ModelError(
            f"The adapter in {folder} holds its weights as {_PICKLED}, which is not read: to read "
            "it is to run it.",
            "Save it as safetensors: peft's save_pretrained() does.",
        )
    file = open_inside(folder, FILE)
    found = AdapterTensors(path, Weights(dict.fromkeys(file, file)))
    for name in file:
        _sort(found, name)
    refuse_not_finite(found.weights)
    for module, low_rank in found.low_rank.items():
        if not low_rank.a or not low_rank.b:
            lacks = "lora_A" if low_rank.b else "lora_B"
            raise ModelError(f"The adapter {path} has no {lacks} of {shown(module)}.", _COPY)
    if not found.low_rank and not found.whole:
        raise ModelError(f"The adapter {path} holds no tensor.", _COPY)
    return found


def _sort(found: AdapterTensors, name: str) -> None:
    own = name.removeprefix(_BEFORE)
    if own.endswith(".bias") and any(part in own for part in _AGAIN):
        return
    for end, part in _PARTS.items():
        if name.startswith(_BEFORE) and own.endswith(end):
            setattr(found.low_rank.setdefault(own.removesuffix(end), LowRank()), part, name)
            return
    if not name.startswith(_BEFORE) or ".lora_" in own:
        raise ModelError(
            f"The adapter {found.path} holds the tensor {shown(name)}, which is not merged here.",
            MERGE_IT,
        )
    found.whole[own.replace(_WRAPPED, ".")] = name
