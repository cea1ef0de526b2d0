"""The row of an encoder–decoder that is put together of two families, made of their two rows.

transformers' ``EncoderDecoderModel`` (Rothe et al. 2020, "Leveraging Pre-trained Checkpoints for
Sequence Generation Tasks"): any encoder, and a decoder whose layers attend to its last states.
"""

from __future__ import annotations

from dataclasses import replace

from inspector.families.parts import OneOf, Only, Where, WordHead
from inspector.families.spec import Family

PAIR = "encoder-decoder"

#: The families that may be either half: those that read both ways, and those whose layers can
#: attend to another model's states.
HALVES = {
    "encoder": (
        "bert", "roberta", "xlm-roberta", "electra", "distilbert", "albert", "mpnet", "deberta",
        "deberta-v2", "modernbert", "camembert", "ernie", "megatron-bert", "rembert",
        "xlm-roberta-xl", "roberta-prelayernorm", "data2vec-text", "xmod", "bert-generation",
        "esm", "big_bird", "nomic_bert", "eurobert", "roformer", "flaubert", "xlm",
    ),
    "decoder": (
        "bert", "roberta", "xlm-roberta", "electra", "camembert", "ernie", "rembert",
        "xlm-roberta-xl", "roberta-prelayernorm", "data2vec-text", "bert-generation", "gpt2",
    ),
}  # fmt: skip

#: What is so of a decoder as the half of a pair, whatever its family's row says of it alone.
_AS_DECODER = ("is_decoder", "add_cross_attention")


def pair(encoder: Family, decoder: Family) -> Family:
    """Return the row of a model put together of two families.

    Raises
    ------
    ValueError
        When the decoder's row says of no attention on another model's states.
    """
    if decoder.crossed is None:
        raise ValueError(f"the row of {decoder.model_type} has no cross-attention")
    own = replace(
        decoder,
        model_type=PAIR,
        site="decoder",
        within="decoder",
        stands=f"decoder.{decoder.prefix}",
        causal=True,
        causal_if="",
        crossed=None,
        head=None,
        requires={},
    )
    crossed = decoder.crossed
    cross = replace(
        own,
        site="cross",
        query=crossed.query,
        key=crossed.key,
        value=crossed.value,
        fused="",
        keys_values=crossed.keys_values,
        output=crossed.output,
        entry=crossed.entry,
        norm=crossed.norm,
        norm_after=crossed.norm_after,
        causal=False,
        body=None,
    )
    return replace(
        encoder,
        model_type=PAIR,
        site="encoder",
        within="encoder",
        stands="encoder",
        bridge="enc_to_dec_proj",
        crossed=None,
        others=(own, cross),
        head=None if decoder.head is None else _head(decoder.head),
        requires={
            **{f"encoder.{name}": value for name, value in encoder.requires.items()},
            **{f"decoder.{name}": value for name, value in decoder.requires.items()},
            **{
                f"decoder.{name}": True
                for name in _AS_DECODER
                if name in decoder.requires or name == decoder.causal_if
            },
            # It would say that keys and values are made of states as wide as the encoder's.
            "decoder.cross_attention_hidden_size": None,
        },
    )


def any_pair(encoder: Family, decoder: Family) -> Family:
    """Return the row that stands for all pairs: one of them, and which halves there may be."""
    return replace(
        pair(encoder, decoder),
        requires={f"{half}.model_type": OneOf(names) for half, names in HALVES.items()},
    )


def _head(head: WordHead) -> WordHead:
    """Return a decoder's head for words as a whole file has it, whatever kind it is alone."""
    return replace(
        head,
        architecture="EncoderDecoderModel",
        kind="seq2seq",
        transform=_within(head.transform),
        norm=_within(head.norm),
        words=tuple(f"decoder.{path}" for path in head.words),
        bias=tuple(f"decoder.{path}" for path in head.bias),
    )


def _within(where: Where) -> Where:
    """Return where a module of the decoder lies in the whole."""
    if isinstance(where, str):
        return where and f"decoder.{where}"
    if isinstance(where, Only):
        return replace(where, path=f"decoder.{where.path}")
    return tuple(replace(one, path=f"decoder.{one.path}") for one in where)
