"""What llama.cpp calls the architectures that have a row here, and what it did to their tensors.

Its converter gives every tensor a name of its own, puts rotary dimensions of Llama into another
order, takes fused projections apart, adds one to Gemma's norms and turns GPT-2's matrices round.
All of that is undone here, as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal

from inspector.record import record

#: How rows were put into another order: ``halves`` brought the two halves of what turns together,
#: so that neighbours turn; ``groups`` took each group of heads apart into queries, keys, values.
Order = Literal["query halves", "key halves", "groups"]


@record(frozen=True, slots=True)
class Architecture:
    """An architecture as llama.cpp has it, and its family here."""

    #: ``general.architecture``, and transformers' ``model_type`` and class with the head for words.
    name: str
    model_type: str
    head: str
    #: Their module by our module: those beside the layers, and those within one.
    outside: Mapping[str, str]
    layer: str
    inside: Mapping[str, str]
    #: Keys of the file, without the architecture's name, by the config's own.
    keys: Mapping[str, str]
    #: Modules with a bias.
    biased: tuple[str, ...] = ()
    #: Modules that all have a bias where one of them has, by the config's word for it.
    biased_if: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Modules that a file may lack.
    optional: tuple[str, ...] = ("output",)
    order: Mapping[str, Order] = field(default_factory=dict)
    #: Matrices that stand the other way round.
    turned_round: tuple[str, ...] = ()
    #: Whether one was added to the weights of the norms.
    norms_plus_one: bool = False
    #: What the config says whatever the file does.
    fixed: Mapping[str, object] = field(default_factory=dict)
    #: Which pre-tokenizer is meant where a file, as old ones do, does not say.
    pre_tokenizer: str | None = None


_OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_MLP = {
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
_ATTENTION = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
}  # fmt: skip
_HEAD_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
_SANDWICH = {
    "attn_norm": "input_layernorm", "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm", "post_ffw_norm": "post_feedforward_layernorm",
}  # fmt: skip

_SIZES = {
    "hidden_size": "embedding_length", "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
}  # fmt: skip
_KEYS = _SIZES | {
    "num_key_value_heads": "attention.head_count_kv", "intermediate_size": "feed_forward_length",
    "max_position_embeddings": "context_length", "rope_theta": "rope.freq_base",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
}  # fmt: skip
_OWN_HEAD_DIM = _KEYS | {"head_dim": "attention.key_length"}
_GEMMA2_KEYS = _OWN_HEAD_DIM | {"sliding_window": "attention.sliding_window"}

_LLAMA = Architecture(
    name="llama",
    model_type="llama",
    head="LlamaForCausalLM",
    outside=_OUTSIDE,
    layer="model.layers.{i}",
    inside=_ATTENTION | _MLP | _NORMS,
    keys=_OWN_HEAD_DIM,
    biased_if={"attention_bias": tuple(_ATTENTION), "mlp_bias": tuple(_MLP)},
    order={"attn_q": "query halves", "attn_k": "key halves"},
)
_GEMMA = replace(
    _LLAMA,
    name="gemma",
    model_type="gemma",
    head="GemmaForCausalLM",
    biased_if={},
    order={},
    norms_plus_one=True,
)
_BLOOM_LAYER = {
    "attn_norm": "input_layernorm", "attn_qkv": "self_attention.query_key_value",
    "attn_output": "self_attention.dense", "ffn_up": "mlp.dense_h_to_4h",
    "ffn_down": "mlp.dense_4h_to_h",
}  # fmt: skip
_BLOOM_OUTSIDE = {
    "token_embd": "transformer.word_embeddings", "output_norm": "transformer.ln_f",
    "output": "lm_head",
}  # fmt: skip
_BLOOM = Architecture(
    name="bloom",
    model_type="bloom",
    head="BloomForCausalLM",
    outside=_BLOOM_OUTSIDE | {"token_embd_norm": "transformer.word_embeddings_layernorm"},
    layer="transformer.h.{i}",
    inside=_BLOOM_LAYER | {"ffn_norm": "post_attention_layernorm"},
    keys={
        "hidden_size": "embedding_length", "n_layer": "block_count",
        "n_head": "attention.head_count", "layer_norm_epsilon": "attention.layer_norm_epsilon",
    },
    biased=(*_BLOOM_LAYER, "ffn_norm", "token_embd_norm", "output_norm"),
    order={"attn_qkv": "groups"},
    pre_tokenizer="bloom",
)  # fmt: skip
_GPT2_LAYER = {
    "attn_norm": "ln_1", "attn_qkv": "attn.c_attn", "attn_output": "attn.c_proj",
    "ffn_norm": "ln_2", "ffn_up": "mlp.c_fc", "ffn_down": "mlp.c_proj",
}  # fmt: skip

_ALL = (
    _LLAMA,
    replace(
        _LLAMA,
        name="qwen2",
        model_type="qwen2",
        head="Qwen2ForCausalLM",
        biased=("attn_q", "attn_k", "attn_v"),
        biased_if={},
        order={},
        pre_tokenizer="qwen2",
    ),
    replace(
        _LLAMA,
        name="qwen3",
        model_type="qwen3",
        head="Qwen3ForCausalLM",
        inside=_ATTENTION | _MLP | _NORMS | _HEAD_NORMS,
        biased_if={},
        order={},
    ),
    _GEMMA,
    replace(
        _GEMMA,
        name="gemma2",
        model_type="gemma2",
        head="Gemma2ForCausalLM",
        inside=_ATTENTION | _MLP | _SANDWICH,
        keys=_GEMMA2_KEYS
        | {
            "attn_logit_softcapping": "attn_logit_softcapping",
            "final_logit_softcapping": "final_logit_softcapping",
        },
    ),
    replace(
        _GEMMA,
        name="gemma3",
        model_type="gemma3_text",
        head="Gemma3ForCausalLM",
        inside=_ATTENTION | _MLP | _SANDWICH | _HEAD_NORMS,
        keys=_GEMMA2_KEYS | {"rope_local_base_freq": "rope.freq_base_swa"},
    ),
    replace(
        _LLAMA,
        name="phi3",
        model_type="phi3",
        head="Phi3ForCausalLM",
        inside={
            "attn_qkv": "self_attn.qkv_proj",
            "attn_output": "self_attn.o_proj",
            "ffn_up": "mlp.gate_up_proj",
            "ffn_down": "mlp.down_proj",
        }
        | _NORMS,
        keys=_KEYS | {"sliding_window": "attention.sliding_window"},
        biased_if={},
        order={},
    ),
    Architecture(
        name="gpt2",
        model_type="gpt2",
        head="GPT2LMHeadModel",
        outside={
            "token_embd": "transformer.wte",
            "position_embd": "transformer.wpe",
            "output_norm": "transformer.ln_f",
            "output": "lm_head",
        },
        layer="transformer.h.{i}",
        inside=_GPT2_LAYER,
        keys={
            "n_embd": "embedding_length",
            "n_layer": "block_count",
            "n_head": "attention.head_count",
            "n_inner": "feed_forward_length",
            "n_positions": "context_length",
            "layer_norm_epsilon": "attention.layer_norm_epsilon",
        },
        biased=(*_GPT2_LAYER, "output_norm"),
        turned_round=("attn_qkv", "attn_output", "ffn_up", "ffn_down"),
        pre_tokenizer="gpt-2",
    ),
    _BLOOM,
    replace(
        _BLOOM,
        name="falcon",
        model_type="falcon",
        head="FalconForCausalLM",
        outside=_BLOOM_OUTSIDE,
        inside=_BLOOM_LAYER,
        keys=_SIZES
        | {
            "num_kv_heads": "attention.head_count_kv",
            "ffn_hidden_size": "feed_forward_length",
            "max_position_embeddings": "context_length",
            "layer_norm_epsilon": "attention.layer_norm_epsilon",
            "rope_theta": "rope.freq_base",
        },
        biased=("attn_norm", "attn_norm_2", "output_norm"),
        # With it a file has two norms before a layer.
        fixed={"alibi": False, "bias": False, "parallel_attn": True},
        pre_tokenizer="falcon",
    ),
)
#: Falcon 40B's two norms; ``attn_norm`` is there the one before the feed-forward.
FALCON_TWO_NORMS = {"attn_norm": "ln_mlp", "attn_norm_2": "ln_attn"}

#: By llama.cpp's name.
ARCHITECTURES: Mapping[str, Architecture] = {one.name: one for one in _ALL}
