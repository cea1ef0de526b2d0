"""What becomes of the base's tensors: a plan that fits, and the numbers when they are asked for.

A module's weight W, (out, in), becomes W + s·B·A with A (r, in) and B (out, r), all in float32
(Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1). DoRA brings each row of that to a
length of its own, m (Liu et al. 2024, https://arxiv.org/abs/2402.09353, section 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain

import numpy as np

from inspector.checkpoint.adapter.config import MERGE_IT, AdapterConfig
from inspector.checkpoint.adapter.tensors import AdapterTensors, LowRank
from inspector.checkpoint.config import Config
from inspector.checkpoint.folder import CheckpointFiles
from inspector.checkpoint.json_file import shown
from inspector.checkpoint.safetensors_file import FLOATS
from inspector.checkpoint.weights import Weights
from inspector.errors import ModelError
from inspector.families.config import FamilyConfig, known
from inspector.families.pairs import PAIR
from inspector.families.registry import FAMILIES
from inspector.families.spec import Family
from inspector.records import Array, Float32

#: What makes the tensor that stands in the place of one of the base.
Plan = dict[str, Callable[[], Float32]]

_MATRIX = 2
#: The number of a layer, or of an expert, in a name.
_NUMBER = re.compile(r"(?<![^.])\d+(?![^.])")
#: What the weights and biases of norms were called when BERT was published.
_OLDER = {".weight": ".gamma", ".bias": ".beta"}
#: Tables of words in families that nobody has written a row for.
_TABLES = ("embed_tokens", "lm_head", "shared", "wte", "word_embeddings", "embed_out")
_ANOTHER = (
    "Use the adapter with the base model that it was made for: base_model_name_or_path in its "
    "adapter_config.json."
)


class _Base:
    """The base's tensors as an adapter calls them."""

    def __init__(self, config: Config, weights: Weights) -> None:
        self.weights = weights
        self.family: Family | None = FAMILIES.get(config.model_type)
        firsts = {name.partition(".")[0] for name in weights.entries}
        #: What may stand before a name on one side and not on the other.
        self._firsts = sorted(firsts) if self.family is None else [self.family.prefix]
        kind, values = config.model_type, config.values
        said = FamilyConfig(kind, values) if known(kind) else None
        tied = values.get("tie_word_embeddings", True)
        self._one_table = bool(getattr(said, "tie_word_embeddings", tied))

    def find(self, name: str) -> str | None:
        """Return the name in the base's file, or None where it has no such tensor."""
        names = [name, *(name.removeprefix(f"{first}.") for first in self._firsts)]
        for one in (*names, *(f"{first}.{name}" for first in self._firsts)):
            path, dot, part = one.rpartition(".")
            for there in (one, path + _OLDER.get(dot + part, dot + part)):
                if there in self.weights.entries:
                    return there
        return None

    def lies_turned(self, name: str) -> bool:
        """Say whether a module's weight lies (in, out): those of the layers, in some families."""
        if self.family is None or not self.family.conv1d:
            return False
        layer = re.escape(self.family.layer).replace(r"\{i\}", r"\d+")
        return re.match(layer, name.removeprefix(f"{self.family.prefix}.")) is not None

    def shares(self, name: str) -> bool:
        """Say whether a tensor is a table that reads words and writes them as well."""
        if not self._one_table:
            return False
        if self.family is None:
            return name.endswith(tuple(f"{table}.weight" for table in _TABLES))
        rows = [path for row in self.family.sites if row.body for path in row.body.embeddings.words]
        rows += self.family.head.words if self.family.head else ()
        own = name.removeprefix(f"{self.family.prefix}.")
        return bool({name, own} & {f"{row}.weight" for row in rows})


def plan(files: CheckpointFiles, adapter: AdapterTensors, config: AdapterConfig) -> Plan:
    """Hold an adapter against its base, and return what each changed tensor will be.

    Raises
    ------
    ModelError
        When a tensor's name or shape fits nothing in the base, when the adapter's config and its
        tensors do not belong together, or when it changes what is not merged here.
    """
    if files.config.model_type == PAIR:
        raise ModelError(
            f"The base of this adapter is put together of two models ({PAIR}), and into these none "
            "is merged.",
            MERGE_IT,
        )
    base = _Base(files.config, files.weights)
    if base.family is None and config.on("fan_in_fan_out"):
        raise config.wrong(
            "fan_in_fan_out", f"and which weights of a {files.config.model_type} are is not known"
        )
    _refuse_shared(base, adapter)
    found: Plan = {}
    _plan_whole(found, base, adapter, config)
    for module, low_rank in adapter.low_rank.items():
        _plan_low_rank(found, base, adapter, config, module, low_rank)
    _refuse_incomplete(base, adapter, config)
    return found


def _refuse_shared(base: _Base, adapter: AdapterTensors) -> None:
    names = (*adapter.whole, *(f"{module}.weight" for module in adapter.low_rank))
    if shared := next(filter(base.shares, names), None):
        raise ModelError(
            f"The adapter {adapter.path} changes {shown(shared)}, and its base reads and writes "
            "words by one and the same table: which of the two is meant is not known here.",
            MERGE_IT,
        )


