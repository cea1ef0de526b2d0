"""Tokenizers of every kind, trained on the spot on a few lines."""

from __future__ import annotations

from typing import Any

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast


def kinds(lines: list[str]) -> dict[str, Any]:
    """A tokenizer of every kind, whose pieces are little more than letters of ``lines``."""
    return {
        "WordPiece": _wordpiece(lines),
        "byte-level BPE": _byte_level(lines, trim=False),
        "byte-level BPE, spans trimmed": _byte_level(lines, trim=True),
        "byte-level BPE, no words": _byte_level(lines, trim=False, words=False),
        "SentencePiece BPE": _sentencepiece(lines, split=True),
        "SentencePiece BPE, no words": _sentencepiece(lines, split=False),
        "SentencePiece BPE, normalizer": _sentencepiece(lines, split=None),
        "Unigram": _unigram(lines, split=True),
        "Unigram, no words": _unigram(lines, split=False),
    }


def wrapped(tokenizer: Tokenizer, **named: str) -> Any:
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)


def _wordpiece(lines: list[str]) -> Any:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer: Any = trainers.WordPieceTrainer(vocab_size=1, special_tokens=special)
    made.train_from_iterator(lines, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return wrapped(
        made, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
    )


def _byte_level(lines: list[str], *, trim: bool, words: bool = True) -> Any:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=words)
    made.post_processor = processors.ByteLevel(trim_offsets=trim)
    made.decoder = decoders.ByteLevel()
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer: Any = trainers.BpeTrainer(vocab_size=256, initial_alphabet=alphabet)
    made.train_from_iterator(lines, trainer)
    return wrapped(made)


def _sentencepiece(lines: list[str], *, split: bool | None) -> Any:
    """As Llama's: ``split`` None has no pre-tokenizer at all."""
    letters = sorted({letter for line in lines for letter in line} - set("鬱— \n"))
    named = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *letters]
    vocabulary = {name: at for at, name in enumerate(named)}
    model = models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True)
    made = Tokenizer(model)
    if split is None:
        spaces = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        made.normalizer = normalizers.Sequence(spaces)
    else:
        made.pre_tokenizer = pre_tokenizers.Metaspace(split=split)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return wrapped(made, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


def _unigram(lines: list[str], *, split: bool) -> Any:
    letters = sorted({letter for line in lines for letter in line.replace(" ", "▁")})
    whole = ["▁the", "▁cat", "▁sat"]
    scored = [("<unk>", 0.0), *((one, -1.0) for one in whole), *((one, -9.0) for one in letters)]
    made = Tokenizer(models.Unigram(scored, unk_id=0))
    made.pre_tokenizer = pre_tokenizers.Metaspace(split=split)
    return wrapped(made, unk_token="<unk>")
