"""The one place where families are registered: a row each, as data.

A family joins by a row here and a line in the parity tests. Nothing is inferred from shapes.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from inspector.attention.families.spec import Family
from inspector.errors import InputError

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
)
_HEAD_NORMS = ("self_attn.q_norm", "self_attn.k_norm")

_ROWS = (
    *(
        Family(
            model_type=model_type,
            layer="encoder.layer.{i}",
            query="attention.self.query",
            key="attention.self.key",
            value="attention.self.value",
            output="attention.output.dense",
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
        # With ALiBi, transformers' eager attention counts it twice and its sdpa once.
        requires={"alibi": False},
    ),
    _LLAMA,
    replace(_LLAMA, model_type="mistral", window="all"),
    replace(_LLAMA, model_type="qwen2", window="layer_types"),
    replace(_LLAMA, model_type="qwen3", window="layer_types", head_norms=_HEAD_NORMS),
    replace(_LLAMA, model_type="smollm3", window="layer_types"),
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
    ),
    replace(
        _LLAMA,
        model_type="phi3",
        query="",
        key="",
        value="",
        fused="self_attn.qkv_proj",
        window="all",
    ),
    replace(
        _LLAMA,
        model_type="stablelm",
        norm_kind="layer",
        head_norms=("self_attn.q_layernorm", "self_attn.k_layernorm"),
        head_norms_if="qk_layernorm",
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
)


def _index(rows: tuple[Family, ...]) -> dict[str, Family]:
    index: dict[str, Family] = {}
    for row in rows:
        if row.model_type in index:
            raise ValueError(f"{row.model_type} is registered twice")
        index[row.model_type] = row
    return index


FAMILIES = _index(_ROWS)


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
