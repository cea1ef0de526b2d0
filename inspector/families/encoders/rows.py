"""The rows of encoders: every token attends to every other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from inspector.families.parts import Added, Body, Embed, Feed, Given, Only, WordHead
from inspector.families.spec import Crossed, Family

#: As an encoder, with positions in the embeddings.
AS_ENCODER = {
    "is_decoder": False,
    "add_cross_attention": False,
    "position_embedding_type": "absolute",
}

EMBED = Embed(
    words=("embeddings.word_embeddings",),
    positions="embeddings.position_embeddings",
    types="embeddings.token_type_embeddings",
    norm="embeddings.LayerNorm",
)
#: RoBERTa's places begin behind the padding token's own, and padding takes none.
AMONG_WORDS = replace(EMBED, counted="ids")
AS_ROBERTA = AS_ENCODER | {"pad_token_id": Given("which token is padding")}
FEED = Feed(up="intermediate.dense", down="output.dense", after="output.LayerNorm")


#: What stands between a layer's own attention and its feed-forward, as a half of a pair.
CROSSED = Crossed(
    query="crossattention.self.query",
    key="crossattention.self.key",
    value="crossattention.self.value",
    output="crossattention.output.dense",
    entry="crossattention",
    norm_after="crossattention.output.LayerNorm",
)


def masked_head(architecture: str, **parts: Any) -> WordHead:
    """Return an encoder's head for the words that a masked token may stand for."""
    return WordHead(architecture=architecture, kind="masked", **parts)


BERT_HEAD = {
    "transform": "cls.predictions.transform.dense",
    "norm": "cls.predictions.transform.LayerNorm",
    "words": ("cls.predictions.decoder",),
    "bias": ("cls.predictions.bias", "cls.predictions.decoder.bias"),
}
ROBERTA_HEAD = {
    "transform": "lm_head.dense",
    "fixed": "gelu",
    "norm": "lm_head.layer_norm",
    "words": ("lm_head.decoder",),
    "bias": ("lm_head.bias", "lm_head.decoder.bias"),
}

BERT = Family(
    model_type="bert",
    layer="encoder.layer.{i}",
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    output="attention.output.dense",
    norm_after="attention.output.LayerNorm",
    crossed=CROSSED,
    prefix="bert",
    body=Body(embeddings=EMBED, feed_forward=FEED),
    head=masked_head("BertForMaskedLM", **BERT_HEAD),
    requires=AS_ENCODER,
)
ROBERTA = replace(
    BERT,
    model_type="roberta",
    prefix="roberta",
    positions_behind_padding=True,
    body=Body(embeddings=AMONG_WORDS, feed_forward=FEED),
    head=masked_head("RobertaForMaskedLM", **ROBERTA_HEAD),
    requires=AS_ROBERTA,
)

_LEGACY, _NEWER = {"legacy": True}, {"legacy": False}
_DEBERTA = Family(
    model_type="deberta",
    layer="encoder.layer.{i}",
    fused="attention.self.in_proj",
    layout="groups",
    query_bias="attention.self.q_bias",
    value_bias="attention.self.v_bias",
    output="attention.output.dense",
    added=Added(
        kind="disentangled",
        table="encoder.rel_embeddings",
        key="attention.self.pos_proj",
        query="attention.self.pos_q_proj",
    ),
    scale="terms",
    float32_norms=True,
    norm_after="attention.output.LayerNorm",
    prefix="deberta",
    body=Body(
        embeddings=replace(
            EMBED,
            positions=Only("embeddings.position_embeddings", {"position_biased_input": True}),
            projection="embeddings.embed_proj",
            projected="sum",
            width="embedding_size",
            padding_is_zero=True,
        ),
        feed_forward=FEED,
    ),
    head=WordHead(
        architecture="DebertaForMaskedLM",
        kind="masked",
        transform=(
            Only("cls.predictions.transform.dense", _LEGACY),
            Only("lm_predictions.lm_head.dense", _NEWER),
        ),
        norm=(
            Only("cls.predictions.transform.LayerNorm", _LEGACY),
            Only("lm_predictions.lm_head.LayerNorm", _NEWER),
        ),
        words=("cls.predictions.decoder",),
        bias=(
            "cls.predictions.bias",
            "lm_predictions.lm_head.bias",
            "cls.predictions.decoder.bias",
        ),
    ),
    # Talking heads mix the heads' scores, and their weights, with one another.
    requires={"talking_head": False},
)

