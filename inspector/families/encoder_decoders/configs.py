"""What the configs of encoder–decoders mean where their files say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

from inspector.families.config import FamilyConfig
from inspector.families.deriving import Derive, Values, alternating, kinds, rope

_T5 = {
    "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6, "num_decoder_layers": None,
    "num_heads": 8, "relative_attention_num_buckets": 32, "relative_attention_max_distance": 128,
    "layer_norm_epsilon": 1e-6, "feed_forward_proj": "relu", "pad_token_id": 0,
    "is_encoder_decoder": True, "tie_word_embeddings": True,
}  # fmt: skip
_PLBART = {
    "d_model": 1024, "encoder_layers": 12, "encoder_ffn_dim": 4096, "encoder_attention_heads": 16,
    "decoder_layers": 12, "decoder_ffn_dim": 4096, "decoder_attention_heads": 16,
    "max_position_embeddings": 1024, "activation_function": "gelu", "scale_embedding": False,
    "pad_token_id": 1, "is_encoder_decoder": True, "tie_word_embeddings": True,
}  # fmt: skip
_BART = _PLBART | {"decoder_start_token_id": 2}
_STACK_OF_T5GEMMA = {
    "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
    "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
    "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-6, "pad_token_id": 0, "bos_token_id": 2, "query_pre_attn_scalar": 256,
    "sliding_window": 4096, "layer_types": None, "final_logit_softcapping": 30.0,
    "attn_logit_softcapping": 50.0,
}  # fmt: skip

#: What transformers makes a pair of where its config has no halves.
_HALVES: Mapping[str, Mapping[str, Any]] = {
    "encoder": {"model_type": "bert"},
    "decoder": {"model_type": "bert", "is_decoder": True, "add_cross_attention": True},
}

#: By model_type.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "t5": _T5,
    "mt5": _T5 | {
        "d_ff": 1024, "num_layers": 8, "num_heads": 6, "feed_forward_proj": "gated-gelu",
        "decoder_start_token_id": 0,
    },
    "umt5": _T5 | {
        "d_ff": 1024, "num_layers": 8, "num_heads": 6, "feed_forward_proj": "gated-gelu",
        "decoder_start_token_id": 0,
    },
    "t5gemma": {"is_encoder_decoder": True, "tie_word_embeddings": True},
    "encoder-decoder": {
        "is_encoder_decoder": True, "pad_token_id": None, "decoder_start_token_id": None,
    },
    "bart": _BART,
    "marian": _BART | {
        "pad_token_id": 58100, "decoder_start_token_id": 58100,
        "share_encoder_decoder_embeddings": True,
    },
    "mbart": _BART | {"decoder_start_token_id": None},
    "pegasus": _BART | {"pad_token_id": 0, "decoder_start_token_id": 0},
    "plbart": _PLBART | {
        "d_model": 768, "encoder_layers": 6, "encoder_ffn_dim": 3072, "decoder_layers": 6,
        "decoder_ffn_dim": 3072, "encoder_attention_heads": 12, "decoder_attention_heads": 12,
        "scale_embedding": True,
    },
    "m2m_100": _BART | {"activation_function": "relu", "scale_embedding": True},
    "blenderbot": _BART | {
        "d_model": 2560, "encoder_layers": 2, "encoder_ffn_dim": 10240, "decoder_layers": 24,
        "decoder_ffn_dim": 10240, "encoder_attention_heads": 32, "decoder_attention_heads": 32,
        "max_position_embeddings": 128, "pad_token_id": 0, "decoder_start_token_id": 1,
    },
    "blenderbot-small": _BART | {
        "d_model": 512, "encoder_layers": 8, "encoder_ffn_dim": 2048, "decoder_layers": 8,
        "decoder_ffn_dim": 2048, "max_position_embeddings": 512, "pad_token_id": 0,
        "decoder_start_token_id": 1,
    },
}  # fmt: skip

_T5_NAMES = {
    "hidden_size": "d_model", "num_attention_heads": "num_heads", "num_hidden_layers": "num_layers",
    "head_dim": "d_kv",
}  # fmt: skip
_BART_NAMES = {
    "num_attention_heads": "encoder_attention_heads", "hidden_size": "d_model",
    "num_hidden_layers": "encoder_layers",
}  # fmt: skip

#: The family's own name of what most families call otherwise; a file may have either.
NAMES: Mapping[str, Mapping[str, str]] = {
    name: _T5_NAMES if "d_kv" in of else _BART_NAMES
    for name, of in DEFAULTS.items()
    if "d_model" in of
}


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


def _t5gemma(values: Values) -> None:
    for stack in ("encoder", "decoder"):
        own = deepcopy(_STACK_OF_T5GEMMA) | (values.get(stack) or {})
        kinds(alternating)(own)
        rope(own)
        values[stack] = SimpleNamespace(**own)
    # Its decoder begins with its own first token, whatever the config around it says.
    values["decoder_start_token_id"] = values["decoder"].bos_token_id


def _pair(values: Values) -> None:
    for half, otherwise in _HALVES.items():
        own = values.get(half) or otherwise
        values[half] = FamilyConfig(own["model_type"], own)
    # What the config around them leaves open of where a text begins and ends, the decoder's says.
    for name in ("bos_token_id", "eos_token_id"):
        if values.get(name) is None:
            values[name] = getattr(values["decoder"], name, None)


#: What follows from other values, in this order.
DERIVED: Mapping[str, tuple[Derive, ...]] = {
    "t5": (_t5, _t5_head),
    "mt5": (_t5,),
    "umt5": (_t5, _t5_head),
    "t5gemma": (_t5gemma,),
    "encoder-decoder": (_pair,),
}
