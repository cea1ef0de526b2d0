"""Small configs of every family with one stack, and what else its checkpoints may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import variants_bert_kin
import variants_llama_kin
import variants_mixtures
import variants_older_decoders
import variants_older_encoders
import variants_rotary_encoders

from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL

GPT2, OPT, ALBERT, LLAMA, NEOX, FALCON, BLOOM = (
    dict(SMALL[name]) for name in ("gpt2", "opt", "albert", "llama", "gpt_neox", "falcon", "bloom")
)
DEBERTA = SMALL["deberta"] | {
    "position_buckets": -1, "norm_rel_ebd": "none", "position_biased_input": False,
    "max_relative_positions": 12, "type_vocab_size": 0,
}  # fmt: skip
DEBERTA_V3 = DEBERTA | {
    "position_buckets": 4, "share_att_key": True, "norm_rel_ebd": "layer_norm",
    "layer_norm_eps": 1e-5,
}  # fmt: skip
THREE_KINDS = ["sliding_attention", "full_attention", "sliding_attention"]


def rope(**parameters: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_theta": 10000.0, **parameters}}


QWEN2_SLIDING = LLAMA | {
    "max_position_embeddings": 80, "use_sliding_window": True, "sliding_window": 4,
    "layer_types": THREE_KINDS,
}  # fmt: skip
STABLELM_WITH_NORMS = LLAMA | {"hidden_size": 32, "qk_layernorm": True, "use_qkv_bias": True}
YARN = rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=10)
LONGROPE = rope(
    rope_type="longrope", short_factor=[1.0, 1.5, 2.0], long_factor=[1.0, 4.0, 9.0],
)  # fmt: skip
LLAMA3 = rope(
    rope_type="llama3", factor=8.0, original_max_position_embeddings=20,
    low_freq_factor=1.0, high_freq_factor=4.0,
)  # fmt: skip

#: model_type, and its config: the small one of every family, and what else checkpoints may have.
VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    **{name: (name, SMALL[name]) for name, family in FAMILIES.items() if not family.others},
    **variants_older_decoders.VARIANTS,
    **variants_older_encoders.VARIANTS,
    "albert in groups": ("albert", ALBERT | {"num_hidden_layers": 5, "num_hidden_groups": 2}),
    "gpt2 by layer": ("gpt2", GPT2 | {"scale_attn_by_inverse_layer_idx": True}),
    "gpt2 unscaled": ("gpt2", GPT2 | {"scale_attn_weights": False}),
    "opt, norms after": ("opt", OPT | {"do_layer_norm_before": False}),
    "opt, norms without weights": ("opt", OPT | {"layer_norm_elementwise_affine": False}),
    "opt without biases": ("opt", OPT | {"enable_bias": False}),
    "gpt_neox in sequence": ("gpt_neox", NEOX | {"use_parallel_residual": False}),
    "gpt_neox without biases": ("gpt_neox", NEOX | {"attention_bias": False}),
    "falcon, a head each": ("falcon", FALCON | {"multi_query": False}),
    "falcon, newer": ("falcon", FALCON | {"new_decoder_architecture": True, "num_kv_heads": 2}),
    "falcon in sequence": ("falcon", FALCON | {"parallel_attn": False, "bias": True}),
    "llama with biases": ("llama", LLAMA | {"attention_bias": True}),
    "llama, heads of their own size": ("llama", LLAMA | {"head_dim": 10}),
    "llama linear": ("llama", LLAMA | rope(rope_type="linear", factor=3.0)),
    "llama llama3": ("llama", LLAMA | LLAMA3),
    "llama yarn": ("llama", LLAMA | YARN),
    # Keys that other families read, and llama's own code does not.
    "llama, a part named": ("llama", LLAMA | rope(partial_rotary_factor=0.5)),
    "llama, foreign keys": (
        "llama",
        LLAMA | {"rotary_dim": 2, "multi_query": True, "no_rope_layers": [0, 1, 0]},
    ),
    "bert, foreign keys": (
        "bert",
        SMALL["bert"] | {"head_dim": 3, "num_key_value_heads": 2, "num_hidden_groups": 3},
    ),
    "stablelm, half turned": (
        "stablelm",
        LLAMA | {"hidden_size": 32} | rope(partial_rotary_factor=0.5),
    ),
    "gpt_neox, half turned": ("gpt_neox", NEOX | rope(partial_rotary_factor=0.5)),
    "mistral full": ("mistral", LLAMA | {"sliding_window": None}),
    "qwen2 sliding": ("qwen2", QWEN2_SLIDING),
    "phi with norms": ("phi", LLAMA | {"hidden_size": 32, "qk_layernorm": True}),
    "phi3 partly turned": ("phi3", LLAMA | {"head_dim": 8} | rope(partial_rotary_factor=0.5)),
    "phi3 longrope": ("phi3", LLAMA | LONGROPE | {"original_max_position_embeddings": 20}),
    "phi3 longrope, long texts": (
        "phi3",
        LLAMA | LONGROPE | {"original_max_position_embeddings": 10},
    ),
    "llama dynamic": ("llama", LLAMA | rope(rope_type="dynamic", factor=4.0)),
    "stablelm with norms": ("stablelm", STABLELM_WITH_NORMS),
    "bloom, six heads": ("bloom", BLOOM | {"n_head": 6}),
    "deberta, near only": ("deberta", DEBERTA | {"max_relative_positions": 3}),
    "deberta, one term": ("deberta", DEBERTA | {"pos_att_type": ["p2c"]}),
    "deberta, no positions": ("deberta", DEBERTA | {"relative_attention": False}),
    "deberta-v2, no norm": ("deberta-v2", DEBERTA | {"position_buckets": 4}),
    "deberta-v2 without buckets": ("deberta-v2", DEBERTA | {"max_relative_positions": 5}),
    "deberta-v2, one term": ("deberta-v2", DEBERTA_V3 | {"pos_att_type": ["c2p"]}),
    "deberta-v2, no positions": ("deberta-v2", DEBERTA | {"relative_attention": False}),
    "deberta-v2, convolved": ("deberta-v2", DEBERTA | {"conv_kernel_size": 3}),
    "deberta-v3": ("deberta-v2", DEBERTA_V3),
    **variants_llama_kin.VARIANTS,
    **variants_mixtures.VARIANTS,
    **variants_bert_kin.VARIANTS,
    **variants_rotary_encoders.VARIANTS,
}