ROWS = (
    BERT,
    ROBERTA,
    replace(
        ROBERTA,
        model_type="xlm-roberta",
        head=masked_head("XLMRobertaForMaskedLM", **ROBERTA_HEAD),
    ),
    replace(
        BERT,
        model_type="electra",
        prefix="electra",
        body=Body(
            embeddings=replace(EMBED, projection="embeddings_project", width="embedding_size"),
            feed_forward=FEED,
        ),
        head=masked_head(
            "ElectraForMaskedLM",
            transform="generator_predictions.dense",
            fixed="gelu",
            norm="generator_predictions.LayerNorm",
            words=("generator_lm_head",),
            bias=("generator_lm_head.bias",),
        ),
    ),
    Family(
        model_type="distilbert",
        layer="transformer.layer.{i}",
        query="attention.q_lin",
        key="attention.k_lin",
        value="attention.v_lin",
        output="attention.out_lin",
        eps=1e-12,
        norm_after="sa_layer_norm",
        prefix="distilbert",
        body=Body(
            embeddings=replace(EMBED, types=""),
            feed_forward=Feed(
                up="ffn.lin1", down="ffn.lin2", activation="activation", after="output_layer_norm"
            ),
        ),
        head=masked_head(
            "DistilBertForMaskedLM",
            transform="vocab_transform",
            activation="activation",
            norm="vocab_layer_norm",
            words=("vocab_projector",),
            bias=("vocab_projector.bias",),
        ),
    ),
    Family(
        model_type="albert",
        layer="encoder.albert_layer_groups.{group}.albert_layers.0",
        query="attention.query",
        key="attention.key",
        value="attention.value",
        output="attention.dense",
        norm_after="attention.LayerNorm",
        prefix="albert",
        body=Body(
            embeddings=replace(EMBED, projection="encoder.embedding_hidden_mapping_in"),
            feed_forward=Feed(up="ffn", down="ffn_output", after="full_layer_layer_norm"),
        ),
        head=masked_head(
            "AlbertForMaskedLM",
            transform="predictions.dense",
            norm="predictions.LayerNorm",
            words=("predictions.decoder",),
            bias=("predictions.bias", "predictions.decoder.bias"),
        ),
        # With more, a layer of the config would be several layers of attention.
        requires=AS_ENCODER | {"inner_group_num": 1},
        reads=("num_hidden_groups",),
    ),
    Family(
        model_type="mpnet",
        positions_behind_padding=True,
        layer="encoder.layer.{i}",
        query="attention.attn.q",
        key="attention.attn.k",
        value="attention.attn.v",
        output="attention.attn.o",
        added=Added(kind="buckets", table="encoder.relative_attention_bias"),
        norm_after="attention.LayerNorm",
        prefix="mpnet",
        body=Body(
            # The model's padding token is 1 whatever its config says.
            embeddings=replace(AMONG_WORDS, types="", padding=1),
            feed_forward=FEED,
        ),
        head=masked_head("MPNetForMaskedLM", **ROBERTA_HEAD),
        # The model takes 32 whatever its config says.
        requires={"relative_attention_num_buckets": 32},
    ),
    _DEBERTA,
    replace(
        _DEBERTA,
        model_type="deberta-v2",
        fused="",
        layout="blocks",
        query_bias="",
        value_bias="",
        query="attention.self.query_proj",
        key="attention.self.key_proj",
        value="attention.self.value_proj",
        added=Added(
            kind="disentangled",
            table="encoder.rel_embeddings",
            norm="encoder.LayerNorm",
            key="attention.self.pos_key_proj",
            query="attention.self.pos_query_proj",
            in_buckets=True,
        ),
        float32_norms=False,
        body=replace(_DEBERTA.body, convolution="encoder.conv") if _DEBERTA.body else None,
        head=replace(_DEBERTA.head, architecture="DebertaV2ForMaskedLM") if _DEBERTA.head else None,
        requires={},
    ),
    Family(
        model_type="modernbert",
        layer="layers.{i}",
        fused="attn.Wqkv",
        output="attn.Wo",
        norm="attn_norm",
        # What the embeddings give has just been through one.
        norm_from=1,
        eps="norm_eps",
        rope="half",
        window="both",
        float32_softmax=True,
        prefix="model",
        body=Body(
            embeddings=Embed(words=("embeddings.tok_embeddings",), norm="embeddings.norm"),
            feed_forward=Feed(
                fused="mlp.Wi", down="mlp.Wo", activation="hidden_activation", before="mlp_norm"
            ),
            final_norm="final_norm",
        ),
        head=masked_head(
            "ModernBertForMaskedLM",
            transform="head.dense",
            activation="classifier_activation",
            norm="head.norm",
            words=("decoder",),
            bias=("decoder.bias",),
        ),
    ),
)
