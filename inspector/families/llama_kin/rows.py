"""The rows of decoders that differ from Llama in a few parts.

Those that differ in less, or that others were built after, stand in the group ``llamas``.
"""

from __future__ import annotations

from dataclasses import replace

from inspector.families.llamas.rows import (
    HEAD_NORMS,
    LLAMA,
    LLAMA_BODY,
    LLAMA_EMBED,
    LLAMA_FEED,
    PARTLY_TURNED,
)
from inspector.families.parts import causal_head
from inspector.families.spec import Family

#: Without a gate.
_UNGATED = replace(LLAMA_FEED, gate="")
_UNGATED_BODY = replace(LLAMA_BODY, feed_forward=_UNGATED)
#: What a sub-layer gives is normed, and not what it reads.
_BEHIND = replace(
    LLAMA,
    norm="",
    norm_inside="post_attention_layernorm",
    body=replace(
        LLAMA_BODY,
        feed_forward=replace(LLAMA_FEED, before="", inside="post_feedforward_layernorm"),
    ),
)
_OLMO2 = replace(_BEHIND, head_norms=HEAD_NORMS, head_norms_over="all")
_COHERE = replace(
    LLAMA,
    norm_kind="layer",
    eps="layer_norm_eps",
    rope="interleaved",
    float32_rope=True,
    body=replace(LLAMA_BODY, feed_forward=replace(LLAMA_FEED, before=""), parallel=True),
)
_GLM = replace(
    LLAMA,
    rope="interleaved",
    body=replace(
        LLAMA_BODY,
        feed_forward=replace(LLAMA_FEED, up="", gate="", fused="mlp.gate_up_proj"),
    ),
    reads=PARTLY_TURNED,
)

ROWS: tuple[Family, ...] = (
    replace(
        LLAMA,
        model_type="olmo",
        norm_kind="layer",
        norm_weights_if=False,
        eps=1e-5,
        clip="clip_qkv",
        head=causal_head("OlmoForCausalLM"),
    ),
    replace(_OLMO2, model_type="olmo2", head=causal_head("Olmo2ForCausalLM")),
    replace(
        _OLMO2,
        model_type="olmo3",
        window="layer_types",
        head=causal_head("Olmo3ForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="granite",
        scale="multiplier",
        body=replace(
            LLAMA_BODY,
            embeddings=replace(LLAMA_EMBED, multiplier="embedding_multiplier"),
            residual_multiplier="residual_multiplier",
        ),
        head=causal_head("GraniteForCausalLM", divisor="logits_scaling"),
    ),
    replace(
        _COHERE,
        model_type="cohere",
        head_norms=HEAD_NORMS,
        head_norms_if="use_qk_norm",
        head_norms_over="own",
        head=causal_head("CohereForCausalLM", multiplier="logit_scale"),
    ),
    replace(
        _COHERE,
        model_type="cohere2",
        window="layer_types",
        rope_if_near=True,
        head=causal_head("Cohere2ForCausalLM", multiplier="logit_scale"),
    ),
    replace(_GLM, model_type="glm", head=causal_head("GlmForCausalLM")),
    replace(
        _GLM,
        model_type="glm4",
        norm_inside="post_self_attn_layernorm",
        body=replace(
            LLAMA_BODY,
            feed_forward=replace(
                LLAMA_FEED, up="", gate="", fused="mlp.gate_up_proj", inside="post_mlp_layernorm"
            ),
        ),
        head=causal_head("Glm4ForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="starcoder2",
        norm_kind="layer",
        eps="norm_epsilon",
        float32_norms=False,
        window="all",
        body=replace(LLAMA_BODY, feed_forward=replace(_UNGATED, up="mlp.c_fc", down="mlp.c_proj")),
        head=causal_head("Starcoder2ForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="nemotron",
        norm_kind="layer+1",
        eps="norm_eps",
        float32_norms=False,
        body=_UNGATED_BODY,
        head=causal_head("NemotronForCausalLM"),
        reads=PARTLY_TURNED,
    ),
    replace(
        _BEHIND,
        model_type="exaone4",
        head_norms=HEAD_NORMS,
        window="layer_types",
        rope_if_near=True,
        head=causal_head("Exaone4ForCausalLM"),
    ),
    replace(LLAMA, model_type="arcee", body=_UNGATED_BODY, head=causal_head("ArceeForCausalLM")),
    replace(
        LLAMA,
        model_type="ministral",
        window="layer_types",
        head=causal_head("MinistralForCausalLM"),
    ),
    replace(LLAMA, model_type="seed_oss", head=causal_head("SeedOssForCausalLM")),
    replace(
        LLAMA,
        model_type="ernie4_5",
        rope="interleaved",
        float32_rope=True,
        head=causal_head("Ernie4_5ForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="apertus",
        norm="attention_layernorm",
        head_norms=HEAD_NORMS,
        body=replace(
            LLAMA_BODY,
            feed_forward=replace(_UNGATED, before="feedforward_layernorm", learned="mlp.act_fn"),
        ),
        head=causal_head("ApertusForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="hunyuan_v1_dense",
        head_norms=("self_attn.query_layernorm", "self_attn.key_layernorm"),
        head_norms_behind_rope=True,
        head=causal_head("HunYuanDenseV1ForCausalLM"),
        reads=(*LLAMA.reads, "alpha"),
    ),
    replace(
        LLAMA,
        model_type="helium",
        rope="interleaved",
        head=causal_head("HeliumForCausalLM"),
    ),
)
