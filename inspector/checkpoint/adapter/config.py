"""adapter_config.json: which modules of the base an adapter changes, and by how much.

What a key means is peft's, as its ``LoraConfig`` documents it. A key that is not known here is
refused by name where it has a value that could change a number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import regex

from inspector.checkpoint.config import ADAPTER_FILE
from inspector.checkpoint.json_file import read_object, shown
from inspector.errors import ModelError
from inspector.record import record

ALL_LINEAR = "all-linear"
#: Adapters of models without a head for words, whatever their base has.
_WITHOUT_WORDS = ("SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION")
_BIASES = ("none", "all", "lora_only")
#: How A and B may have begun: all that leave the base's own weights as they are.
_BEGINNINGS = (True, False, None, "gaussian", "eva", "orthogonal")
#: What decides nothing once an adapter was trained: where it came from, how it was trained, and
#: settings of what is itself refused.
_WITHOUT_EFFECT = (
    "auto_mapping", "inference_mode", "peft_version", "lora_dropout", "megatron_core",
    "loftq_config", "eva_config", "corda_config", "lora_ga_config", "qalora_group_size",
    "runtime_config",
)  # fmt: skip
_READ = (
    "peft_type", "task_type", "base_model_name_or_path", "revision", "r", "lora_alpha",
    "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "lora_bias", "bias",
    "fan_in_fan_out", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern",
    "modules_to_save", "init_lora_weights",
)  # fmt: skip
#: Names, or one pattern.
_Names = list[str] | str
#: Seconds that a pattern may take with one name.
_PATIENCE = 1.0
_HINT = "Use an adapter whose adapter_config.json is as peft wrote it."
MERGE_IT = "Merge it first, with merge_and_unload() of peft, and save the merged model."


@record(frozen=True, slots=True)
class AdapterConfig:
    """What an adapter_config.json says, checked.

    A module is called by its path in the model that was adapted, such as
    ``model.layers.0.self_attn.q_proj``.
    """

    path: Path
    values: Mapping[str, Any]

    @property
    def base(self) -> str:
        """The name of the base model: a folder or a hub id."""
        return str(self.values["base_model_name_or_path"])

    @property
    def revision(self) -> str | None:
        """Which version of the base model on the hub; None for the newest."""
        return self.values.get("revision")

    @property
    def without_words(self) -> bool:
        """Whether the model that was adapted had another head than one for words, or none."""
        return self.values.get("task_type") in _WITHOUT_WORDS

    @property
    def bias(self) -> str:
        """Whose biases were trained and saved: ``none``, ``all``, ``lora_only``."""
        return str(self.values.get("bias") or "none")

    def on(self, key: str) -> bool:
        """Say whether a setting is on."""
        return bool(self.values.get(key))

    def rank(self, module: str) -> int:
        """Return the rank r of a module's change."""
        return int(self._of_pattern("rank_pattern", module, self.values.get("r", 8)))

    def scale(self, module: str) -> float:
        """Return what B·A is multiplied by: α/r, or α/√r of rank-stabilised LoRA.

        Kalajdzievski 2023, https://arxiv.org/abs/2312.03732.
        """
        alpha = float(self._of_pattern("alpha_pattern", module, self.values.get("lora_alpha", 8)))
        rank = self.rank(module)
        return alpha / (math.sqrt(rank) if self.on("use_rslora") else rank)

    def targets(self, module: str) -> bool:
        """Say whether a module is one that the adapter changes."""
        wanted = self.values["target_modules"]
        if self._named("exclude_modules", module) or self.saves(module):
            return False
        if isinstance(wanted, str) and wanted.lower() == ALL_LINEAR:
            return True
        return self._named("target_modules", module) and (
            module in wanted or isinstance(wanted, str) or self._layer_is_meant(module)
        )

    def saves(self, module: str) -> bool:
        """Say whether a module is saved whole, or is part of one that is."""
        names = tuple(self.values.get("modules_to_save") or ())
        parts = module.split(".")
        paths = (".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return bool(names) and any(path.endswith(names) for path in paths)

    def wrong(self, key: str, why: str, hint: str = _HINT) -> ModelError:
        """Say what is wrong with a key, with its value."""
        return ModelError(f"{self.path} says {key} = {shown(self.values.get(key))}, {why}.", hint)

    def _named(self, key: str, module: str) -> bool:
        """Say whether a module is among names, by its path or the end of it, or fits a pattern."""
        names: _Names = self.values.get(key) or []
        if isinstance(names, str):
            return self._fits(key, names, module)
        return module in names or module.endswith(tuple(f".{name}" for name in names))

    def _layer_is_meant(self, module: str) -> bool:
        """Say whether a module is in one of ``layers_to_transform``, where there is such a list."""
        layers, named = self.values.get("layers_to_transform"), self.values.get("layers_pattern")
        if layers is None or layers == []:
            return True
        # The first number is the layer's: in it experts may have numbers of their own.
        patterns = [named] if isinstance(named, str) else named
        wanted = [rf"(?:.*?\.)?{one}\.(\d+)\..*" for one in patterns or ()]
        for pattern in wanted or [r".*?\.[^.]*\.(\d+)\..*"]:
            if match := self._match("layers_pattern", pattern, module):
                return int(match[1]) in (layers if isinstance(layers, list) else [layers])
        return False

    def _of_pattern(self, key: str, module: str, default: Any) -> Any:
        """Return the number of the first pattern that fits a module, by its end or as a whole."""
        numbers: Mapping[str, Any] = self.values.get(key) or {}
        for pattern, number in numbers.items():
            if self._fits(key, rf"(.*\.)?({pattern})", module):
                return number
        return numbers.get(module, default)

    def _fits(self, key: str, pattern: str, module: str) -> bool:
        return self._match(key, pattern, module) is not None

    def _match(self, key: str, pattern: str, module: str) -> Any:
        try:
            return regex.fullmatch(pattern, module, timeout=_PATIENCE)
        except regex.error as error:
            raise self.wrong(key, "and it is no pattern") from error
        except TimeoutError as error:
            raise self.wrong(key, f"which takes too long to hold against {module}") from error


def read_adapter_config(folder: Path) -> AdapterConfig:
    """Read an adapter's config and check every value.

    Raises
    ------
    ModelError
        When the file cannot be read, when a value is of the wrong type, or when it asks for
        something that is not merged here.
    """
    path = folder / ADAPTER_FILE
    values = read_object(path)
    config = AdapterConfig(path, values)
    if values.get("peft_type") != "LORA":
        raise config.wrong("peft_type", "and only adapters of the kind LORA are merged", MERGE_IT)
    _refuse_not_merged(config)
    for key in ("base_model_name_or_path", "revision", "task_type"):
        if values.get(key) is not None and not isinstance(values[key], str):
            raise config.wrong(key, "and it is a name")
    if not values.get("base_model_name_or_path"):
        raise config.wrong(
            "base_model_name_or_path",
            "and an adapter is nothing without its base model",
            "Write there which model it was made for: a folder, or a hub id.",
        )
    for key in ("use_rslora", "use_dora", "lora_bias", "fan_in_fan_out"):
        if not isinstance(values.get(key), bool | None):
            raise config.wrong(key, "and it is true or false")
    if config.bias not in _BIASES:
        raise config.wrong("bias", f"and it is one of {', '.join(_BIASES)}")
    _check_numbers(config)
    _check_names(config)
    return config


def _refuse_not_merged(config: AdapterConfig) -> None:
    for key, value in config.values.items():
        if key not in (*_READ, *_WITHOUT_EFFECT) and value not in (None, False, {}, [], ""):
            raise config.wrong(key, "which is not merged here", MERGE_IT)
    if config.values.get("init_lora_weights") not in _BEGINNINGS:
        raise config.wrong(
            "init_lora_weights", "by which the base's own weights changed too", MERGE_IT
        )


def _check_numbers(config: AdapterConfig) -> None:
    values = config.values
    for key, number in (("r", _rank), ("lora_alpha", _finite)):
        if key in values and not number(values[key]):
            raise config.wrong(key, "and it is a number that r and alpha can be")
    for key, number in (("rank_pattern", _rank), ("alpha_pattern", _finite)):
        of_modules = values.get(key) or {}
        if not isinstance(of_modules, dict) or not all(map(number, of_modules.values())):
            raise config.wrong(key, "and it gives patterns of names a number each")
    layers = values.get("layers_to_transform")
    if layers is not None and not all(
        type(one) is int for one in (layers if isinstance(layers, list) else [layers])
    ):
        raise config.wrong("layers_to_transform", "and it is the number of a layer, or several")


def _rank(value: object) -> bool:
    return type(value) is int and value > 0


def _finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _check_names(config: AdapterConfig) -> None:
    values = config.values
    for key in ("target_modules", "exclude_modules", "layers_pattern", "modules_to_save"):
        value = values.get(key)
        one_is_enough = key != "modules_to_save"
        several = isinstance(value, list) and all(isinstance(name, str) for name in value)
        if not (value is None or several or (one_is_enough and isinstance(value, str))):
            raise config.wrong(key, "and it is a list of names")
    if not values.get("target_modules"):
        raise config.wrong("target_modules", "and it is what the adapter changes")
