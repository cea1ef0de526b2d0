"""Small random encoder–decoders, and what transformers itself makes of a source and a target."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from small_models import perturb, save
from transformers import AutoConfig, AutoModel, AutoModelForSeq2SeqLM, AutoTokenizer

from inspector.families.small import SMALL

SOURCE = "The cat sat on the mat because it was tired"
TARGET = "we are here and the mats sat"

BART = {
    "vocab_size": 32, "d_model": 24, "encoder_layers": 3, "decoder_layers": 3,
    "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32, "max_position_embeddings": 40, "pad_token_id": 0, "bos_token_id": 2,
    "eos_token_id": 3, "decoder_start_token_id": 3, "forced_eos_token_id": 3,
}  # fmt: skip
T5 = {
    "vocab_size": 32, "d_model": 24, "d_kv": 8, "num_layers": 3, "num_decoder_layers": 3,
    "num_heads": 4, "d_ff": 32, "pad_token_id": 0, "eos_token_id": 3, "decoder_start_token_id": 0,
    # Few enough that distances of these short texts share buckets.
    "relative_attention_num_buckets": 8,
}  # fmt: skip
_HALF = {
    "vocab_size": 32, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 32, "max_position_embeddings": 40,
}  # fmt: skip
_AS_DECODER = {"is_decoder": True, "add_cross_attention": True}
_STARTS = {"pad_token_id": 0, "decoder_start_token_id": 2, "eos_token_id": 3}
#: model_type, and what its config says beyond the family's defaults.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "bart": ("bart", BART),
    "bart, scaled embeddings": ("bart", BART | {"scale_embedding": True}),
    "bart, uneven": (
        "bart", BART | {"decoder_layers": 4, "encoder_layers": 3, "decoder_attention_heads": 6},
    ),
    "marian": ("marian", BART),
    "mbart": ("mbart", BART),
    "pegasus": ("pegasus", BART),
    "t5": ("t5", T5),
    "t5, gated": ("t5", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "t5, near buckets": ("t5", T5 | {"relative_attention_max_distance": 9}),
    "mt5": ("mt5", T5),
    "umt5": ("umt5", T5 | {"feed_forward_proj": "relu", "relative_attention_max_distance": 9}),
    "umt5, gated": ("umt5", T5 | {"d_kv": 6, "tie_word_embeddings": False}),
    "t5gemma": ("t5gemma", dict(SMALL["t5gemma"])),
    "t5gemma, uneven": (
        "t5gemma",
        SMALL["t5gemma"] | {
            "encoder": SMALL["t5gemma"]["encoder"] | {
                "num_hidden_layers": 4, "num_attention_heads": 6, "head_dim": 10,
                "attention_bias": True, "intermediate_size": 20, "query_pre_attn_scalar": 9,
            },
            "tie_word_embeddings": False,
        },
    ),
    "plbart": ("plbart", BART),
    "m2m_100": ("m2m_100", BART | {"pad_token_id": 1}),
    "blenderbot": ("blenderbot", BART),
    "blenderbot-small": ("blenderbot-small", BART),
    "bert to bert": ("encoder-decoder", dict(SMALL["encoder-decoder"])),
    # Padding that is no padding of the other half's, and words that share nothing.
    "roberta to roberta": (
        "encoder-decoder",
        _STARTS | {
            "encoder": _HALF | {"model_type": "roberta", "pad_token_id": 0},
            "decoder": _HALF | _AS_DECODER | {
                "model_type": "roberta", "pad_token_id": 1, "tie_word_embeddings": False,
                "num_hidden_layers": 4,
            },
        },
    ),
    "bert to gpt2, two widths": (
        "encoder-decoder",
        _STARTS | {
            "encoder": _HALF | {"model_type": "bert"},
            "decoder": {
                "model_type": "gpt2", "vocab_size": 32, "n_embd": 32, "n_layer": 3, "n_head": 4,
                "n_positions": 40, "add_cross_attention": True, "bos_token_id": 2,
                "eos_token_id": 3, "scale_attn_by_inverse_layer_idx": True,
            },
        },
    ),
}  # fmt: skip
#: Encoder–decoders that nobody has written a row for.
UNKNOWN: dict[str, tuple[str, dict[str, Any]]] = {
    "mvp": ("mvp", BART), "switch": ("switch_transformers", T5 | {"num_experts": 2}),
}  # fmt: skip


def automatic(model_type: str) -> Any:
    """Return the class that makes a base model; one of two halves is never without its head."""
    return AutoModelForSeq2SeqLM if model_type == "encoder-decoder" else AutoModel


def random_encoder_decoder(variant: str, folder: Path) -> Path:
    """Save a random model of a variant, every parameter moved, with a tokenizer of small words."""
    model_type, options = (VARIANTS | UNKNOWN)[variant]
    torch.manual_seed(0)
    model = automatic(model_type).from_config(AutoConfig.for_model(model_type, **options))
    perturb(model, seed=5)
    return save(model, folder)


def _read_in_training(config: Any, labels: torch.Tensor) -> torch.Tensor:
    """Return what reaches the decoder of a model with a head that is given labels alone."""
    model: Any = AutoModelForSeq2SeqLM.from_config(config)
    seen: list[torch.Tensor] = []
    model.get_decoder().register_forward_pre_hook(
        lambda _module, _args, named: seen.append(named["input_ids"]), with_kwargs=True
    )
    with torch.no_grad(), warnings.catch_warnings():
        # transformers says of models of two halves how they were trained in 2021.
        warnings.simplefilter("ignore", FutureWarning)
        model(input_ids=labels, labels=labels)
    return seen[0]


def theirs(folder: Path) -> tuple[list[int], Any]:
    """Return what transformers' decoder reads in training, and what the model gives for it."""
    tokens: Any = AutoTokenizer.from_pretrained(folder)
    source = tokens(SOURCE, return_tensors="pt")["input_ids"]
    labels = tokens(text_target=TARGET, return_tensors="pt")["input_ids"]
    config = AutoConfig.from_pretrained(folder)
    model = automatic(config.model_type).from_pretrained(folder, attn_implementation="eager").eval()
    read = _read_in_training(config, labels)
    with torch.no_grad():
        outputs = model(
            input_ids=source, decoder_input_ids=read, output_attentions=True,
            output_hidden_states=True,
        )  # fmt: skip
    bridge = getattr(model, "enc_to_dec_proj", None)
    if bridge is not None:  # what the decoder hears
        outputs.encoder_last_hidden_state = bridge(outputs.encoder_last_hidden_state).detach()
    return read[0].tolist(), outputs
