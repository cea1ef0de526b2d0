"""What is shown is attention, for every model: else one sentence that says what was given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import perturb, save
from transformers import AutoConfig, AutoModel, AutoTokenizer

import inspector
from inspector.errors import ModelError
from inspector.families.small import SMALL
from inspector.referee.faults.attention_check import refuse_no_attention
from inspector.referee.streaming import Stream

SENTENCE = "the cat sat on the mat because it was tired"
BERT = SMALL["bert"]
BART = SMALL["bart"]
LLAMA = SMALL["llama"] | {"num_hidden_layers": 4, "hidden_size": 32}

#: Models that give something else under the name of attention, and what is said of it.
STRANGE: dict[str, tuple[dict[str, Any], str, str]] = {
    "longformer": (BERT | {"attention_window": 4}, SENTENCE, "numbers, which do not follow"),
    "squeezebert": (BERT | {"embedding_size": 24}, SENTENCE, "below zero"),
    "big_bird": (
        BERT | {"max_position_embeddings": 128, "block_size": 2, "num_random_blocks": 1},
        "the cat sat on the mat " * 8,
        "do not follow",
    ),
    "led": (
        BART | {"max_encoder_position_embeddings": 64, "max_decoder_position_embeddings": 64,
                "attention_window": 4},
        SENTENCE,
        "do not follow",
    ),
    "yoso": (BERT | {"use_expectation": True}, SENTENCE, "gives no attention weights"),
    "fnet": ({key: BERT[key] for key in BERT if "heads" not in key}, SENTENCE, "no attention"),
    "prophetnet": (
        {"vocab_size": 32, "hidden_size": 24, "num_encoder_layers": 2, "num_decoder_layers": 2,
         "num_encoder_attention_heads": 4, "num_decoder_attention_heads": 4, "ngram": 2,
         "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 64,
         "pad_token_id": 0, "decoder_start_token_id": 2},
        SENTENCE,
        "no attention",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Any], Path]:
    place = tmp_path_factory.mktemp("strange")

    def make(model_type: str, options: Any) -> Path:
        folder = place / model_type
        if not folder.exists():
            torch.manual_seed(0)
            model = AutoModel.from_config(AutoConfig.for_model(model_type, **options))
            perturb(model, seed=3)
            save(model, folder)
        return folder

    return make


@pytest.mark.parametrize("model_type", STRANGE)
def test_what_is_no_attention_is_refused(
    folders: Callable[[str, Any], Path], model_type: str
) -> None:
    options, text, said = STRANGE[model_type]
    model = inspector.load(folders(model_type, options))
    with pytest.raises(ModelError, match=said) as caught:
        inspector.inspect(text, target="we are" if model.takes_target else None, model=model)
    assert model_type in caught.value.message
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize("text", ["the", "the cat", "the cat sat"])
def test_a_window_as_wide_as_the_text_is_found_out(
    folders: Callable[[str, Any], Path], text: str
) -> None:
    """Five columns, and with "the cat sat" five tokens: the rows sum to 1 and are no attention."""
    model = inspector.load(folders("longformer", BERT | {"attention_window": 4}))
    with pytest.raises(ModelError, match="do not follow"):
        inspector.inspect(text, model=model)


@pytest.mark.parametrize(
    ("attention", "sinks", "said"),
    [
        ([[0.5, 0.5], [0.3, 0.7]], False, None),
        ([[0.5, 0.5], [0.3, 0.6]], False, "sum to between 0.9 and 1"),
        ([[0.5, 0.5], [0.3, 0.6]], True, None),
        ([[0.5, 0.5], [0.5, 0.6]], True, "sum to between 1 and 1.1"),
        ([[1.5, -0.5], [0.5, 0.5]], False, "down to -0.5"),
        ([[0.5, 0.5], [np.nan, 0.5]], True, "not finite"),
        ([[0.5, 0.5], [np.inf, 0.5]], True, "not finite"),
        ([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], False, "1 × 2 × 3 numbers"),
    ],
)
def test_shape_sign_finiteness_and_row_sums(attention: Any, sinks: bool, said: str | None) -> None:
    given = np.array([attention], dtype=np.float32)
    if said is None:
        refuse_no_attention("a model", "self", 3, given, (2, 2), sinks=sinks)
        return
    with pytest.raises(ModelError, match=said) as caught:
        refuse_no_attention("a model", "self", 3, given, (2, 2), sinks=sinks)
    assert "layer 3" in caught.value.message


def test_a_corpus_is_read_of_attention_only(folders: Callable[[str, Any], Path]) -> None:
    for model_type in ("squeezebert", "longformer"):
        options, _, _ = STRANGE[model_type]
        with pytest.raises(ModelError, match="is no attention"):
            Stream(inspector.load(folders(model_type, options)))


# --- hybrids ----------------------------------------------------------------------------------

HYBRIDS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "lfm2": ({"layer_types": ["conv", "full_attention", "conv", "full_attention"]}, [1, 3]),
    "jamba": (
        {"attn_layer_period": 3, "attn_layer_offset": 2, "expert_layer_period": 2,
         "num_experts": 2, "use_mamba_kernels": False, "mamba_d_state": 4, "mamba_dt_rank": 4},
        [2],
    ),
    # Its attention modules count themselves and not the layers.
    "zamba2": (
        {"mamba_d_state": 8, "n_mamba_heads": 8, "use_mamba_kernels": False,
         "layers_block_type": ["mamba", "hybrid", "mamba", "hybrid"]},
        [1, 3],
    ),
}  # fmt: skip


@pytest.mark.parametrize("model_type", HYBRIDS)
def test_layers_keep_the_models_own_numbers(
    folders: Callable[[str, Any], Path], model_type: str
) -> None:
    options, expected = HYBRIDS[model_type]
    folder = folders(model_type, LLAMA | options)
    found = inspector.inspect(SENTENCE, model=folder)
    assert found.verification.verdict == "consistent"
    assert [layer.layer for layer in found.trace.layers] == expected
    assert [check.layer for check in found.verification.layers] == expected
    assert found.attention(expected[-1], 0).shape[0] == len(found.tokens)
    with pytest.raises(IndexError):
        found.attention(0, 0)

    theirs = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    entered: dict[int, Any] = {}
    for number, layer in enumerate(theirs.layers):
        layer.register_forward_pre_hook(
            lambda _m, args, named, number=number: entered.update(
                {number: args[0] if args else named["hidden_states"]}
            ),
            with_kwargs=True,
        )
    ids = AutoTokenizer.from_pretrained(folder)(SENTENCE, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        theirs(input_ids=ids)
    for captured in found.trace.layers:
        np.testing.assert_allclose(captured.hidden, entered[captured.layer][0], atol=1e-5)


def test_a_corpus_does_not_renumber_a_hybrid(folders: Callable[[str, Any], Path]) -> None:
    folder = folders("lfm2", LLAMA | HYBRIDS["lfm2"][0])
    with pytest.raises(ModelError, match="2 of its 4 layers"):
        Stream(inspector.load(folder))
