"""Good models that the hostile things are tried on, small and random: made once for a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from seq2seq_models import random_encoder_decoder
from small_models import perturb, random_bert, save
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

from inspector.checkpoint import bundled
from inspector.families.small import SMALL

#: Damaged by ``checkpoints``.
CHECKPOINTS = ("bert", "llama", "bart", "visual_bert", "bert-to-bert")
#: Each reads sentences by another kind of tokenizer; none has a token for what it does not know
#: but the first two.
READERS = ("wordpiece", "unigram", "bytes", "metaspace")
#: Tokens that fit into a reader.
WINDOW = 64

_LETTERS = "the cat sat on mat because it was tired and we are here . , ! é 我 т א"


def make_models(place: Path) -> None:
    """Save them all in ``place``."""
    torch.manual_seed(0)
    llama = AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", **SMALL["llama"]))
    unknown = AutoModel.from_config(AutoConfig.for_model("visual_bert", **SMALL["bert"]))
    for model in (llama, unknown):
        perturb(model, seed=5)
    random_bert(place / "bert")
    save(llama, place / "llama")
    random_encoder_decoder("bart", place / "bart")
    random_encoder_decoder("bert to bert", place / "bert-to-bert")
    save(unknown, place / "visual_bert")
    _reader(place / "wordpiece", "bert", _bundled())
    _reader(place / "unigram", "xlm-roberta", _unigram())
    _reader(place / "bytes", "gpt2", _bytes())
    _reader(place / "metaspace", "llama", _metaspace())


def _reader(folder: Path, model_type: str, tokens: Any) -> None:
    sizes = dict(SMALL[model_type])
    for key in ("max_position_embeddings", "n_positions"):
        if key in sizes:
            # RoBERTa's positions start behind its padding index.
            sizes[key] = WINDOW + 2 * (model_type == "xlm-roberta")
    sizes |= {"vocab_size": len(tokens), "pad_token_id": tokens.pad_token_id}
    model = AutoModel.from_config(AutoConfig.for_model(model_type, **sizes))
    perturb(model, seed=6)
    folder.mkdir()
    model.save_pretrained(folder)
    tokens.model_max_length = WINDOW
    tokens.save_pretrained(folder)


def _bundled() -> Any:
    """A real vocabulary, with its lower-casing and its stripping of accents."""
    return AutoTokenizer.from_pretrained(bundled.place())


def _unigram() -> Any:
    pieces = [("<pad>", 0.0), ("<unk>", -20.0), ("<s>", 0.0), ("</s>", 0.0), ("▁", -2.0)]
    pieces += [(f"▁{word}", -5.0) for word in _LETTERS.split()]
    pieces += [(letter, -8.0) for letter in sorted({*_LETTERS} - {" "} - {".", ",", "!"})]
    made = Tokenizer(models.Unigram(pieces, unk_id=1))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)]
    )
    return _fast(made, unk="<unk>", bos="<s>", eos="</s>", pad="<pad>")


def _bytes() -> Any:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    entries = {letter: at for at, letter in enumerate(["<|endoftext|>", *letters])}
    made = Tokenizer(models.BPE(entries, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return _fast(made, eos="<|endoftext|>", pad="<|endoftext|>")


def _metaspace() -> Any:
    """As Llama's: the text is one stretch to it, and what it does not know falls into bytes."""
    pieces = ["<pad>", "<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    pieces += sorted({*_LETTERS} - {" "})
    entries = {piece: at for at, piece in enumerate(dict.fromkeys(pieces))}
    made = Tokenizer(models.BPE(entries, [], byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 2)]
    )
    return _fast(made, unk="<unk>", bos="<s>", eos="</s>", pad="<pad>")


def _fast(made: Tokenizer, **special: str) -> Any:
    named = {f"{name}_token": token for name, token in special.items()}
    return PreTrainedTokenizerFast(tokenizer_object=made, **named)
