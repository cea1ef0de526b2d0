"""Edits of our own forward beside hooks on the real model, and what must be so of any of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from edited_models import (
    SHAPES,
    furthest,
    heads_of,
    hooked,
    keeping_all,
    kinds_of,
)
from forward_models import ALL, Made
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.checkpoint.model.assemble import assemble
from inspector.forward.cache import Cache
from inspector.forward.model import forward
from inspector.forward.variants import run_variants
from inspector.records import (
    Array,
    BlockEdge,
    BlockToken,
    Edit,
    PatchHead,
    SilenceHead,
    SiteName,
    Text,
    Trace,
)

BOUND = 1e-5
#: Scores without a scale, and so large that rounding alone does as much.
_ROUGH = {"t5, gated": 1e-4, "mt5": 1e-4}


def ours(it: Made, *edits: Edit, **options: Any) -> Trace:
    return forward(
        it.checkpoint, it.text, it.target, edits=edits, keep=("layers", "logits"), **options
    )


@pytest.mark.parametrize("variant", ALL)
def test_every_kind_beside_hooks(made: Callable[[str], Made], variant: str) -> None:
    it = made(variant)
    plain = ours(it)
    for edits in kinds_of(it):
        theirs, edited = hooked(it, *edits), ours(it, *edits)
        bound = _ROUGH.get(variant, BOUND)
        assert furthest(edited.final, theirs.final) <= bound, edits
        assert furthest(edited.logits, theirs.logits) <= bound, edits
        for layer in edited.layers:
            assert furthest(layer.attention, theirs.attention[layer.site, layer.layer]) <= bound
        # Were nothing changed on either side, both would be alike too.
        unseen = isinstance(edits[0], BlockEdge) and _is_unseen(plain, edits[0])
        assert unseen or furthest(edited.final, plain.final) > 1e-4, edits


def _is_unseen(plain: Trace, edge: BlockEdge) -> bool:
    """Whether nobody looked along an edge in any of its layers: it lies outside every window."""
    return not any(
        layer.attention[:, edge.query, edge.key].any()
        for layer in plain.layers
        if layer.site == edge.site and edge.first <= layer.layer <= edge.last
    )


@pytest.fixture(scope="module")
def kept() -> Callable[[str], Made]:
    return keeping_all()


def _some(it: Made, draw: Any) -> list[Edit]:
    """Draw some edits of any kind, of which none is of a head that another is of."""
    edits: list[Edit] = []
    heads = st.lists(st.sampled_from(heads_of(it)), max_size=4, unique=True)
    for site, layer, head in draw(heads):
        rows = len(it.text if site in ("self", "encoder") else it.target or ())
        row = next(row for row in it.family.sites if row.site == site)
        stack = it.model.base_model.get_submodule(row.stands)
        projection = stack.get_submodule(row.layer_paths(it.model.config)[layer])
        width = _width(projection.get_submodule(row.output))
        size = width // getattr(row.own(it.model.config), row.heads)
        patch = np.random.default_rng(head).normal(size=(rows, size)).astype(np.float32)
        edits.append(
            draw(
                st.sampled_from(
                    [
                        SilenceHead(layer, head, site),
                        SilenceHead(layer, head, site, "mean"),
                        PatchHead(layer, head, patch, site),
                    ]
                )
            )
        )
    sides: list[Any] = [("text", it.text)] + [("target", it.target)] * (it.target is not None)
    for of, side in draw(st.lists(st.sampled_from(sides), max_size=2)):
        edits.append(BlockToken(draw(st.integers(0, len(side) - 1)), of))
    for row in draw(st.lists(st.sampled_from(it.family.sites), max_size=2)):
        asking, asked = (
            (it.text, it.text)
            if it.target is None or row.site == "encoder"
            else (it.target, it.target if row.site == "decoder" else it.text)
        )
        query, key = draw(st.integers(0, len(asking) - 1)), draw(st.integers(0, len(asked) - 1))
        first, last = sorted(draw(st.tuples(st.integers(0, 2), st.integers(0, 2))))
        if row.site == "cross" or query != key:
            edits.append(BlockEdge(query, key, first, last, row.site))
    return edits


def _width(projection: Any) -> int:
    """What enters a projection: transformers' ``Conv1D`` has its weight turned."""
    weight = projection.weight
    return int(weight.shape[1] if isinstance(projection, torch.nn.Linear) else weight.shape[0])


@settings(max_examples=60)
@given(data=st.data(), variant=st.sampled_from(SHAPES))
def test_any_edits_at_once(kept: Callable[[str], Made], data: st.DataObject, variant: str) -> None:
    """Edits compose: beside hooks, whatever their order, and with all below them not run again."""
    it = kept(variant)
    edits = _some(it, data.draw)
    edited = ours(it, *edits)
    assert furthest(edited.final, hooked(it, *edits).final) <= BOUND
    turned = ours(it, *data.draw(st.permutations(edits)))
    np.testing.assert_array_equal(turned.final, edited.final)
    (outcome,) = run_variants(it.checkpoint, ours(it), [edits])
    assert furthest(outcome.final[0], edited.final) <= BOUND


def _rebuilt(it: Made, change: Callable[[dict[str, Array]], None]) -> Made:
    """Return a variant with other weights."""
    tensors = {name: one.numpy().copy() for name, one in it.model.state_dict().items()}
    change(tensors)
    config = it.model.config
    built = assemble(tensors, it.family, config, "changed", architectures=config.architectures)
    again = object.__new__(Made)
    again.__dict__ |= it.__dict__ | {"checkpoint": replace(it.checkpoint, model=built)}
    return again


