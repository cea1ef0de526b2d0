"""The rows of encoder–decoders: a row for the encoder, which holds the decoder's two."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from inspector.families.encoders.rows import BERT
from inspector.families.pairs import any_pair
from inspector.families.parts import Added, Body, Embed, Feed, Only, WordHead
from inspector.families.spec import Family

Site = Literal["encoder", "decoder", "cross"]
_SITES: tuple[Site, ...] = ("encoder", "decoder", "cross")
_GATED, _PLAIN = {"is_gated_act": True}, {"is_gated_act": False}


def _bart_body(stack: str, *, norm_before: bool, **embeddings: Any) -> Body:
    norm = "final_layer_norm"
    return Body(
        embeddings=Embed(
            words=(f"{stack}.embed_tokens", "shared"),
            positions=f"{stack}.embed_positions",
            scale="root",
            scale_if="scale_embedding",
            **embeddings,
        ),
        feed_forward=Feed(
            up="fc1",
            down="fc2",
            activation="activation_function",
            before=norm if norm_before else "",
            after="" if norm_before else norm,
        ),
        final_norm=f"{stack}.layer_norm" if norm_before else "",
    )


def _bart_site(model_type: str, site: Site, *, norm_before: bool, body: Body | None) -> Family:
    """Return one site as BART has it, its norms behind the sub-layers or before."""
    stack = "encoder" if site == "encoder" else "decoder"
    attention = "encoder_attn" if site == "cross" else "self_attn"
    norm = f"{attention}_layer_norm"
    entry = norm if norm_before else attention
    return Family(
        model_type=model_type,
        site=site,
        layer=f"{stack}.layers.{{i}}",
        layers=f"{stack}_layers",
        heads=f"{stack}_attention_heads",
        # What enters the sub-layer enters its norm first, where that stands before.
        entry=entry if site == "cross" else "",
        query=f"{attention}.q_proj",
        key=f"{attention}.k_proj",
        value=f"{attention}.v_proj",
        output=f"{attention}.out_proj",
        norm=norm if norm_before else "",
        norm_after="" if norm_before else norm,
        eps=1e-5,
        causal=site == "decoder",
        prefix="model",
        body=body,
    )


def _bart(
    model_type: str,
    head: str,
    *,
    norm_before: bool,
    embedding_norm: bool = False,
    norm_of_words: bool = False,
    words_have_bias: bool = True,
    **places: Any,
) -> Family:
    """Return the row of an encoder–decoder as BART has it.

    ``places`` say how positions are embedded, in words of ``Embed``: BART's table has two rows that
    nobody uses. ``norm_of_words``: in the decoder the norm is taken before positions are added.
    """

    def body(stack: Site) -> Body | None:
        if stack == "cross":
            return None
        norm = {"norm": f"{stack}.layernorm_embedding"} if embedding_norm else {}
        normed = {"normed": "words"} if norm_of_words and stack == "decoder" else {}
        return _bart_body(stack, norm_before=norm_before, **norm, **normed, **places)

    encoder, *others = (
        _bart_site(model_type, site, norm_before=norm_before, body=body(site)) for site in _SITES
    )
    return replace(
        encoder,
        others=tuple(others),
        head=WordHead(
            architecture=head,
            kind="seq2seq",
            words=("lm_head",),
            bias=("final_logits_bias",) if words_have_bias else (),
        ),
    )


def _t5_site(model_type: str, site: Site) -> Family:
    """Return one site as T5 has it, gated feed-forward layers or not."""
    stack = "encoder" if site == "encoder" else "decoder"
    attention = "EncDecAttention" if site == "cross" else "SelfAttention"
    # The first block's table of distances serves all but in umT5; cross-attention has none.
    first = "{i}" if model_type == "umt5" else "0"
    table = f"{stack}.block.{first}.layer.0.SelfAttention.relative_attention_bias"
    return Family(
        model_type=model_type,
        site=site,
        layer=f"{stack}.block.{{i}}.layer.{int(site == 'cross')}",
        layers="num_layers" if site == "encoder" else "num_decoder_layers",
        query=f"{attention}.q",
        key=f"{attention}.k",
        value=f"{attention}.v",
        output=f"{attention}.o",
        norm="layer_norm",
        norm_kind="rms",
        eps="layer_norm_epsilon",
        added=None
        if site == "cross"
        else Added(kind="buckets", table=table, both_ways=site == "encoder"),
        causal=site == "decoder",
        scale="one",
        # The norm squares in float32 whatever else is float64.
        float32_softmax=model_type != "umt5",
        float32_norms=True,
        reads=("head_dim",),
        body=None
        if site == "cross"
        else Body(
            embeddings=Embed(words=(f"{stack}.embed_tokens", "shared")),
            feed_forward=Feed(
                layer=f"{stack}.block.{{i}}.layer.{1 if site == 'encoder' else 2}",
                up=(Only("DenseReluDense.wi_1", _GATED), Only("DenseReluDense.wi", _PLAIN)),
                gate=Only("DenseReluDense.wi_0", _GATED),
                down="DenseReluDense.wo",
                activation="dense_act_fn",
                before="layer_norm",
            ),
            final_norm=f"{stack}.final_layer_norm",
        ),
    )


def _t5(model_type: str, head: str) -> Family:
    """Return the row of an encoder–decoder as T5 has it."""
    encoder, *others = (_t5_site(model_type, site) for site in _SITES)
    return replace(
        encoder,
        others=tuple(others),
        head=WordHead(
            architecture=head,
            kind="seq2seq",
            words=("lm_head",),
            # mT5 never scales what its head receives.
            scale_if="" if model_type == "mt5" else "scale_decoder_outputs",
        ),
    )


def _t5gemma_site(site: Site) -> Family:
    """Return one site of Gemma 2's two stacks, each with a config of its own."""
    stack = "encoder" if site == "encoder" else "decoder"
    attention = "cross_attn" if site == "cross" else "self_attn"
    norm = f"pre_{attention}_layernorm"
    body = Body(
        embeddings=Embed(words=(f"{stack}.embed_tokens",), scale="root"),
        feed_forward=Feed(
            up="mlp.up_proj",
            gate="mlp.gate_proj",
            down="mlp.down_proj",
            activation="hidden_activation",
            before="pre_feedforward_layernorm",
            inside="post_feedforward_layernorm",
        ),
        final_norm=f"{stack}.norm",
    )
    windows: dict[Site, Literal["both", "layer_types"]] = {
        "encoder": "both", "decoder": "layer_types",
    }  # fmt: skip
    return Family(
        model_type="t5gemma",
        site=site,
        within=stack,
        layer=f"{stack}.layers.{{i}}",
        entry=norm if site == "cross" else "",
        query=f"{attention}.q_proj",
        key=f"{attention}.k_proj",
        value=f"{attention}.v_proj",
        output=f"{attention}.o_proj",
        norm=norm,
        norm_kind="rms+1",
        norm_inside=f"post_{attention}_layernorm",
        eps="rms_norm_eps",
        rope=None if site == "cross" else "half",
        window=windows.get(site),
        causal=site == "decoder",
        scale="scalar",
        softcap="attn_logit_softcapping",
        float32_softmax=True,
        float32_norms=True,
        prefix="model",
        reads=("head_dim", "num_key_value_heads"),
        body=None if site == "cross" else body,
    )


