"""config.json as plain values: what it says must be of its type and within bounds.

A value that no model can have ends here in a sentence that names it, before anything is built.
What a file leaves out is not judged: the family's own defaults stand for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inspector.checkpoint.json_file import read_object, shown
from inspector.errors import ModelError
from inspector.families.attention_numbers import said
from inspector.families.pairs import HALVES, PAIR
from inspector.families.registry import FAMILIES
from inspector.record import record

FILE = "config.json"
ADAPTER_FILE = "adapter_config.json"

#: What families call the same thing. The first name is the one that transformers knows them all by.
LAYERS = (
    "num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers",
    "num_decoder_layers",
)  # fmt: skip
HEADS = (
    "num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads",
    "encoder_attention_heads", "decoder_attention_heads",
)  # fmt: skip
KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv")
WIDTHS = (
    "hidden_size", "d_model", "n_embd", "dim", "emb_dim", "embedding_size", "word_embed_proj_dim",
)  # fmt: skip
INNER = (
    "intermediate_size", "n_inner", "ffn_dim", "d_ff", "dff", "hidden_dim", "encoder_ffn_dim",
    "decoder_ffn_dim",
)  # fmt: skip
POSITIONS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len")
VOCABULARY = "vocab_size"
#: The configs within the config of a family that has one for each of its stacks.
STACKS = ("encoder", "decoder")
START = "decoder_start_token_id"

_COUNTED = (
    *LAYERS, *HEADS, *KV_HEADS, *WIDTHS, *INNER, *POSITIONS, VOCABULARY, "head_dim", "d_kv",
    "sliding_window", "window_size", "local_attention", "rotary_dim", "num_hidden_groups",
    "inner_group_num", "num_local_experts", "num_experts", "num_experts_per_tok",
    "relative_attention_num_buckets", "relative_attention_max_distance", "moe_intermediate_size",
    "shared_expert_intermediate_size", "n_routed_experts", "n_group", "topk_group",
    "decoder_sparse_step", "q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim",
    "v_head_dim",
)  # fmt: skip
#: Where 0, and in the second -1 too, stands for "none".
_MAY_BE_ZERO = (
    "type_vocab_size", "chunk_size_feed_forward", "num_labels", "first_k_dense_replace",
)  # fmt: skip
_MAY_BE_NONE = ("embedding_size", "rotary_dim", "sliding_window")
_POSITIVE = (
    "rope_theta", "rope_local_base_freq", "global_rope_theta", "local_rope_theta",
    "query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping", "clip_qkv",
    "embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling",
    "logit_scale", "routed_scaling_factor",
)  # fmt: skip
#: The same within what turns positions.
_POSITIVE_OF_ROPE = (
    *_POSITIVE, "factor", "original_max_position_embeddings", "low_freq_factor",
    "high_freq_factor", "attention_factor", "beta_fast", "beta_slow", "alpha",
)  # fmt: skip
_EPSILONS = (
    "layer_norm_eps", "layer_norm_epsilon", "rms_norm_eps", "norm_eps", "norm_epsilon",
    "router_jitter_noise",
)  # fmt: skip
_SHARES = ("partial_rotary_factor", "rotary_pct")
_FLAGS = (
    "is_decoder", "is_encoder_decoder", "add_cross_attention", "tie_word_embeddings", "return_dict",
    "norm_topk_prob", "lm_head_bias", "rope_interleave",
)  # fmt: skip
_TOKENS = (START, "pad_token_id", "bos_token_id", "eos_token_id")
#: More positions than any model has, and more entries than any vocabulary: some families make a
#: number for each of the former before they run.
_MOST_POSITIONS = _MOST_ENTRIES = 1 << 24
_HINT = "Use a checkpoint whose config.json belongs to its weights."


@record(frozen=True, slots=True)
class Config:
    """What a checkpoint's config.json says, and where it stands."""

    path: Path
    model_type: str
    #: The values as they stand in the file; what it leaves out is not there.
    values: Mapping[str, Any]

    def first(self, names: tuple[str, ...]) -> tuple[str, Any] | None:
        """Return the first of these keys that has a value, with the value."""
        return next(((n, self.values[n]) for n in names if self.values.get(n) is not None), None)

    def wrong(self, key: str, why: str) -> ModelError:
        """Say what is wrong with a key, with its value."""
        return ModelError(f"{self.path} says {key} = {shown(self.values.get(key))}, {why}.", _HINT)


