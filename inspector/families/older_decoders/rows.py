"""The rows of older decoders: a token attends to itself and to what comes before it."""

from __future__ import annotations

from dataclasses import replace

from inspector.families.decoders.rows import GPT_EMBED, GPT_FEED, NEOX_FEED
from inspector.families.parts import Added, Body, Embed, Feed, Only, causal_head
from inspector.families.spec import Family

#: fairseq's decoders: norms before, places counted from 2 on, embeddings scaled where set.
_FAIRSEQ_EMBED = Embed(
    words=("embed_tokens",),
    positions="embed_positions",
    offset=2,
    scale="root",
    scale_if="scale_embedding",
)
_BIOGPT = Family(
    model_type="biogpt",
    layer="layers.{i}",
    query="self_attn.q_proj",
    key="self_attn.k_proj",
    value="self_attn.v_proj",
    output="self_attn.out_proj",
    norm="self_attn_layer_norm",
    # Whatever its config says.
    eps=1e-5,
    causal=True,
    prefix="biogpt",
    body=Body(
        embeddings=_FAIRSEQ_EMBED,
        feed_forward=Feed(up="fc1", down="fc2", before="final_layer_norm"),
        final_norm="layer_norm",
    ),
    head=causal_head("BioGptForCausalLM", words=("output_projection",)),
)

ROWS = (
    Family(
        model_type="gpt_bigcode",
        layer="h.{i}",
        fused="attn.c_attn",
        # One head of keys and values behind all queries, or one behind each.
        layout="groups",
        output="attn.c_proj",
        norm="ln_1",
        eps="layer_norm_epsilon",
        causal=True,
        scale="gpt2",
        # Where attention is not fused, whatever ``attention_softmax_in_fp32`` says.
        float32_softmax=True,
        prefix="transformer",
        body=Body(embeddings=GPT_EMBED, feed_forward=GPT_FEED, final_norm="ln_f"),
        head=causal_head("GPTBigCodeForCausalLM"),
        reads=("num_key_value_heads",),
        requires={"add_cross_attention": False},
    ),
    Family(
        model_type="codegen",
        layer="h.{i}",
        fused="attn.qkv_proj",
        layout="shards",
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
        head=causal_head("CodeGenForCausalLM", bias=("lm_head.bias",)),
        reads=("rotary_dim",),
    ),
    _BIOGPT,
    Family(
        model_type="persimmon",
        layer="layers.{i}",
        fused="self_attn.query_key_value",
        layout="groups",
        output="self_attn.dense",
        norm="input_layernorm",
        head_norms=("self_attn.q_layernorm", "self_attn.k_layernorm"),
        head_norms_if="qk_layernorm",
        rope="half",
        causal=True,
        float32_softmax=True,
        prefix="model",
        body=Body(
            embeddings=Embed(words=("embed_tokens",)),
            feed_forward=NEOX_FEED,
            final_norm="final_layernorm",
        ),
        head=causal_head("PersimmonForCausalLM"),
        reads=("partial_rotary_factor",),
    ),
    Family(
        model_type="ctrl",
        layer="h.{i}",
        query="multi_head_attention.Wq",
        key="multi_head_attention.Wk",
        value="multi_head_attention.Wv",
        output="multi_head_attention.dense",
        norm="layernorm1",
        eps=1e-6,
        causal=True,
        prefix="transformer",
        body=Body(
            embeddings=Embed(
                words=("w",),
                positions="pos_encoding",
                sinusoids="ctrl",
                types="w",
                types_are_words=True,
                scale="root",
            ),
            feed_forward=Feed(up="ffn.0", down="ffn.2", fixed="relu", before="layernorm2"),
            final_norm="layernorm",
        ),
        head=causal_head("CTRLLMHeadModel", bias=("lm_head.bias",)),
        # Of its last norm alone: those of the layers have 1e-6 whatever it says.
        requires={"layer_norm_epsilon": 1e-6},
    ),
    replace(
        _BIOGPT,
        model_type="xglm",
        prefix="model",
        body=Body(
            embeddings=replace(_FAIRSEQ_EMBED, sinusoids="fairseq"),
            feed_forward=Feed(
                up="fc1", down="fc2", activation="activation_function", before="final_layer_norm"
            ),
            final_norm="layer_norm",
        ),
        head=causal_head("XGLMForCausalLM"),
        requires={"add_cross_attention": False},
    ),
    Family(
        model_type="mpt",
        layer="blocks.{i}",
        fused="attn.Wqkv",
        output="attn.out_proj",
        norm="norm_1",
        eps="layer_norm_epsilon",
        added=Added(kind="alibi", from_end=True),
        clip="attn_config.clip_qkv",
        causal=True,
        float32_softmax=True,
        prefix="transformer",
        body=Body(
            embeddings=Embed(words=("wte",)),
            feed_forward=Feed(
                up="ffn.up_proj", down="ffn.down_proj", fixed="gelu", before="norm_2"
            ),
            final_norm="norm_f",
        ),
        head=causal_head("MptForCausalLM"),
        # All but the last two are of MosaicML's own code; transformers' goes on without them.
        requires={
            "no_bias": True,
            "logit_scale": None,
            "attn_config.attn_type": "multihead_attention",
            "attn_config.qk_ln": False,
            "attn_config.prefix_lm": False,
            "attn_config.attn_uses_sequence_id": False,
            "attn_config.alibi": True,
            "attn_config.alibi_bias_max": 8,
            "attn_config.softmax_scale": None,
        },
    ),
    Family(
        model_type="openai-gpt",
        layer="h.{i}",
        fused="attn.c_attn",
        output="attn.c_proj",
        conv1d=True,
        eps="layer_norm_epsilon",
        norm_after="ln_1",
        causal=True,
        prefix="transformer",
        body=Body(
            embeddings=Embed(
                words=("tokens_embed",),
                positions="positions_embed",
                types="tokens_embed",
                types_are_words=True,
            ),
            feed_forward=Feed(
                up="mlp.c_fc",
                down="mlp.c_proj",
                activation="afn",
                # What it calls GELU is the form with tanh.
                fixed=Only("gelu_new", {"afn": "gelu"}),
                after="ln_2",
            ),
        ),
        head=causal_head("OpenAIGPTLMHeadModel"),
    ),
)