@given(head=st.integers(0, 3), layer=st.integers(0, 2))
@settings(max_examples=12)
@pytest.mark.parametrize("to", ["zero", "mean"])
def test_a_head_whose_values_are_zero_is_silent(
    kept: Callable[[str], Made], head: int, layer: int, to: Any
) -> None:
    def change(tensors: dict[str, Array]) -> None:
        for part in ("weight", "bias"):
            name = f"bert.encoder.layer.{layer}.attention.self.value.{part}"
            tensors[name][6 * head : 6 * head + 6] = 0

    it = _rebuilt(kept("bert"), change)
    np.testing.assert_array_equal(ours(it, SilenceHead(layer, head, to=to)).final, ours(it).final)


@given(query=st.integers(0, 13), key=st.integers(0, 13), last=st.integers(0, 2))
@settings(max_examples=30)
@pytest.mark.parametrize("variant", ["gpt2", "mistral", "modernbert"])
def test_an_edge_of_no_weight_is_none(
    kept: Callable[[str], Made], query: int, key: int, last: int, variant: str
) -> None:
    """Blocked ahead, or outside a window, it changes nothing; else something."""
    it = kept(variant)
    plain = ours(it)
    edge = BlockEdge(query, key, 0, last)
    if query == key:
        return
    same = np.array_equal(ours(it, edge).final, plain.final)
    assert same == _is_unseen(plain, edge)


def test_a_token_out_of_everybodys_window_is_not_missed(kept: Callable[[str], Made]) -> None:
    """Three layers whose windows reach 3 back: nothing comes from further than 9."""
    it = kept("mistral")
    plain = ours(it)
    assert plain.final is not None
    for token in range(13):
        edited = ours(it, BlockToken(token)).final
        assert edited is not None
        np.testing.assert_array_equal(edited[token + 10 :], plain.final[token + 10 :])
        np.testing.assert_array_equal(edited[: token + 1], plain.final[: token + 1])
        assert (edited[token + 1] != plain.final[token + 1]).any()


@pytest.mark.parametrize("variant", ["bert", "gpt2", "llama", "gpt_neox", "gemma2"])
def test_all_heads_silent_leave_the_bias(kept: Callable[[str], Made], variant: str) -> None:
    """As the real model does without the sub-layer, but for its output's bias."""
    it = kept(variant)
    row = it.family
    layer = it.model.base_model.get_submodule(row.layer_paths(it.model.config)[1])
    projection = layer.get_submodule(row.output)

    def instead(_module: Any, _given: Any, gave: torch.Tensor) -> torch.Tensor:
        bias = projection.bias
        return torch.zeros_like(gave) if bias is None else torch.zeros_like(gave) + bias

    handle = projection.register_forward_hook(instead)
    try:
        theirs = hooked(it)
    finally:
        handle.remove()
    edited = ours(it, *(SilenceHead(1, head) for head in range(4)))
    assert furthest(edited.final, theirs.final) <= BOUND


@pytest.mark.parametrize(
    ("variant", "side"),
    [
        ("bert", "padded right"), ("gpt2", "padded right"), ("mpnet", "padded right"),
        ("bart", "padded right"), ("llama", "padded left"), ("t5", "padded left"),
    ],
)  # fmt: skip
def test_padding_takes_no_part(made: Callable[[str], Made], variant: str, side: str) -> None:
    """Neither in a head's mean nor in anything else: as the text alone."""
    it = made(variant)
    text, present = it.padded(side)
    assert present is not None
    alone = Text.of_ids(text.ids[present])
    if text.token_types is not None:
        alone = replace(alone, token_types=text.token_types[present])
    mean, site = SilenceHead(1, 2, it.family.site, "mean"), it.family.sites[-1].site
    more = (mean, SilenceHead(0, 1, site, "mean"))
    whole = forward(it.checkpoint, alone, it.target, edits=(*more, BlockToken(3)))
    blocked = BlockToken(int(np.flatnonzero(present)[3]))
    padded = forward(it.checkpoint, text, it.target, edits=(*more, blocked), present=present)
    assert whole.final is not None and padded.final is not None
    rows = present if it.target is None else slice(None)
    assert furthest(padded.final[rows], whole.final) <= BOUND


@pytest.mark.parametrize("cut", [1, 5, 8])
@pytest.mark.parametrize("variant", ["gpt2", "bart"])
def test_a_text_that_is_read_on(made: Callable[[str], Made], variant: str, cut: int) -> None:
    """Read in two pieces with the same edits a causal text ends as in one."""
    it = made(variant)
    own, read = it.family.sites[min(1, len(it.family.others))].site, it.target or it.text
    patch = np.random.default_rng(0).normal(size=(len(read), 6)).astype(np.float32)
    of = "text" if it.target is None else "target"
    edits: list[Edit] = [
        SilenceHead(0, 1, own), PatchHead(2, 3, patch, own), BlockToken(2, of),
        BlockEdge(7, 3, 0, 2, own), BlockEdge(0, 7, 0, 2, own),
    ]  # fmt: skip
    if it.target is not None:
        edits += [PatchHead(0, 2, patch, "cross"), BlockEdge(7, 11, 0, 1, "cross"), BlockToken(4)]
    whole, cache, ended = ours(it, *edits).final, Cache(), []
    for ids in (read.ids[:cut], read.ids[cut:]):
        piece = Text.of_ids(ids)
        texts = (piece,) if it.target is None else (it.text, piece)
        ended.append(forward(it.checkpoint, *texts, edits=edits, cache=cache).final)
    assert furthest(np.concatenate(ended), whole) <= BOUND
    sites: list[SiteName] = [own] if it.target is None else [own, "cross"]
    for site in sites:
        with pytest.raises(ValueError, match="mean over the text does not go with a cache"):
            forward(it.checkpoint, *texts, edits=[SilenceHead(0, 1, site, "mean")], cache=cache)