def read_config(folder: Path) -> Config:
    """Read config.json and check every value that is known here.

    Raises
    ------
    ModelError
        When the file cannot be read, when a value is of the wrong type or out of bounds, or when
        the checkpoint is of a kind that cannot be inspected: quantised, or two models in one.
    """
    path = folder / FILE
    values = read_object(path)
    model_type = values.get("model_type")
    if not isinstance(model_type, str) or not model_type.isprintable() or not model_type:
        raise ModelError(
            f"{path} does not say its model_type.",
            'Add it, such as "model_type": "bert", or use a checkpoint that has it.',
        )
    config = Config(path, model_type, values)
    _refuse_kinds(config, folder)
    for part in _parts(config):
        _check(part)
    return config


def _refuse_kinds(config: Config, folder: Path) -> None:
    values = config.values
    if _has_stacks(config.model_type):
        for part in STACKS:
            if not isinstance(own := values.get(part), dict | None):
                raise config.wrong(part, "and it is an object with a config of its own")
            if inner := next((key for key in STACKS if own and key in own), None):
                raise ModelError(
                    f"{config.path} has within its {part} another {inner}, and a stack is one "
                    "model by itself.",
                    _HINT,
                )
    if config.model_type == PAIR:
        _refuse_halves(config)
    several = all(model_type_of(values.get(part)) for part in STACKS)
    if several and not _has_stacks(config.model_type):
        first, second = (model_type_of(values[part]) for part in STACKS)
        raise ModelError(
            f"The model in {folder} is two models in one, {first} and {second} "
            f"({config.model_type}), which is not inspected.",
            "Save one of the two in a folder of its own, and inspect that.",
        )
    if (quantised := values.get("quantization_config")) is not None:
        method = quantised.get("quant_method") if isinstance(quantised, dict) else None
        how = f" ({method})" if isinstance(method, str) else ""
        raise ModelError(
            f"The weights in {folder} are quantised{how}: they stand for the model's own only "
            "roughly, and are not rebuilt from.",
            "Use the checkpoint from before it was quantised, in float32, float16 or bfloat16.",
        )
    # It may lead to other weights than those that were checked.
    if values.get("transformers_weights") is not None:
        raise config.wrong("transformers_weights", "and weights are read from model.safetensors")


def _refuse_halves(config: Config) -> None:
    """Refuse a model put together of two where either is not known as that half of one."""
    for half, known in HALVES.items():
        found = model_type_of(config.values.get(half))
        if found is None:
            raise config.wrong(half, "and it is a config with a model_type")
        if found not in known:
            raise ModelError(
                f"The {half} of this {config.model_type} is a {shown(found)}, which is not covered "
                f"as the {half} of a model put together of two.",
                f"Covered as one are {', '.join(known)}.",
            )
    if config.values["decoder"].get("add_cross_attention") is not True:
        raise ModelError(
            f"{config.path} does not say add_cross_attention = true of its decoder, which then "
            "hears nothing of the encoder.",
            _HINT,
        )


def _has_stacks(model_type: str) -> bool:
    """Say whether a family's config has one within it for each of its stacks."""
    return model_type in FAMILIES and bool(FAMILIES[model_type].within)


def model_type_of(part: object) -> str | None:
    """Return the model_type of a config within a config, where it is one."""
    found = part.get("model_type") if isinstance(part, dict) else None
    return found if isinstance(found, str) else None


def _parts(config: Config) -> Iterator[Config]:
    """Yield the config and those within it, which composite models have."""
    yield config
    for key, value in config.values.items():
        if (key.endswith("_config") or key in STACKS) and isinstance(value, dict):
            yield Config(config.path, config.model_type, value)


