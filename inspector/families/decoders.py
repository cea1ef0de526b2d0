"""The rows of decoders: a token attends to itself and to what comes before it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from inspector.families.parts import Body, Embed, Feed, Only, WordHead
from inspector.families.spec import Added, Family


def _causal(architecture: str, **parts: Any) -> WordHead:
    """Return a head that is the words' table, or one of its own."""
    return WordHead(architecture=architecture, kind="causal", **{"words": ("lm_head",)} | parts)


#: GPT-2's own table also serves for segments, where somebody tells of any.
_GPT_EMBED = Embed(words=("wte",), positions="wpe", types="wte", types_are_words=True)
_GPT_FEED = Feed(up="mlp.c_fc", down="mlp.c_proj", activation="activation_function", before="ln_2")
_NEOX_FEED = Feed(
    up="mlp.dense_h_to_4h", down="mlp.dense_4h_to_h", before="post_attention_layernorm"
)

_LLAMA_EMBED = Embed(words=("embed_tokens",))
_LLAMA_FEED = Feed(
    up="mlp.up_proj",
    gate="mlp.gate_proj",
    down="mlp.down_proj",
    before="post_attention_layernorm",
)
_LLAMA_BODY = Body(embeddings=_LLAMA_EMBED, feed_forward=_LLAMA_FEED, final_norm="norm")

#: A decoder as Llama has it, which many families have taken over.
_LLAMA = Family(
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
    body=_LLAMA_BODY,
    head=_causal("LlamaForCausalLM"),
    reads=("head_dim", "num_key_value_heads"),
)
#: What those read that turn only a part of a head.
_PARTLY_TURNED = (*_LLAMA.reads, "partial_rotary_factor")
_HEAD_NORMS = ("self_attn.q_norm", "self_attn.k_norm")
_GEMMA_BODY = replace(_LLAMA_BODY, embeddings=replace(_LLAMA_EMBED, scale="float32 root"))
#: Gemma 2's norms stand before and behind each sub-layer.
_SANDWICH = replace(
    _GEMMA_BODY,
    feed_forward=replace(
        _LLAMA_FEED,
        activation="hidden_activation",
        before="pre_feedforward_layernorm",
        inside="post_feedforward_layernorm",
    ),
)

#: The OPT of 350 million parameters has its norms after the sub-layers.
_BEFORE, _AFTER = {"do_layer_norm_before": True}, {"do_layer_norm_before": False}
_OPT_BODY = Body(
    embeddings=Embed(
        words=("decoder.embed_tokens",),
        positions="decoder.embed_positions",
        offset=2,
        counted="mask",
        projection="decoder.project_in",
        projected="words",
        width="word_embed_proj_dim",
    ),
    feed_forward=Feed(
        up="fc1",
        down="fc2",
        activation="activation_function",
        before=Only("final_layer_norm", _BEFORE),
        after=Only("final_layer_norm", _AFTER),
    ),
    final_norm=Only("decoder.final_layer_norm", _BEFORE | {"_remove_final_layer_norm": False}),
    projection="decoder.project_out",
)

