"""The rows of encoders that are BERT or RoBERTa but for a norm, a table or a width."""

from __future__ import annotations

from dataclasses import replace

from inspector.families.encoders.rows import (
    AMONG_WORDS,
    BERT,
    BERT_HEAD,
    EMBED,
    FEED,
    ROBERTA,
    ROBERTA_HEAD,
    masked_head,
)
from inspector.families.parts import Body, Only

ROWS = (
    replace(
        ROBERTA, model_type="camembert", head=masked_head("CamembertForMaskedLM", **ROBERTA_HEAD)
    ),
    replace(
        BERT,
        model_type="ernie",
        prefix="ernie",
        body=Body(
            embeddings=replace(
                EMBED, tasks=Only("embeddings.task_type_embeddings", {"use_task_id": True})
            ),
            feed_forward=FEED,
        ),
        head=masked_head("ErnieForMaskedLM", **BERT_HEAD),
    ),
    # The norm that stands behind BERT's sub-layers stands before them, and once more at the end.
    replace(
        BERT,
        model_type="megatron-bert",
        norm="attention.ln",
        norm_after="",
        body=Body(
            embeddings=replace(EMBED, norm=""),
            feed_forward=replace(FEED, before="ln", after=""),
            final_norm="encoder.ln",
        ),
        head=masked_head("MegatronBertForMaskedLM", **BERT_HEAD),
    ),
    replace(
        BERT,
        model_type="rembert",
        prefix="rembert",
        body=Body(
            embeddings=replace(EMBED, projection="encoder.embedding_hidden_mapping_in"),
            feed_forward=FEED,
        ),
        head=masked_head(
            "RemBertForMaskedLM",
            transform="cls.predictions.dense",
            norm="cls.predictions.LayerNorm",
            words=("cls.predictions.decoder",),
            never_tied=True,
            bias=("cls.predictions.decoder.bias",),
        ),
    ),
    replace(
        ROBERTA,
        model_type="xlm-roberta-xl",
        norm="attention.self_attn_layer_norm",
        norm_after="",
        body=Body(
            embeddings=replace(AMONG_WORDS, norm=""),
            feed_forward=replace(FEED, before="LayerNorm", after=""),
            final_norm="encoder.LayerNorm",
        ),
        head=masked_head("XLMRobertaXLForMaskedLM", **ROBERTA_HEAD),
    ),
    replace(
        ROBERTA,
        model_type="roberta-prelayernorm",
        prefix="roberta_prelayernorm",
        norm="attention.LayerNorm",
        norm_after="",
        body=Body(
            embeddings=AMONG_WORDS,
            feed_forward=replace(FEED, before="intermediate.LayerNorm", after=""),
            final_norm="LayerNorm",
        ),
        head=masked_head("RobertaPreLayerNormForMaskedLM", **ROBERTA_HEAD),
    ),
    replace(
        ROBERTA,
        model_type="data2vec-text",
        prefix="data2vec_text",
        head=masked_head("Data2VecTextForMaskedLM", **ROBERTA_HEAD),
    ),
)
