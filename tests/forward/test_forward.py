"""The whole forward pass beside transformers' own, end to end from the ids, for every family.

Every parameter of the small models is moved, so that no bias is zero and no norm the identity.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from forward_models import ALL, TOKENS, Made, differences, random_model, run_theirs

from inspector.checkpoint.model.assemble import assemble
from inspector.families.registry import FAMILIES
from inspector.forward.model import forward
from inspector.records import Checkpoint, SilenceHead, Text

#: The house's bound is 1e-4.
FLOAT32 = 3e-5

#: The tests of a variant follow one another: it is made once.
each_variant = pytest.mark.parametrize("variant", ALL, scope="module")


@pytest.mark.parametrize("side", ["alone", "padded right", "padded left"])
@each_variant
def test_ours_beside_theirs(made: Callable[[str], Made], variant: str, side: str) -> None:
    it = made(variant)
    text, present = it.padded(side)
    real: Any = slice(None) if present is None else present
    theirs = run_theirs(it.model, text, it.target, present)
    ours = forward(it.checkpoint, text, it.target, present=present, keep=("layers", "logits"))
    assert ours.final is not None
    assert ours.final.dtype == np.float32
    found = differences(ours, theirs, real)
    assert max(found.values()) <= FLOAT32, found


@pytest.mark.parametrize("side", ["alone", "padded right", "padded left"])
@each_variant
def test_in_float64(made: Callable[[str], Made], variant: str, side: str) -> None:
    it = made(variant)
    text, present = it.padded(side)
    real: Any = slice(None) if present is None else present
    try:
        theirs = run_theirs(it.model.double(), text, it.target, present)
    finally:
        it.model.float()
    assert it.checkpoint.model is not None
    fixed = it.checkpoint.model.float32_parts
    if not np.isfinite(theirs.final[real] if it.target is None else theirs.final).all():
        # A softmax in float32 cannot hold what float64 hides padding with: its rows are NaN.
        assert fixed and present is not None
        return  # There is nothing to stand beside: transformers itself gives NaN here.
    ours = forward(
        it.checkpoint, text, it.target, present=present, keep=("layers", "logits"),
        dtype=np.float64,
    )  # fmt: skip
    assert ours.logits is not None
    assert ours.logits.dtype == np.float64
    found = differences(ours, theirs, real)
    assert max(found.values()) <= (1e-5 if fixed else 1e-9), found


def test_every_family_is_run(made: Callable[[str], Made]) -> None:
    assert {model_type for model_type, _ in ALL.values()} == set(FAMILIES)


def test_only_what_is_asked_for_is_kept(made: Callable[[str], Made]) -> None:
    it = made("bert")
    whole = forward(it.checkpoint, it.text, keep=("layers", "logits"))
    bare = forward(it.checkpoint, it.text, keep=())
    assert bare.layers == bare.computed == ()
    assert bare.logits is None
    assert whole.final is not None and bare.final is not None
    np.testing.assert_array_equal(whole.final, bare.final)


@pytest.mark.parametrize("variant", ["bert", "gpt2", "llama", "gptj", "deberta-v2, convolved"])
def test_a_pass_that_begins_in_the_middle_ends_the_same(
    made: Callable[[str], Made], variant: str
) -> None:
    it = made(variant)
    whole = forward(it.checkpoint, it.text)
    for layer in (1, 2):
        states = whole.layers[layer].hidden
        rest = forward(it.checkpoint, it.text, from_layer=layer, states=states)
        assert [one.layer for one in rest.layers] == list(range(layer, len(whole.layers)))
        assert whole.final is not None and rest.final is not None
        np.testing.assert_array_equal(rest.final, whole.final)


@pytest.mark.parametrize(
    ("variant", "site"),
    [("bert", "self"), ("llama", "self"), ("bart", "cross"), ("t5", "decoder")],
)
def test_a_silenced_head_gives_nothing(
    made: Callable[[str], Made], variant: str, site: Any
) -> None:
    """The oracle: transformers with the head's columns of the output projection at zero."""
    it = made(variant)
    row = next(row for row in it.family.sites if row.site == site)
    base = it.model.base_model
    layer = base.get_submodule(row.layer_paths(it.model.config)[1])
    weight = layer.get_submodule(row.output).weight
    before = weight.detach().clone()
    heads = getattr(row.own(it.model.config), row.heads)
    size = weight.shape[1] // heads
    with torch.no_grad():
        weight[:, 2 * size : 3 * size] = 0
    try:
        theirs = run_theirs(it.model, it.text, it.target)
    finally:
        with torch.no_grad():
            weight.copy_(before)
    edit = SilenceHead(layer=1, head=2, site=site)
    edited = forward(it.checkpoint, it.text, it.target, edits=(edit,), keep=("layers", "logits"))
    found = differences(edited, theirs, slice(None))
    assert max(found.values()) <= FLOAT32, found
    plain = forward(it.checkpoint, it.text, it.target)
    assert plain.final is not None and edited.final is not None
    assert np.abs(plain.final - edited.final).max() > 1e-3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"edits": (SilenceHead(layer=9, head=0),)}, "no layer 9"),
        ({"edits": (SilenceHead(layer=0, head=4),)}, "no head 4"),
        ({"edits": (SilenceHead(layer=0, head=0, site="cross"),)}, "no site 'cross'"),
        ({"from_layer": 1}, "belong together"),
        ({"target": Text.of_ids(np.array([5]))}, "needs a target"),
        ({"from_layer": 7, "states": np.zeros((TOKENS, 24), np.float32)}, "no layer 7"),
    ],
)
def test_what_cannot_be_is_refused(
    made: Callable[[str], Made], options: dict[str, Any], said: str
) -> None:
    it = made("bert")
    with pytest.raises(ValueError, match=said):
        forward(it.checkpoint, it.text, **options)


def test_many_tokens_over_threads_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above some tokens rows and heads are parted among threads: nothing may change."""
    from inspector import parallel

    model = random_model("bert", dict(ALL["bert"][1]) | {"max_position_embeddings": 200})
    tensors = {name: one.numpy() for name, one in model.state_dict().items()}
    built = assemble(tensors, FAMILIES["bert"], model.config, "bert", architectures=())
    checkpoint = Checkpoint("bert", "bert", "bert", None, None, (), None, model=built)
    text = Text.of_ids(np.random.default_rng(1).integers(5, 32, 150))
    passes = []
    for threads in (1, 3):
        monkeypatch.setattr(parallel.os, "cpu_count", lambda threads=threads: threads)
        passes.append(forward(checkpoint, text))
    one, three = passes
    assert one.final is not None and three.final is not None
    np.testing.assert_allclose(one.final, three.final, atol=1e-5)
    theirs = run_theirs(model, text)
    np.testing.assert_allclose(three.final, theirs.final, atol=3e-5)
