"""The rows of Llama and of the decoders that have taken over how it is built."""

from __future__ import annotations

from dataclasses import replace

from inspector.families.parts import Body, Embed, Feed, Only, causal_head
from inspector.families.spec import Family

LLAMA_EMBED = Embed(words=("embed_tokens",))
LLAMA_FEED = Feed(
    up="mlp.up_proj",
    gate="mlp.gate_proj",
    down="mlp.down_proj",
    before="post_attention_layernorm",
)
LLAMA_BODY = Body(embeddings=LLAMA_EMBED, feed_forward=LLAMA_FEED, final_norm="norm")

#: A decoder as Llama has it, which many families have taken over.
LLAMA = Family(
    model_type="llama",
    layer="layers.{i}",
    query="self_attn.q_proj",
    key="self_attn.k_proj",
    value="self_attn.v_proj",
    output="self_attn.o_proj",
    norm="input_layernorm",
    norm_kind="rms",
    eps="rms_norm_eps",
    rope="half",
    causal=True,
    float32_softmax=True,
    float32_norms=True,
    prefix="model",
    body=LLAMA_BODY,
    head=causal_head("LlamaForCausalLM"),
    reads=("head_dim", "num_key_value_heads"),
)
#: With layer norms, and norms of queries and keys where the config asks for them.
_LAYER_NORMED = replace(
    LLAMA,
    norm_kind="layer",
    eps="layer_norm_eps",
    float32_norms=False,
    head_norms=("self_attn.q_layernorm", "self_attn.k_layernorm"),
    head_norms_if="qk_layernorm",
)
#: What those read that turn only a part of a head.
PARTLY_TURNED = (*LLAMA.reads, "partial_rotary_factor")
HEAD_NORMS = ("self_attn.q_norm", "self_attn.k_norm")
_GEMMA_BODY = replace(LLAMA_BODY, embeddings=replace(LLAMA_EMBED, scale="float32 root"))
#: Gemma 2's norms stand before and behind each sub-layer.
_SANDWICH = replace(
    _GEMMA_BODY,
    feed_forward=replace(
        LLAMA_FEED,
        activation="hidden_activation",
        before="pre_feedforward_layernorm",
        inside="post_feedforward_layernorm",
    ),
)

ROWS = (
    LLAMA,
    replace(LLAMA, model_type="mistral", window="all", head=causal_head("MistralForCausalLM")),
    replace(LLAMA, model_type="qwen2", window="layer_types", head=causal_head("Qwen2ForCausalLM")),
    replace(
        LLAMA,
        model_type="qwen3",
        window="layer_types",
        head_norms=HEAD_NORMS,
        head=causal_head("Qwen3ForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="smollm3",
        window="layer_types",
        head=causal_head("SmolLM3ForCausalLM"),
        reads=(*LLAMA.reads, "no_rope_layers"),
    ),
    replace(
        LLAMA,
        model_type="gemma",
        norm_kind="rms+1",
        body=_GEMMA_BODY,
        head=causal_head("GemmaForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="gemma2",
        norm_kind="rms+1",
        norm_inside="post_attention_layernorm",
        window="layer_types",
        scale="scalar",
        softcap="attn_logit_softcapping",
        body=_SANDWICH,
        head=causal_head("Gemma2ForCausalLM", softcap="final_logit_softcapping"),
    ),
    replace(
        LLAMA,
        model_type="gemma3_text",
        norm_kind="rms+1",
        norm_inside="post_attention_layernorm",
        head_norms=HEAD_NORMS,
        window="layer_types",
        scale="scalar",
        softcap="attn_logit_softcapping",
        body=_SANDWICH,
        head=causal_head("Gemma3ForCausalLM", softcap="final_logit_softcapping"),
        requires={"use_bidirectional_attention": False},
    ),
    replace(
        _LAYER_NORMED,
        model_type="phi",
        output="self_attn.dense",
        body=Body(
            embeddings=LLAMA_EMBED,
            feed_forward=Feed(up="mlp.fc1", down="mlp.fc2"),
            parallel=True,
            final_norm="final_layernorm",
        ),
        head=causal_head("PhiForCausalLM", bias=("lm_head.bias",)),
        reads=PARTLY_TURNED,
    ),
    replace(
        LLAMA,
        model_type="phi3",
        query="",
        key="",
        value="",
        fused="self_attn.qkv_proj",
        window="all",
        body=replace(
            LLAMA_BODY,
            feed_forward=replace(LLAMA_FEED, up="", gate="", fused="mlp.gate_up_proj"),
        ),
        head=causal_head("Phi3ForCausalLM"),
        reads=PARTLY_TURNED,
    ),
    replace(
        _LAYER_NORMED,
        model_type="stablelm",
        body=replace(
            LLAMA_BODY,
            feed_forward=replace(
                LLAMA_FEED,
                before=Only("post_attention_layernorm", {"use_parallel_residual": False}),
            ),
            parallel={"use_parallel_residual": True},
        ),
        head=causal_head("StableLmForCausalLM"),
        reads=("num_key_value_heads", "partial_rotary_factor"),
    ),
)
