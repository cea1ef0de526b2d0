"""The rows of encoders that are BERT or RoBERTa but for a norm, a table or a width."""

from __future__ import annotations

from dataclasses import replace

from inspector.families.encoders.rows import (
    AMONG_WORDS,
    AS_ENCODER,
    AS_ROBERTA,
    BERT,
    BERT_HEAD,
    CROSSED,
    EMBED,
    FEED,
    ROBERTA,
    ROBERTA_HEAD,
    masked_head,
)
from inspector.families.parts import Adapters, Body, Given, OneOf, Only, WordHead

_NORMS_BEFORE, _NORMS_BEHIND = {"pre_norm": True}, {"pre_norm": False}

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
        # transformers' own code for it reads keys in the shape of the queries.
        crossed=None,
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
        crossed=replace(CROSSED, norm="crossattention.self_attn_layer_norm", norm_after=""),
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
        crossed=replace(CROSSED, norm="crossattention.LayerNorm", norm_after=""),
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
    # Behind every feed-forward stands an adapter of the text's language.
    replace(
        ROBERTA,
        model_type="xmod",
        crossed=None,
        norm="attention.output.LayerNorm",
        norm_if="pre_norm",
        norm_after=Only("attention.output.LayerNorm", _NORMS_BEHIND),
        body=Body(
            embeddings=AMONG_WORDS,
            feed_forward=replace(
                FEED,
                before=Only("output.LayerNorm", _NORMS_BEFORE),
                after=Only("output.LayerNorm", _NORMS_BEHIND),
            ),
            adapters=Adapters(
                path="output.adapter_modules",
                chosen="default_language",
                up="dense1",
                down="dense2",
                norm=(
                    Only("output.adapter_layer_norm", {"adapter_layer_norm": True}),
                    Only("output.LayerNorm", {"adapter_reuse_layer_norm": True}),
                ),
                residual_is_normed="ln_before_adapter",
            ),
            final_norm=Only("encoder.LayerNorm", _NORMS_BEFORE),
        ),
        head=masked_head("XmodForMaskedLM", **ROBERTA_HEAD),
        requires=AS_ENCODER
        | {"default_language": Given("which language's adapters a text goes through")},
    ),
    replace(
        BERT,
        model_type="bert-generation",
        causal_if="is_decoder",
        body=Body(embeddings=replace(EMBED, types=""), feed_forward=FEED),
        head=WordHead(
            architecture="BertGenerationDecoder",
            kind="causal",
            words=("lm_head.decoder",),
            bias=("lm_head.bias", "lm_head.decoder.bias"),
        ),
        requires={"add_cross_attention": False, "position_embedding_type": "absolute"},
    ),
    replace(
        ROBERTA,
        model_type="esm",
        crossed=None,
        prefix="esm",
        norm="attention.LayerNorm",
        norm_after="",
        rope="half",
        rope_if={"position_embedding_type": "rotary"},
        # By their name today, by that in files, and as transformers 5 writes the latter.
        rope_speeds=(
            "rotary_embeddings.inv_freq",
            "encoder.layer.{i}.attention.self.rotary_embeddings.inv_freq",
            "encoder.layer.*.attention.self.rotary_embeddings.inv_freq",
        ),
        body=Body(
            embeddings=replace(
                AMONG_WORDS,
                positions=Only(
                    "embeddings.position_embeddings", {"position_embedding_type": "absolute"}
                ),
                types="",
                norm=Only("embeddings.layer_norm", {"emb_layer_norm_before": True}),
                padding_is_zero=True,
                dropped_if="token_dropout",
            ),
            feed_forward=replace(FEED, fixed="gelu", before="LayerNorm", after=""),
            final_norm="encoder.emb_layer_norm_after",
        ),
        head=masked_head("EsmForMaskedLM", **ROBERTA_HEAD),
        reads=("rope_theta",),
        requires=AS_ROBERTA
        | {"position_embedding_type": OneOf(("absolute", "rotary")), "is_folding_model": False},
    ),
    # In blocks it attends to a few that are drawn by chance.
    replace(
        BERT,
        model_type="big_bird",
        crossed=None,
        body=Body(
            embeddings=replace(EMBED, scale="root", scale_if="rescale_embeddings"),
            feed_forward=FEED,
        ),
        head=masked_head("BigBirdForMaskedLM", **BERT_HEAD),
        requires=AS_ROBERTA | {"attention_type": "original_full"},
    ),
)
