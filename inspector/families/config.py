"""A checkpoint's config as its family reads it: what the file says, and what follows from that.

config.json leaves out what is its family's default, calls some values by older names, and has
values that follow from others. transformers fills all that in; so does this, with the same names,
so that a row of the registry reads one config like the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from inspector.families.defaults import DEFAULTS, NAMES

_THETA = 10000.0
#: Kinds of scaling for which the window before the scaling counts.
_WITH_WINDOW = ("llama3", "yarn", "longrope")

Values = dict[str, Any]


class FamilyConfig:
    """The values of a config, as attributes; one that there is none of is an AttributeError."""

    def __init__(self, model_type: str, values: Mapping[str, Any]) -> None:
        names = NAMES.get(model_type, {})
        own = {names.get(name, name): deepcopy(value) for name, value in values.items()}
        self._names = names
        self._values: Values = deepcopy(dict(DEFAULTS[model_type])) | own
        self._values["model_type"] = model_type
        for derive in (*_DERIVED.get(model_type, ()), *_OF_ALL):
            derive(self._values)

    def __getattr__(self, name: str) -> Any:
        # Not found otherwise; private names are no config's, and copying asks for them early.
        if name.startswith("__") or name in ("_values", "_names"):
            raise AttributeError(name)
        try:
            return self._values[self._names.get(name, name)]
        except KeyError:
            raise AttributeError(
                f"the config of this {self._values['model_type']} has no {name}"
            ) from None


def _kv_heads(values: Values) -> None:
    if "num_key_value_heads" in values and values["num_key_value_heads"] is None:
        values["num_key_value_heads"] = values["num_attention_heads"]


def _head_dim(values: Values) -> None:
    if values["head_dim"] is None:
        values["head_dim"] = values["hidden_size"] // values["num_attention_heads"]


def _rope(
    values: Values, *, theta: str = "rope_theta", share: str = "partial_rotary_factor"
) -> None:
    """Bring together what turns positions: newer files have it so, older ones beside it."""
    said = values.get("rope_scaling") or values.get("rope_parameters") or {}
    for part in [part for part in said.values() if isinstance(part, dict)] or [said]:
        part.setdefault("rope_theta", values.get(theta) or _THETA)
        if values.get(share) is not None:
            part.setdefault("partial_rotary_factor", values[share])
        _complete(values, part)
    values["rope_parameters"] = said


def _complete(values: Values, part: Values) -> None:
    part.setdefault("rope_type", part.get("type", "default"))
    if part["rope_type"] in _WITH_WINDOW:
        outside = values.get("original_max_position_embeddings")
        if outside is not None:
            part["original_max_position_embeddings"] = outside
        part.setdefault("original_max_position_embeddings", values["max_position_embeddings"])


def _gpt_neox_rope(values: Values) -> None:
    values.setdefault("rotary_pct", 0.25)
    _rope(values, theta="rotary_emb_base", share="rotary_pct")


def _phi3_rope(values: Values) -> None:
    _rope(values)
    parameters = values["rope_parameters"]
    if parameters["rope_type"] in ("su", "yarn"):
        parameters["rope_type"] = "longrope"


def _rope_by_kind(
    scaled: tuple[str, ...], full: tuple[str, float], near: tuple[str, float]
) -> Callable[[Values], None]:
    """Return what gives the full and the near layers speeds of their own."""

    def derive(values: Values) -> None:
        said = values.get("rope_parameters") or {}
        for kind, (name, theta) in (("full_attention", full), ("sliding_attention", near)):
            part = said.get(kind) or {"rope_type": "default"}
            if kind in scaled:
                part.update(values.get("rope_scaling") or {})
            part.setdefault("rope_theta", values.get(name, theta))
            _complete(values, part)
            said[kind] = part
        values["rope_parameters"] = said

    return derive


def _kinds(is_near: Callable[[Values, int], bool]) -> Callable[[Values], None]:
    """Return what says which layers are near-sighted, where the file does not."""

    def derive(values: Values) -> None:
        if values.get("layer_types") is None:
            values["layer_types"] = [
                "sliding_attention" if is_near(values, i) else "full_attention"
                for i in range(values["num_hidden_layers"])
            ]

    return derive


def _no_window_unless_used(values: Values) -> None:
    if not values["use_sliding_window"]:
        values["sliding_window"] = None


def _no_rope_layers(values: Values) -> None:
    if values["no_rope_layers"] is None:
        every = values["no_rope_layer_interval"]
        values["no_rope_layers"] = [
            int((i + 1) % every != 0) for i in range(values["num_hidden_layers"])
        ]


def _modernbert_window(values: Values) -> None:
    values["sliding_window"] = values["local_attention"] // 2


def _attention_layers(values: Values) -> None:
    """Write GPT-Neo's [[kinds, times], …] out."""
    if values["attention_types"] is None:
        values["attention_types"] = [[["global", "local"], 12]]
    values["attention_layers"] = [
        kind for kinds, times in values["attention_types"] for kind in kinds * times
    ]