def _check(config: Config) -> None:
    for key, value in config.values.items():
        # A list has a number for each layer, in families that nobody has written a row for.
        if value is None or (isinstance(value, list) and config.model_type not in FAMILIES):
            continue
        if key in _COUNTED:
            least = 0 if key in _MAY_BE_NONE else 1
            _whole(config, key, value, least, _MOST_POSITIONS if key in POSITIONS else None)
        elif key in _MAY_BE_ZERO:
            _whole(config, key, value, 0, None)
        elif key in _FLAGS and not isinstance(value, bool):
            raise config.wrong(key, "and it is true or false")
        elif key in (*_POSITIVE, *_SHARES, *_EPSILONS):
            _number(config, key, value)
        elif key in ("rope_scaling", "rope_parameters"):
            _rope(config, key, value)
        elif key == "attn_config" and not isinstance(value, dict):
            raise config.wrong(key, "and it is an object")
        elif key == "mlp_only_layers" and not (
            isinstance(value, list) and all(type(layer) is int for layer in value)
        ):
            raise config.wrong(key, "and it is a list of numbers of layers")
        elif key in ("id2label", "label2id") and not isinstance(value, dict):
            raise config.wrong(key, "and it gives each number a name")
    names = config.values.get("architectures")
    if names is not None and not (
        isinstance(names, list) and all(isinstance(name, str) for name in names)
    ):
        raise config.wrong("architectures", "and it is a list of names")
    _check_tokens(config)
    _check_division(config)


def _whole(config: Config, key: str, value: object, least: int, most: int | None) -> None:
    if type(value) is not int:
        raise config.wrong(key, "and it is a whole number")
    if value < least:
        raise config.wrong(key, f"and it is at least {least}")
    if most is not None and value > most:
        raise config.wrong(key, f"and more than {most:,} are not read")


def _number(config: Config, key: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise config.wrong(key, "and it is a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise config.wrong(key, "and it is a finite number")
    if number < 0 or (number == 0 and key not in _EPSILONS):
        least = "at least 0" if key in _EPSILONS else "positive"
        raise config.wrong(key, f"and it is {least}")
    if key in _SHARES and number > 1:
        raise config.wrong(key, "and it is at most 1")


def _rope(config: Config, key: str, value: object) -> None:
    """Check what turns positions: one set of numbers, or one for each kind of layer."""
    if not isinstance(value, dict):
        raise config.wrong(key, "and it is an object with a rope_type")
    inner = [part for part in value.values() if isinstance(part, dict)]
    for part in inner or [value]:
        numbers = Config(config.path, config.model_type, part)
        for name, number in part.items():
            if number is not None and name in (*_POSITIVE_OF_ROPE, *_SHARES):
                _number(numbers, name, number)
        kind = part.get("rope_type", part.get("type"))
        if kind is not None and not isinstance(kind, str):
            raise config.wrong(key, "and its rope_type is a name")


def _check_tokens(config: Config) -> None:
    """Check that the tokens with a task of their own are entries of the vocabulary."""
    whose = f"decoder.{VOCABULARY}" if config.model_type == PAIR else VOCABULARY
    entries = said(config.values, whose, None)
    for key in _TOKENS:
        value = config.values.get(key)
        for token in value if isinstance(value, list) else [value]:
            if token is None:
                continue
            if type(token) is not int:
                raise config.wrong(key, "and it is the number of a token")
            # Only a decoder's first token is always read; the others may be a family's default.
            most = entries if type(entries) is int else _MOST_ENTRIES
            if key == START and not 0 <= token < most:
                raise config.wrong(key, f"and the vocabulary has {most:,} entries")


def _check_division(config: Config) -> None:
    heads, kv_heads = config.first(HEADS), config.first(KV_HEADS)
    if not heads or not kv_heads or not isinstance(heads[1], int):
        return
    if isinstance(kv_heads[1], int) and heads[1] % kv_heads[1]:
        raise config.wrong(kv_heads[0], f"which does not divide its {heads[1]} heads")
