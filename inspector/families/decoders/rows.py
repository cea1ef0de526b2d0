"""The rows of decoders: a token attends to itself and to what comes before it.

Those that are built as Llama is stand in the group ``llamas``.
"""

from __future__ import annotations

from dataclasses import replace

from inspector.families.parts import Added, Body, Embed, Feed, Only, causal_head
from inspector.families.spec import Crossed, Family

#: GPT-2's own table also serves for segments, where somebody tells of any.
GPT_EMBED = Embed(words=("wte",), positions="wpe", types="wte", types_are_words=True)
GPT_FEED = Feed(up="mlp.c_fc", down="mlp.c_proj", activation="activation_function", before="ln_2")
NEOX_FEED = Feed(
    up="mlp.dense_h_to_4h", down="mlp.dense_4h_to_h", before="post_attention_layernorm"
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

ROWS = (
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
        crossed=Crossed(
            query="crossattention.q_attn",
            keys_values="crossattention.c_attn",
            output="crossattention.c_proj",
            entry="ln_cross_attn",
            norm="ln_cross_attn",
        ),
        prefix="transformer",
        body=Body(embeddings=GPT_EMBED, feed_forward=GPT_FEED, final_norm="ln_f"),
        head=causal_head("GPT2LMHeadModel"),
        reads=("scale_attn_by_inverse_layer_idx",),
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
        body=Body(embeddings=GPT_EMBED, feed_forward=GPT_FEED, final_norm="ln_f"),
        head=causal_head("GPTNeoForCausalLM"),
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
        head=causal_head("OPTForCausalLM"),
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
            embeddings=replace(GPT_EMBED, positions=""),
            feed_forward=Feed(up="mlp.fc_in", down="mlp.fc_out", activation="activation_function"),
            parallel=True,
            final_norm="ln_f",
        ),
        head=causal_head("GPTJForCausalLM", bias=("lm_head.bias",)),
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
            feed_forward=NEOX_FEED,
            parallel={"use_parallel_residual": True},
            final_norm="final_layer_norm",
        ),
        head=causal_head("GPTNeoXForCausalLM", words=("lm_head", "embed_out")),
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
                NEOX_FEED,
                activation="activation",
                before=(
                    Only("ln_mlp", {"num_ln_in_parallel_attn": 2}),
                    Only("post_attention_layernorm", {"parallel_attn": False}),
                ),
            ),
            parallel={"parallel_attn": True},
            final_norm="ln_f",
        ),
        head=causal_head("FalconForCausalLM"),
        reads=("multi_query",),
        # With ALiBi, transformers counts it twice wherever it gives its weights, and once where it
        # gives none: there is no attention of the real model's to hold ours to.
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
            feed_forward=replace(NEOX_FEED, fixed="bloom_gelu"),
            residual_is_normed="apply_residual_connection_post_layernorm",
            final_norm="ln_f",
        ),
        head=causal_head("BloomForCausalLM"),
        # With it the output projection is taken in parts.
        requires={"slow_but_exact": False},
    ),
)