def _falcon(values: Values) -> None:
    if values["num_kv_heads"] is None:
        values["num_kv_heads"] = values["num_attention_heads"]
    if values["num_ln_in_parallel_attn"] is None and values["new_decoder_architecture"]:
        values["num_ln_in_parallel_attn"] = 2


def _opt(values: Values) -> None:
    if values["word_embed_proj_dim"] is None:
        values["word_embed_proj_dim"] = values["hidden_size"]


def _t5(values: Values) -> None:
    if values["num_decoder_layers"] is None:
        values["num_decoder_layers"] = values["num_layers"]
    gated, _, kind = values["feed_forward_proj"].rpartition("-")
    values["is_gated_act"] = gated == "gated"
    # What this name meant when the first gated checkpoints were written.
    values["dense_act_fn"] = "gelu_new" if values["feed_forward_proj"] == "gated-gelu" else kind


def _t5_head(values: Values) -> None:
    # Whether the head was trained on scaled states is told by this flag; it is then tied anyway.
    values.setdefault("scale_decoder_outputs", values["tie_word_embeddings"] is not False)
    values["tie_word_embeddings"] = True


def _alternating(_values: Values, layer: int) -> bool:
    return layer % 2 == 0


_QWEN_KINDS = _kinds(
    lambda values, i: values["sliding_window"] is not None and i >= values["max_window_layers"]
)
_DERIVED: Mapping[str, tuple[Callable[[Values], None], ...]] = {
    "llama": (_head_dim, _rope),
    "mistral": (_head_dim, _rope),
    "qwen2": (_no_window_unless_used, _QWEN_KINDS, _rope),
    "qwen3": (_no_window_unless_used, _QWEN_KINDS, _rope),
    "smollm3": (
        _no_rope_layers,
        _kinds(
            lambda values, i: (
                values["use_sliding_window"]
                and values["sliding_window"] is not None
                and not values["no_rope_layers"][i]
            )
        ),
        _rope,
    ),
    "gemma": (_rope,),
    "gemma2": (_kinds(_alternating), _rope),
    "gemma3_text": (
        _kinds(lambda values, i: (i + 1) % values["sliding_window_pattern"] != 0),
        _rope_by_kind(
            ("full_attention",), ("rope_theta", 1_000_000.0), ("rope_local_base_freq", _THETA)
        ),
    ),
    "gpt_oss": (_kinds(_alternating), _rope),
    "phi": (_rope,),
    "phi3": (_phi3_rope,),
    "stablelm": (_rope,),
    "gpt_neox": (_gpt_neox_rope,),
    "falcon": (_falcon, _rope),
    "modernbert": (
        _kinds(lambda values, i: i % values["global_attn_every_n_layers"] != 0),
        _rope_by_kind(
            ("full_attention", "sliding_attention"),
            ("global_rope_theta", 160_000.0),
            ("local_rope_theta", _THETA),
        ),
        _modernbert_window,
    ),
    "gpt_neo": (_attention_layers,),
    "opt": (_opt,),
    "t5": (_t5, _t5_head),
    "mt5": (_t5,),
}
_OF_ALL = (_kv_heads,)
