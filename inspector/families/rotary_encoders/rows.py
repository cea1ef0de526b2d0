"""The rows of encoders whose positions turn queries and keys, and of ModernBERT as a decoder."""

from __future__ import annotations

from dataclasses import replace

from inspector.families.encoders.rows import BERT_HEAD, EMBED, masked_head
from inspector.families.llamas.rows import LLAMA
from inspector.families.parts import Body, Embed, Feed, causal_head
from inspector.families.spec import Family

ROWS = (
    Family(
        model_type="nomic_bert",
        layer="layers.{i}",
        query="self_attn.q_proj",
        key="self_attn.k_proj",
        value="self_attn.v_proj",
        output="self_attn.o_proj",
        filed={
            "layers.": "encoder.layers.",
            "embeddings.LayerNorm": "emb_ln",
            "self_attn.o_proj": "attn.out_proj",
            "up_proj": "fc11",
            "gate_proj": "fc12",
            "down_proj": "fc2",
            "post_attention_layernorm": "norm1",
            "post_mlp_layernorm": "norm2",
        },
        filed_fused="attn.Wqkv",
        rope="half",
        norm_after="post_attention_layernorm",
        prefix="nomic_bert",
        body=Body(
            embeddings=replace(EMBED, positions=""),
            feed_forward=Feed(
                up="mlp.up_proj",
                gate="mlp.gate_proj",
                down="mlp.down_proj",
                after="post_mlp_layernorm",
            ),
        ),
        head=masked_head(
            "NomicBertForMaskedLM",
            **BERT_HEAD | {"norm": "cls.predictions.transform.layer_norm"},
        ),
        reads=("head_dim",),
    ),
    # Llama that reads both ways.
    replace(
        LLAMA,
        model_type="eurobert",
        causal=False,
        head=masked_head(
            "EuroBertForMaskedLM", words=("lm_head",), bias=("lm_head.bias",), bias_if="mlp_bias"
        ),
    ),
    # ModernBERT that reads one way, its projections apart.
    Family(
        model_type="modernbert-decoder",
        layer="layers.{i}",
        query="attn.q_proj",
        key="attn.k_proj",
        value="attn.v_proj",
        output="attn.Wo",
        norm="attn_norm",
        norm_from=1,
        eps="norm_eps",
        rope="half",
        causal=True,
        window="layer_types",
        float32_softmax=True,
        prefix="model",
        body=Body(
            embeddings=Embed(words=("embeddings.tok_embeddings",), norm="embeddings.norm"),
            feed_forward=Feed(
                fused="mlp.Wi", down="mlp.Wo", activation="hidden_activation", before="mlp_norm"
            ),
            final_norm="final_norm",
        ),
        head=causal_head(
            "ModernBertDecoderForCausalLM",
            transform="lm_head.dense",
            activation="classifier_activation",
            norm="lm_head.norm",
            words=("decoder",),
            bias=("decoder.bias",),
            bias_if="decoder_bias",
        ),
    ),
)
