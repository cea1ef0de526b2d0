"""The one place where families are registered: a row each, as data.

A family joins by a row here and a line in the parity tests. Nothing is inferred from shapes.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import Literal

from inspector.errors import InputError
from inspector.families.spec import Added, Family

#: As an encoder, with positions in the embeddings.
_ENCODER = {
    "is_decoder": False,
    "add_cross_attention": False,
    "position_embedding_type": "absolute",
}

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
    rope="half",
    causal=True,
    float32_softmax=True,
    reads=("head_dim", "num_key_value_heads"),
)
#: What those read that turn only a part of a head.
_PARTLY_TURNED = (*_LLAMA.reads, "partial_rotary_factor")
_HEAD_NORMS = ("self_attn.q_norm", "self_attn.k_norm")


def _bart_site(
    model_type: str, site: Literal["encoder", "decoder", "cross"], *, norm_before: bool
) -> Family:
    """Return one site as BART has it, its norms behind the sub-layers or before."""
    stack = "encoder" if site == "encoder" else "decoder"
    attention = "encoder_attn" if site == "cross" else "self_attn"
    norm = f"{attention}_layer_norm" if norm_before else ""
    return Family(
        model_type=model_type,
        site=site,
        layer=f"{stack}.layers.{{i}}",
        layers=f"{stack}_layers",
        heads=f"{stack}_attention_heads",
        # What enters the sub-layer enters its norm first, where that stands before.
        entry=(norm or attention) if site == "cross" else "",
        query=f"{attention}.q_proj",
        key=f"{attention}.k_proj",
        value=f"{attention}.v_proj",
        output=f"{attention}.out_proj",
        norm=norm,
        causal=site == "decoder",
    )


def _bart(model_type: str, *, norm_before: bool) -> Family:
    """Return the row of an encoder–decoder as BART has it."""
    encoder, *others = (
        _bart_site(model_type, site, norm_before=norm_before)
        for site in ("encoder", "decoder", "cross")
    )
    return replace(encoder, others=tuple(others))


def _t5_site(model_type: str, site: Literal["encoder", "decoder", "cross"]) -> Family:
    """Return one site as T5 has it, gated feed-forward layers or not."""
    stack = "encoder" if site == "encoder" else "decoder"
    attention = "EncDecAttention" if site == "cross" else "SelfAttention"
    # The first block's table of distances serves all; cross-attention has none.
    table = f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias"
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
        added=None
        if site == "cross"
        else Added(kind="buckets", table=table, both_ways=site == "encoder"),
        causal=site == "decoder",
        scale="one",
        # The norm squares in float32 whatever else is float64.
        float32_softmax=True,
        reads=("head_dim",),
    )


def _t5(model_type: str) -> Family:
    """Return the row of an encoder–decoder as T5 has it."""
    encoder, *others = (_t5_site(model_type, site) for site in ("encoder", "decoder", "cross"))
    return replace(encoder, others=tuple(others))


_ROWS = (
    *(
        Family(
            model_type=model_type,
            layer="encoder.layer.{i}",
            query="attention.self.query",
            key="attention.self.key",
            value="attention.self.value",
            output="attention.output.dense",
            positions_behind_padding="roberta" in model_type,
            requires=_ENCODER,
        )
        for model_type in ("bert", "roberta", "xlm-roberta", "electra")
    ),
    Family(
        model_type="distilbert",
        layer="transformer.layer.{i}",
        query="attention.q_lin",
        key="attention.k_lin",
        value="attention.v_lin",
        output="attention.out_lin",
    ),
    Family(
        model_type="albert",
        layer="encoder.albert_layer_groups.{group}.albert_layers.0",
        query="attention.query",
        key="attention.key",
        value="attention.value",
        output="attention.dense",
        # With more, a layer of the config would be several layers of attention.
        requires=_ENCODER | {"inner_group_num": 1},
        reads=("num_hidden_groups",),
    ),
    Family(
        model_type="mpnet",
        layer="encoder.layer.{i}",
        query="attention.attn.q",
        key="attention.attn.k",
        value="attention.attn.v",
        output="attention.attn.o",
        positions_behind_padding=True,
        added=Added(kind="buckets", table="encoder.relative_attention_bias"),
        # The model takes 32 whatever its config says.
        requires={"relative_attention_num_buckets": 32},
    ),
    Family(
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
        # Talking heads mix the heads' scores, and their weights, with one another.
        requires={"talking_head": False},
    ),
    Family(
        model_type="deberta-v2",
        layer="encoder.layer.{i}",
        query="attention.self.query_proj",
        key="attention.self.key_proj",
        value="attention.self.value_proj",
        output="attention.output.dense",
        added=Added(
            kind="disentangled",
            table="encoder.rel_embeddings",
            norm="encoder.LayerNorm",
            key="attention.self.pos_key_proj",
            query="attention.self.pos_query_proj",
            in_buckets=True,
        ),
        scale="terms",
    ),
    Family(
        model_type="gpt2",
        layer="h.{i}",
        fused="attn.c_attn",
        output="attn.c_proj",
        conv1d=True,
        norm="ln_1",
        causal=True,
        scale="gpt2",
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
        causal=True,
        window="gpt_neo",
        scale="one",
    ),
    Family(
        model_type="opt",
        layer="decoder.layers.{i}",
        query="self_attn.q_proj",
        key="self_attn.k_proj",
        value="self_attn.v_proj",
        output="self_attn.out_proj",
        norm="self_attn_layer_norm",
        # The checkpoint of 350 million parameters has its norms after the sub-layers.
        norm_if="do_layer_norm_before",
        causal=True,
        float32_softmax=True,
    ),
    Family(
        model_type="gptj",
        layer="h.{i}",
        query="attn.q_proj",
        key="attn.k_proj",
        value="attn.v_proj",
        output="attn.out_proj",
        norm="ln_1",
        rope="interleaved",
        causal=True,
        float32_softmax=True,
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
        rope="half",
        causal=True,
        float32_softmax=True,
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
        added=Added(kind="alibi"),
        causal=True,
        float32_softmax=True,
        # With it the output projection is taken in parts.
        requires={"slow_but_exact": False},
    ),
    _LLAMA,
    replace(_LLAMA, model_type="gpt_oss", window="layer_types", sinks="self_attn.sinks"),
    replace(_LLAMA, model_type="mistral", window="all"),
    replace(_LLAMA, model_type="qwen2", window="layer_types"),
    replace(_LLAMA, model_type="qwen3", window="layer_types", head_norms=_HEAD_NORMS),
    replace(
        _LLAMA,
        model_type="smollm3",
        window="layer_types",
        reads=(*_LLAMA.reads, "no_rope_layers"),
    ),
    replace(_LLAMA, model_type="gemma", norm_kind="rms+1"),
    replace(
        _LLAMA,
        model_type="gemma2",
        norm_kind="rms+1",
        window="layer_types",
        scale="scalar",
        softcap="attn_logit_softcapping",
    ),
    replace(
        _LLAMA,
        model_type="gemma3_text",
        norm_kind="rms+1",
        head_norms=_HEAD_NORMS,
        window="layer_types",
        scale="scalar",
        softcap="attn_logit_softcapping",
        requires={"use_bidirectional_attention": False},
    ),
    replace(
        _LLAMA,
        model_type="phi",
        output="self_attn.dense",
        norm_kind="layer",
        head_norms=("self_attn.q_layernorm", "self_attn.k_layernorm"),
        head_norms_if="qk_layernorm",
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
        reads=_PARTLY_TURNED,
    ),
    replace(
        _LLAMA,
        model_type="stablelm",
        norm_kind="layer",
        head_norms=("self_attn.q_layernorm", "self_attn.k_layernorm"),
        head_norms_if="qk_layernorm",
        reads=("num_key_value_heads", "partial_rotary_factor"),
    ),
    Family(
        model_type="modernbert",
        layer="layers.{i}",
        fused="attn.Wqkv",
        output="attn.Wo",
        # The first layer has none.
        norm="attn_norm",
        rope="half",
        window="both",
        float32_softmax=True,
    ),
    *(_t5(model_type) for model_type in ("t5", "mt5")),
    _bart("bart", norm_before=False),
    _bart("marian", norm_before=False),
    _bart("mbart", norm_before=True),
    _bart("pegasus", norm_before=True),
)


def _index(rows: tuple[Family, ...]) -> dict[str, Family]:
    index: dict[str, Family] = {}
    for row in rows:
        if row.model_type in index:
            raise ValueError(f"{row.model_type} is registered twice")
        index[row.model_type] = row
    return index


FAMILIES = _index(_ROWS)

#: Every model type whose positions begin behind the padding's id, those without a row too.
BEHIND_PADDING = frozenset(row.model_type for row in _ROWS if row.positions_behind_padding) | {
    "camembert", "data2vec-text", "ibert", "layoutlmv3", "lilt", "longformer", "luke", "markuplm",
    "mluke", "roberta-prelayernorm", "xlm-roberta-xl", "xmod",
}  # fmt: skip


def refuse_unknown(model_type: str) -> None:
    """Refuse a name that no row has, and name those that are spelt nearly alike.

    Raises
    ------
    InputError
        When no family of that name is registered.
    """
    if model_type in FAMILIES:
        return
    near = get_close_matches(model_type, FAMILIES, n=3)
    raise InputError(
        f"There is no family {model_type!r} among those that are rebuilt from their weights.",
        f"Did you mean {' or '.join(near)}?"
        if near
        else "`inspect models` lists them; CONTRIBUTING.md shows how to add one.",
    )
