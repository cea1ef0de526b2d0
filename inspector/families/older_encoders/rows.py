"""The rows of older encoders: every token attends to every other."""

from __future__ import annotations

from dataclasses import replace

from inspector.families.encoders.rows import BERT, BERT_HEAD, EMBED, FEED, masked_head
from inspector.families.parts import Body, Embed, Feed, Only
from inspector.families.spec import Family

#: The lists of its modules stand side by side, one for each part of a layer. Nobody says in which
#: language a text is: transformers then adds none, and neither is any added here.
_XLM = Family(
    model_type="xlm",
    layer="attentions.{i}",
    query="q_lin",
    key="k_lin",
    value="v_lin",
    output="out_lin",
    norm_after="layer_norm1.{i}",
    float32_softmax=True,
    prefix="transformer",
    body=Body(
        embeddings=Embed(
            words=("embeddings",),
            positions="position_embeddings",
            types="embeddings",
            types_are_words=True,
            norm="layer_norm_emb",
            padding_is_zero=True,
        ),
        feed_forward=Feed(
            layer="ffns.{i}",
            up="lin1",
            down="lin2",
            fixed=(Only("gelu", {"gelu_activation": True}), Only("relu", {})),
            after="layer_norm2.{i}",
        ),
    ),
    head=masked_head(
        "XLMWithLMHeadModel", words=("pred_layer.proj",), bias=("pred_layer.proj.bias",)
    ),
    # Where it is causal, padding is attended to, and its head speaks of the next word; an adaptive
    # softmax gives no logits.
    requires={"is_encoder": True, "causal": False, "asm": False},
)

ROWS = (
    replace(
        BERT,
        model_type="roformer",
        crossed=None,
        rope="interleaved",
        rope_table="encoder.embed_positions",
        prefix="roformer",
        body=Body(
            embeddings=replace(
                EMBED, positions="", projection="embeddings_project", width="embedding_size"
            ),
            feed_forward=FEED,
        ),
        head=masked_head("RoFormerForMaskedLM", **BERT_HEAD),
        reads=("rotary_value",),
        requires={"is_decoder": False, "add_cross_attention": False},
    ),
    replace(
        _XLM,
        model_type="flaubert",
        head=masked_head(
            "FlaubertWithLMHeadModel", words=("pred_layer.proj",), bias=("pred_layer.proj.bias",)
        ),
        # With it transformers' own code fails.
        requires={**_XLM.requires, "pre_norm": False},
    ),
    _XLM,
)