DECODERS = (
    Family(
        model_type="gpt2",
        layer="h.{i}",
        fused="attn.c_attn",
        output="attn.c_proj",
        conv1d=True,
        norm="ln_1",
        eps="layer_norm_epsilon",
        causal=True,
        scale="gpt2",
        prefix="transformer",
        body=Body(embeddings=_GPT_EMBED, feed_forward=_GPT_FEED, final_norm="ln_f"),
        head=_causal("GPT2LMHeadModel"),
        requires={"add_cross_attention": False, "reorder_and_upcast_attn": False},
    ),
    Family(
        model_type="gpt_neo",
        layer="h.{i}",
        query="attn.attention.q_proj",
        key="attn.attention.k_proj",
        value="attn.attention.v_proj",
        output="attn.attention.out_proj",
        norm="ln_1",
        eps="layer_norm_epsilon",
        causal=True,
        window="gpt_neo",
        scale="one",
        # Its code takes queries, keys and scores in float32.
        float32_softmax=True,
        prefix="transformer",
        body=Body(embeddings=_GPT_EMBED, feed_forward=_GPT_FEED, final_norm="ln_f"),
        head=_causal("GPTNeoForCausalLM"),
    ),
    Family(
        model_type="opt",
        layer="decoder.layers.{i}",
        query="self_attn.q_proj",
        key="self_attn.k_proj",
        value="self_attn.v_proj",
        output="self_attn.out_proj",
        norm="self_attn_layer_norm",
        norm_if="do_layer_norm_before",
        norm_after=Only("self_attn_layer_norm", _AFTER),
        eps=1e-5,
        norm_weights_if="layer_norm_elementwise_affine",
        causal=True,
        float32_softmax=True,
        prefix="model",
        body=_OPT_BODY,
        head=_causal("OPTForCausalLM"),
    ),
    Family(
        model_type="gptj",
        layer="h.{i}",
        query="attn.q_proj",
        key="attn.k_proj",
        value="attn.v_proj",
        output="attn.out_proj",
        norm="ln_1",
        eps="layer_norm_epsilon",
        rope="interleaved",
        causal=True,
        float32_softmax=True,
        prefix="transformer",
        body=Body(
            embeddings=replace(_GPT_EMBED, positions=""),
            feed_forward=Feed(up="mlp.fc_in", down="mlp.fc_out", activation="activation_function"),
            parallel=True,
            final_norm="ln_f",
        ),
        head=_causal("GPTJForCausalLM", bias=("lm_head.bias",)),
        reads=("rotary_dim",),
    ),
    Family(
        model_type="gpt_neox",
        layer="layers.{i}",
        fused="attention.query_key_value",
        layout="groups",
        output="attention.dense",
        norm="input_layernorm",
        rope="half",
        causal=True,
        float32_softmax=True,
        prefix="gpt_neox",
        body=Body(
            embeddings=Embed(words=("embed_in",)),
            feed_forward=_NEOX_FEED,
            parallel={"use_parallel_residual": True},
            final_norm="final_layer_norm",
        ),
        head=_causal("GPTNeoXForCausalLM", words=("lm_head", "embed_out")),
        reads=("partial_rotary_factor",),
    ),
    Family(
        model_type="falcon",
        layer="h.{i}",
        fused="self_attention.query_key_value",
        layout="groups",
        output="self_attention.dense",
        norm="input_layernorm",
        norm_instead=("ln_attn", "num_ln_in_parallel_attn", 2),
        eps="layer_norm_epsilon",
        rope="half",
        causal=True,
        float32_softmax=True,
        prefix="transformer",
        body=Body(
            embeddings=Embed(words=("word_embeddings",)),
            feed_forward=replace(
                _NEOX_FEED,
                activation="activation",
                before=(
                    Only("ln_mlp", {"num_ln_in_parallel_attn": 2}),
                    Only("post_attention_layernorm", {"parallel_attn": False}),
                ),
            ),
            parallel={"parallel_attn": True},
            final_norm="ln_f",
        ),
        head=_causal("FalconForCausalLM"),
        reads=("multi_query",),
        # With ALiBi, transformers' eager attention counts it twice and its sdpa once.
        requires={"alibi": False},
    ),
    Family(
        model_type="bloom",
        layer="h.{i}",
        fused="self_attention.query_key_value",
        layout="groups",
        output="self_attention.dense",
        norm="input_layernorm",
        eps="layer_norm_epsilon",
        added=Added(kind="alibi"),
        causal=True,
        float32_softmax=True,
        prefix="transformer",
        body=Body(
            embeddings=Embed(words=("word_embeddings",), norm="word_embeddings_layernorm"),
            feed_forward=replace(_NEOX_FEED, fixed="bloom_gelu"),
            residual_is_normed="apply_residual_connection_post_layernorm",
            final_norm="ln_f",
        ),
        head=_causal("BloomForCausalLM"),
        # With it the output projection is taken in parts.
        requires={"slow_but_exact": False},
    ),
    _LLAMA,
    replace(
        _LLAMA,
        model_type="gpt_oss",
        window="layer_types",
        sinks="self_attn.sinks",
        body=replace(
            _LLAMA_BODY,
            feed_forward=Feed(
                router="mlp.router", experts="mlp.experts", before="post_attention_layernorm"
            ),
        ),
        head=_causal("GptOssForCausalLM"),
    ),
    replace(_LLAMA, model_type="mistral", window="all", head=_causal("MistralForCausalLM")),
    replace(_LLAMA, model_type="qwen2", window="layer_types", head=_causal("Qwen2ForCausalLM")),
    replace(
        _LLAMA,
        model_type="qwen3",
        window="layer_types",
        head_norms=_HEAD_NORMS,
        head=_causal("Qwen3ForCausalLM"),
    ),
    replace(
        _LLAMA,
        model_type="smollm3",
        window="layer_types",
        head=_causal("SmolLM3ForCausalLM"),
        reads=(*_LLAMA.reads, "no_rope_layers"),
    ),
    replace(
        _LLAMA,
        model_type="gemma",
        norm_kind="rms+1",
        body=_GEMMA_BODY,
        head=_causal("GemmaForCausalLM"),
    ),
    replace(
        _LLAMA,
        model_type="gemma2",
        norm_kind="rms+1",
        norm_inside="post_attention_layernorm",
        window="layer_types",
        scale="scalar",
        softcap="attn_logit_softcapping",
        body=_SANDWICH,
        head=_causal("Gemma2ForCausalLM", softcap="final_logit_softcapping"),
    ),
    replace(
        _LLAMA,
        model_type="gemma3_text",
        norm_kind="rms+1",
        norm_inside="post_attention_layernorm",
        head_norms=_HEAD_NORMS,
        window="layer_types",
        scale="scalar",
        softcap="attn_logit_softcapping",
        body=_SANDWICH,
        head=_causal("Gemma3ForCausalLM", softcap="final_logit_softcapping"),
        requires={"use_bidirectional_attention": False},
    ),
    replace(
        _LLAMA,
        model_type="phi",
        output="self_attn.dense",
        norm_kind="layer",
        eps="layer_norm_eps",
        float32_norms=False,
        head_norms=("self_attn.q_layernorm", "self_attn.k_layernorm"),
        head_norms_if="qk_layernorm",
        body=Body(
            embeddings=_LLAMA_EMBED,
            feed_forward=Feed(up="mlp.fc1", down="mlp.fc2"),
            parallel=True,
            final_norm="final_layernorm",
        ),
        head=_causal("PhiForCausalLM", bias=("lm_head.bias",)),
        reads=_PARTLY_TURNED,
    ),
    replace(
        _LLAMA,
        model_type="phi3",
        query="",
        key="",
        value="",
        fused="self_attn.qkv_proj",
        window="all",
        body=replace(
            _LLAMA_BODY,
            feed_forward=replace(_LLAMA_FEED, up="", gate="", fused="mlp.gate_up_proj"),
        ),
        head=_causal("Phi3ForCausalLM"),
        reads=_PARTLY_TURNED,
    ),
    replace(
        _LLAMA,
        model_type="stablelm",
        norm_kind="layer",
        eps="layer_norm_eps",
        float32_norms=False,
        head_norms=("self_attn.q_layernorm", "self_attn.k_layernorm"),
        head_norms_if="qk_layernorm",
        body=replace(
            _LLAMA_BODY,
            feed_forward=replace(
                _LLAMA_FEED,
                before=Only("post_attention_layernorm", {"use_parallel_residual": False}),
            ),
            parallel={"use_parallel_residual": True},
        ),
        head=_causal("StableLmForCausalLM"),
        reads=("num_key_value_heads", "partial_rotary_factor"),
    ),
)
