"""What else checkpoints of the older decoders may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inspector.families.small import SMALL

#: model_type, and its config.
VARIANTS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "gpt_bigcode, a head each": ("gpt_bigcode", SMALL["gpt_bigcode"] | {"multi_query": False}),
    "biogpt unscaled": ("biogpt", SMALL["biogpt"] | {"scale_embedding": False}),
    "persimmon without norms": ("persimmon", SMALL["persimmon"] | {"qk_layernorm": False}),
    # A place of the text then has the padding's vector, which is 0.
    "xglm, padding in its places": ("xglm", SMALL["xglm"] | {"pad_token_id": 4}),
    "mpt, six heads": ("mpt", SMALL["mpt"] | {"n_heads": 6}),
    "mpt, bounded": ("mpt", SMALL["mpt"] | {"attn_config": {"clip_qkv": 0.5}}),
    "openai-gpt, relu": ("openai-gpt", SMALL["openai-gpt"] | {"afn": "relu"}),
}