def _t5gemma() -> Family:
    encoder, *others = map(_t5gemma_site, _SITES)
    return replace(
        encoder,
        others=tuple(others),
        head=WordHead(
            architecture="T5GemmaForConditionalGeneration",
            kind="seq2seq",
            words=("lm_head.out_proj",),
            softcap="final_logit_softcapping",
        ),
    )


ROWS = (
    _t5("t5", "T5ForConditionalGeneration"),
    _t5("mt5", "MT5ForConditionalGeneration"),
    _t5("umt5", "UMT5ForConditionalGeneration"),
    _t5gemma(),
    _bart(
        "bart",
        "BartForConditionalGeneration",
        norm_before=False,
        embedding_norm=True,
        offset=2,
    ),
    _bart("marian", "MarianMTModel", norm_before=False, sinusoids="paper"),
    _bart(
        "mbart",
        "MBartForConditionalGeneration",
        norm_before=True,
        embedding_norm=True,
        offset=2,
    ),
    _bart("pegasus", "PegasusForConditionalGeneration", norm_before=True, sinusoids="paper"),
    _bart(
        "plbart",
        "PLBartForConditionalGeneration",
        norm_before=False,
        embedding_norm=True,
        offset=2,
    ),
    _bart(
        "m2m_100",
        "M2M100ForConditionalGeneration",
        norm_before=True,
        words_have_bias=False,
        sinusoids="fairseq",
        counted="ids",
        offset=2,
    ),
    _bart("blenderbot", "BlenderbotForConditionalGeneration", norm_before=True),
    _bart(
        "blenderbot-small",
        "BlenderbotSmallForConditionalGeneration",
        norm_before=False,
        embedding_norm=True,
        norm_of_words=True,
    ),
    any_pair(BERT, BERT),
)