def _plan_whole(found: Plan, base: _Base, adapter: AdapterTensors, config: AdapterConfig) -> None:
    for name, own in adapter.whole.items():
        module, _, part = name.rpartition(".")
        is_bias = part == "bias" and (
            config.bias == "all" or (config.bias == "lora_only" and module in adapter.low_rank)
        )
        if not is_bias and not config.saves(module):
            raise ModelError(
                f"The adapter {adapter.path} holds {shown(own)}, which neither modules_to_save nor "
                "bias of its config names.",
                MERGE_IT,
            )
        place = base.find(name)
        if place is None:
            # The head of another task, or one parameter that has two names.
            if not config.without_words and not _is_copy(base, adapter, name):
                raise _fits_nothing(adapter, own)
            continue
        _hold_shape(base, adapter, place, own, base.weights.entries[place].shape)
        found[place] = partial(_float32, adapter.weights, own)


def _is_copy(base: _Base, adapter: AdapterTensors, name: str) -> bool:
    """Say whether the same numbers stand in the adapter under a name that the base has."""
    numbers = adapter.weights[adapter.whole[name]]
    return any(
        base.find(other) is not None and np.array_equal(adapter.weights[own], numbers)
        for other, own in adapter.whole.items()
    )


def _plan_low_rank(
    found: Plan,
    base: _Base,
    adapter: AdapterTensors,
    config: AdapterConfig,
    module: str,
    low_rank: LowRank,
) -> None:
    if not config.targets(module):
        raise ModelError(
            f"The adapter {adapter.path} changes {shown(module)}, which target_modules of its "
            "config does not name.",
            "Copy or download the adapter again: its two files do not belong together.",
        )
    place = base.find(f"{module}.weight")
    if place is None:
        raise _fits_nothing(adapter, low_rank.a)
    entry = base.weights.entries[place]
    if len(entry.shape) != _MATRIX or entry.dtype not in FLOATS:
        raise _fits_nothing(adapter, low_rank.a)
    turned, rank = base.lies_turned(place), config.rank(module)
    out_of, into = entry.shape[::-1] if turned else entry.shape
    _hold_shape(base, adapter, place, low_rank.a, (rank, into))
    _hold_shape(base, adapter, place, low_rank.b, (out_of, rank))
    for key, name in (("use_dora", low_rank.magnitude), ("lora_bias", low_rank.bias)):
        if config.on(key) != bool(name):
            raise config.wrong(key, f"and the tensors of {shown(module)} say otherwise")
        if name:
            _hold_shape(base, adapter, place, name, (out_of,))
    numbers = partial(_numbers, adapter.weights, low_rank, config.scale(module))
    found[place] = partial(_merged, partial(_float32, base.weights, place), numbers, turned)
    if low_rank.bias:
        bias = base.find(f"{module}.bias")
        if bias is None:
            raise config.wrong("lora_bias", f"and {shown(module)} has no bias in the base")
        before = found.get(bias, partial(_float32, base.weights, bias))
        found[bias] = partial(_moved, before, adapter.weights, low_rank.bias, config.scale(module))


def _refuse_incomplete(base: _Base, adapter: AdapterTensors, config: AdapterConfig) -> None:
    """Refuse an adapter without tensors for a module that its siblings in other layers have."""
    there = {str(base.find(f"{module}.weight")): module for module in adapter.low_rank}
    siblings = {_NUMBER.sub("#", place): module for place, module in there.items()}
    for name in sorted(base.weights.entries.keys() - there.keys()):
        # As the adapter would call it: its sibling's path, with the numbers of this one.
        parts = _NUMBER.split(siblings.get(_NUMBER.sub("#", name), ""))
        numbers = (*_NUMBER.findall(name), "")
        if len(parts) == len(numbers) > 1 and config.targets(
            module := "".join(chain(*zip(parts, numbers, strict=True)))
        ):
            raise ModelError(
                f"The adapter {adapter.path} has no tensors for {shown(module)}, which its config "
                "says that it changes.",
                "Copy or download the adapter again.",
            )


def _hold_shape(
    base: _Base, adapter: AdapterTensors, place: str, own: str, expected: tuple[int, ...]
) -> None:
    entry = adapter.weights.entries[own]
    if entry.shape != expected or entry.dtype not in FLOATS:
        raise ModelError(
            f"The adapter {adapter.path} does not fit its base: {shown(own)} is "
            f"{list(entry.shape)} of {entry.dtype}, and {shown(place)} takes {list(expected)}.",
            _ANOTHER,
        )


def _fits_nothing(adapter: AdapterTensors, own: str) -> ModelError:
    return ModelError(
        f"The adapter {adapter.path} does not fit its base: nothing there is called as "
        f"{shown(own)} asks.",
        _ANOTHER,
    )


def _float32(weights: Mapping[str, Array], name: str) -> Float32:
    return np.asarray(weights[name]).astype(np.float32, copy=False)


def _numbers(weights: Weights, low_rank: LowRank, scale: float) -> tuple[Float32, Float32 | None]:
    """Return s·B·A, (out, in), and m, (out,)."""
    change = _float32(weights, low_rank.b) @ _float32(weights, low_rank.a)
    change *= np.float32(scale)
    return change, _float32(weights, low_rank.magnitude) if low_rank.magnitude else None


def _merged(
    weight: Callable[[], Float32],
    numbers: Callable[[], tuple[Float32, Float32 | None]],
    turned: bool,
) -> Float32:
    # What is not finite then is found when the whole folder is looked over.
    with np.errstate(all="ignore"):
        whole, lengths = numbers()
        whole += weight().T if turned else weight()
        if lengths is not None:
            whole *= (lengths / np.linalg.norm(whole, axis=1))[:, None]
    return np.ascontiguousarray(whole.T) if turned else whole


def _moved(
    before: Callable[[], Float32], weights: Mapping[str, Array], name: str, scale: float
) -> Float32:
    with np.errstate(all="ignore"):
        return before() + np.float32(scale) * _float32(weights, name)
