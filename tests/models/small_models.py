"""Models the tests build: small random ones, and a trained DistilBERT without a download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    DistilBertConfig,
    DistilBertModel,
    Qwen2Tokenizer,
)

from inspector.referee.small_models import perturb

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "mat",
    "because",
    "it",
    "was",
    "tired",
    "and",
    "we",
    "are",
    "here",
    ".",
    ",",
    "!",
    "##s",
    "##ing",
]


def tokenizer(folder: Path) -> BertTokenizer:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    return BertTokenizer(str(folder / "vocab.txt"))


def save(model: Any, folder: Path) -> Path:
    folder.mkdir()
    tokens: Any = tokenizer(folder)
    if model.config.model_type == "qwen2":  # its tokenizer is its own, whatever a folder says
        letters = ["<|endoftext|>", "Ġ", *"TheabcdimnorstuwT"]
        tokens = Qwen2Tokenizer(
            vocab={c: i for i, c in enumerate(dict.fromkeys(letters))}, merges=[]
        )
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder


def random_bert(folder: Path, **changes: Any) -> Path:
    options = {
        "vocab_size": 32,
        "hidden_size": 24,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 32,
        "max_position_embeddings": 40,
    }
    model = BertModel(BertConfig(**(options | changes)))
    perturb(model, seed=1)
    return save(model, folder)


def random_distilbert(folder: Path) -> Path:
    config = DistilBertConfig(
        vocab_size=32, dim=24, n_layers=3, n_heads=4, hidden_dim=32, max_position_embeddings=40
    )
    model = DistilBertModel(config)
    perturb(model, seed=2)
    return save(model, folder)


def fold_into_distilbert(bert: Any, tokens: Any, folder: Path) -> Path:
    """Save a BERT as the DistilBERT it is for a single segment.

    Token-type embedding 0 goes into the position embeddings, which every token receives too;
    everything else only changes its name.
    """
    config = bert.config
    model = DistilBertModel(
        DistilBertConfig(
            vocab_size=config.vocab_size,
            dim=config.hidden_size,
            n_layers=config.num_hidden_layers,
            n_heads=config.num_attention_heads,
            hidden_dim=config.intermediate_size,
            max_position_embeddings=config.max_position_embeddings,
            activation=config.hidden_act,
        )
    )
    state = bert.state_dict()
    names = {
        "attention.self.query": "attention.q_lin",
        "attention.self.key": "attention.k_lin",
        "attention.self.value": "attention.v_lin",
        "attention.output.dense": "attention.out_lin",
        "attention.output.LayerNorm": "sa_layer_norm",
        "intermediate.dense": "ffn.lin1",
        "output.dense": "ffn.lin2",
        "output.LayerNorm": "output_layer_norm",
    }
    folded = {
        "embeddings.word_embeddings.weight": state["embeddings.word_embeddings.weight"],
        "embeddings.position_embeddings.weight": state["embeddings.position_embeddings.weight"]
        + state["embeddings.token_type_embeddings.weight"][0],
        "embeddings.LayerNorm.weight": state["embeddings.LayerNorm.weight"],
        "embeddings.LayerNorm.bias": state["embeddings.LayerNorm.bias"],
    }
    for layer in range(config.num_hidden_layers):
        for theirs, ours in names.items():
            for part in ("weight", "bias"):
                folded[f"transformer.layer.{layer}.{ours}.{part}"] = state[
                    f"encoder.layer.{layer}.{theirs}.{part}"
                ]
    model.load_state_dict(folded)
    folder.mkdir()
    model.save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder
