"""A text run in pieces is the text run at once, for every causal stack, ours and transformers'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from forward_models import ALL, Made, one_way
from transformers.modeling_outputs import BaseModelOutput

from inspector.forward.cache import Cache
from inspector.forward.model import forward
from inspector.records import Array, SilenceHead, Text, Trace

BOTH: tuple[Any, Any] = ("layers", "logits")
#: Where a text of 14 tokens, or a target of 9, is cut: a prefix, token by token, a chunk.
CUTS = {14: (0, 5, 6, 7, 11, 14), 9: (0, 3, 4, 5, 9)}
#: float32 as the house compares passes; float64, and where scores are rounded to float32 all the
#: same: there the last digit may fall on either side.
FLOAT32, FLOAT64, ROUNDED = 1e-5, 1e-12, 1e-5


#: In every test of this module's scope: a variant's follow one another, and it is made once.
CAUSAL = [variant for variant in ALL if one_way(variant)]
#: Its tokens are turned at other speeds when the text gets longer, and those before stay as read.
GROWS_OTHERWISE = "phi3 longrope, long texts"


def pieces_of(text: Text) -> list[Text]:
    return [Text.of_ids(text.ids[slice(*edges)]) for edges in pairwise(CUTS[len(text)])]


def run_in_pieces(it: Made, **options: Any) -> list[Trace]:
    cache = Cache()
    traces = []
    for piece in pieces_of(it.text if it.target is None else it.target):
        one = (piece, None) if it.target is None else (it.text, piece)
        traces.append(forward(it.checkpoint, *one, cache=cache, keep=BOTH, **options))
    assert cache.tokens == len(it.text if it.target is None else it.target)
    return traces


def largest(ours: Array, theirs: Array) -> float:
    return float(np.abs(ours - theirs).max() / max(1.0, float(np.abs(theirs).max())))


def apart(pieces: Sequence[Trace], whole: Trace) -> dict[str, float]:
    """Return how far the pieces, one after the other, lie from the whole."""
    found = {"attention": 0.0, "hidden": 0.0, "output": 0.0}
    for layer in whole.layers:
        there = [
            [one for one in piece.layers if (one.site, one.layer) == (layer.site, layer.layer)]
            for piece in pieces
        ]
        # The encoder has run once, in the first piece; everything else in each.
        assert [len(one) for one in there] == [
            int(layer.site != "encoder" or number == 0) for number in range(len(pieces))
        ]
        parts = [one for ones in there for one in ones]
        keys = layer.attention.shape[2]
        padded = [
            np.pad(part.attention, ((0, 0), (0, 0), (0, keys - part.attention.shape[2])))
            for part in parts
        ]
        pairs = {
            "attention": (np.concatenate(padded, axis=1), layer.attention),
            "hidden": (np.concatenate([part.hidden for part in parts]), layer.hidden),
            "output": (
                np.concatenate([part.output for part in parts if part.output is not None]),
                layer.output,
            ),
        }
        for name, (mine, its) in pairs.items():
            assert its is not None
            found[name] = max(found[name], largest(mine, its))
    for what in ("final", "logits"):
        parts_of = np.concatenate([getattr(piece, what) for piece in pieces])
        found[what] = largest(parts_of, getattr(whole, what))
    return found


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "variant", [one for one in CAUSAL if one != GROWS_OTHERWISE], scope="module"
)
def test_pieces_beside_the_whole(made: Callable[[str], Made], variant: str, dtype: Any) -> None:
    it = made(variant)
    whole = forward(it.checkpoint, it.text, it.target, keep=BOTH, dtype=dtype)
    found = apart(run_in_pieces(it, dtype=dtype), whole)
    bound = FLOAT32 if dtype is np.float32 else FLOAT64
    if it.family.added is not None and it.family.added.kind == "alibi":
        bound = max(bound, ROUNDED)
    assert max(found.values()) <= bound, found


@pytest.mark.parametrize("variant", CAUSAL, scope="module")
def test_pieces_beside_transformers_with_its_cache(
    made: Callable[[str], Made], variant: str
) -> None:
    """Theirs forgets keys that a window has passed; to ours they weigh nothing."""
    it = made(variant)
    site = "self" if it.target is None else "decoder"
    read = it.text if it.target is None else it.target
    ids, past, encoded = torch.from_numpy(read.ids[None]), None, None
    # Its older releases have another name for it.
    named = "cache" if "cache" in signature(it.model.forward).parameters else "past_key_values"
    if named not in signature(it.model.forward).parameters:
        pytest.skip("transformers' own has no cache")
    for edges, ours in zip(pairwise(CUTS[len(read)]), run_in_pieces(it), strict=True):
        inputs: dict[str, Any] = {named: past, "use_cache": True}
        piece = ids[:, slice(*edges)]
        if it.target is None:
            inputs["input_ids"] = piece
        else:
            source = torch.from_numpy(it.text.ids[None])
            inputs |= {"decoder_input_ids": piece, "encoder_outputs": encoded}
            inputs["attention_mask"] = torch.ones_like(source)
            inputs["input_ids"] = source if encoded is None else None
        with torch.no_grad():
            theirs = it.model(**inputs, output_attentions=True)
        past = theirs[named]
        assert ours.logits is not None
        assert largest(ours.logits, theirs.logits[0].numpy()) <= 3e-5
        if it.target is not None:
            encoded = BaseModelOutput(last_hidden_state=theirs.encoder_last_hidden_state)
        rows = {site: theirs.attentions if it.target is None else theirs.decoder_attentions}
        if it.target is not None:
            rows["cross"] = theirs.cross_attentions
        for at, weights in rows.items():
            mine = [layer.attention for layer in ours.layers if layer.site == at]
            assert len(mine) == len(weights) >= 3
            for attention, its in zip(mine, weights, strict=True):
                seen = its.shape[-1]
                assert largest(attention[:, :, -seen:], its[0].numpy()) <= 3e-5
                assert not attention[:, :, :-seen].any()


@pytest.mark.parametrize("variant", ["bart", "t5"])
def test_a_source_with_padding(made: Callable[[str], Made], variant: str) -> None:
    it = made(variant)
    text, present = it.padded("padded left")
    assert it.target is not None
    whole = forward(it.checkpoint, text, it.target, present=present, keep=BOTH)
    cache = Cache()
    pieces = [
        forward(it.checkpoint, text, piece, present=present, keep=BOTH, cache=cache)
        for piece in pieces_of(it.target)
    ]
    assert max(apart(pieces, whole).values()) <= FLOAT32


@pytest.mark.parametrize(("variant", "site"), [("llama", "self"), ("t5", "cross")])
def test_a_silenced_head_stays_silent(made: Callable[[str], Made], variant: str, site: Any) -> None:
    it = made(variant)
    edits = (SilenceHead(layer=1, head=2, site=site),)
    whole = forward(it.checkpoint, it.text, it.target, keep=BOTH, edits=edits)
    assert max(apart(run_in_pieces(it, edits=edits), whole).values()) <= FLOAT32


def test_memory_grows_and_what_was_read_stays(made: Callable[[str], Made]) -> None:
    """Longer than what memory is laid out for at first: 200 tokens in pieces of 1, 2, … 7."""
    it = made("llama")
    text = Text.of_ids(np.random.default_rng(2).integers(5, 32, 200))
    whole = forward(it.checkpoint, text, keep=("logits",), dtype=np.float64)
    cache, rows, start = Cache(), [], 0
    while start < len(text):
        piece = Text.of_ids(text.ids[start : start + 1 + len(rows) % 7])
        trace = forward(it.checkpoint, piece, keep=("logits",), cache=cache, dtype=np.float64)
        rows.append(trace.logits)
        start += len(piece)
        assert cache.tokens == start
    assert whole.logits is not None
    assert largest(np.concatenate([row for row in rows if row is not None]), whole.logits) <= 1e-11


def test_a_pass_that_fails_leaves_the_cache_as_it_was(
    made: Callable[[str], Made], monkeypatch: pytest.MonkeyPatch
) -> None:
    from inspector.forward import model

    it = made("llama")
    whole = forward(it.checkpoint, it.text, keep=BOTH)
    first, *others = pieces_of(it.text)
    cache = Cache()
    traces = [forward(it.checkpoint, first, keep=BOTH, cache=cache)]
    run_block = model.run_block

    def fail(states: Array, block: Any, layer: int, around: Any) -> Any:
        if layer == 2:
            raise KeyboardInterrupt
        return run_block(states, block, layer, around)

    with monkeypatch.context() as patch:
        patch.setattr(model, "run_block", fail)
        with pytest.raises(KeyboardInterrupt):
            forward(it.checkpoint, it.text, keep=BOTH, cache=cache)
    assert cache.tokens == len(first)
    traces += [forward(it.checkpoint, piece, keep=BOTH, cache=cache) for piece in others]
    assert max(apart(traces, whole).values()) <= FLOAT32


def test_a_pass_with_a_cache_says_nothing_of_what_it_did_not_compute(
    made: Callable[[str], Made],
) -> None:
    it = made("llama")
    trace = forward(it.checkpoint, it.text, cache=Cache())
    assert trace.computed == ()
    assert len(trace.layers) == 3


@pytest.mark.parametrize(
    ("variant", "options", "said"),
    [
        ("bert", {}, "only where attention is causal"),
        ("llama", {"present": np.ones(14, dtype=np.bool_)}, "nor with padding"),
        ("llama", {"from_layer": 1, "states": np.zeros((14, 24), np.float32)}, "from_layer"),
    ],
)
def test_what_cannot_be_read_on_is_refused(
    made: Callable[[str], Made], variant: str, options: dict[str, Any], said: str
) -> None:
    it = made(variant)
    with pytest.raises(ValueError, match=said):
        forward(it.checkpoint, it.text, cache=Cache(), **options)


def test_a_cache_goes_on_with_what_it_began_with(made: Callable[[str], Made]) -> None:
    it = made("bart")
    assert it.target is not None
    cache = Cache()
    forward(it.checkpoint, it.text, it.target, cache=cache)
    other = Text.of_ids(it.text.ids[::-1].copy())
    for text, dtype in ((other, np.float32), (it.text, np.float64)):
        with pytest.raises(ValueError, match="that it began with"):
            forward(it.checkpoint, text, it.target, cache=cache, dtype=dtype)
    with pytest.raises(ValueError, match="that it began with"):
        forward(made("t5").checkpoint, it.text, it.target, cache=cache)
