"""One text run again with something changed, beside hooks on the real model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from answers_in_torch import expected
from edited_models import Hooked, run_hooked
from forward_models import ALL
from writers import writer

import inspector
from inspector.errors import InputError
from inspector.families.registry import FAMILIES
from inspector.records import BlockEdge, BlockToken, Inspected, PatchHead, SilenceHead
from inspector.referee.loading import LoadedModel
from inspector.what_if import answer_of, edits_of, effects_of, run_changed

TEXT, LIKE = "the cat sat on the mat", "the cat sat on the tired"
LONGER = "the cat sat on the mat because it was tired"
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    place, known = tmp_path_factory.mktemp("models"), {}

    def folder(variant: str) -> Path:
        if variant not in known:
            known[variant] = writer(variant, place / variant)
        return known[variant]

    return folder


@pytest.fixture(scope="module")
def found(folders: Callable[[str], Path]) -> Callable[..., Inspected]:
    def inspected(variant: str, text: str = TEXT) -> Inspected:
        target = "we are here" if ALL[variant][0] in ("bart", "t5") else None
        return inspector.inspect(text, target=target, model=folders(variant), prove=False)

    return inspected


def real(folder: Path, one: Inspected, *edits: Any) -> Hooked:
    """The real model, loaded by transformers from the same folder."""
    import transformers

    family = FAMILIES[one.checkpoint.family]
    assert family.head is not None
    named: Any = getattr(transformers, family.head.architecture)
    model = named.from_pretrained(folder, attn_implementation="eager").eval()
    return run_hooked(model, family, one.trace.text, one.trace.target, edits)


def test_a_changed_run_beside_hooks(
    found: Callable[..., Inspected], folders: Callable[[str], Path]
) -> None:
    one, other = found("gpt2"), found("gpt2", LIKE)
    edits = edits_of(
        one,
        silence=[(0, 1), (2, 3)],
        block=[2],
        edges=[(5, 1, 1, 2)],
        patch={(1, 0): other},
        knockout="mean",
    )
    folder = folders("gpt2")
    patch = real(folder, other).mixed["self", 1][:, :6]
    asked = (
        SilenceHead(0, 1, to="mean"), SilenceHead(2, 3, to="mean"), BlockToken(2),
        BlockEdge(5, 1, 1, 2), PatchHead(1, 0, patch),
    )  # fmt: skip
    assert edits[:4] == asked[:4]
    given = edits[4]
    assert isinstance(given, PatchHead)
    np.testing.assert_allclose(given.given, patch, atol=TOLERANCE)
    trace, rebuilt, verification, change = run_changed(one, edits)
    changed, untouched = real(folder, one, *asked), real(folder, one)
    assert changed.logits is not None and untouched.logits is not None
    assert trace.logits is not None
    np.testing.assert_allclose(trace.logits, changed.logits, atol=TOLERANCE)
    for layer in trace.layers:
        weights = changed.attention["self", layer.layer]
        np.testing.assert_allclose(layer.attention, weights, atol=TOLERANCE)
    assert verification.verdict == "unproved"
    assert rebuilt.layers == trace.computed
    for answer, logits in ((change.before, untouched.logits), (change.after, changed.logits)):
        (place,) = answer.places
        shares = torch.softmax(torch.from_numpy(logits[-1]).double(), dim=-1)
        assert place.id == int(shares.argmax())
        assert place.probability == pytest.approx(float(shares.max()), abs=TOLERANCE)
    assert change.before == answer_of(one)
    assert change.edits == edits
    theirs = expected(untouched, changed, [-1], None, None)
    assert change.effect.size == pytest.approx(theirs.size, abs=TOLERANCE)
    assert change.effect.drop == pytest.approx(theirs.drop, abs=TOLERANCE)


def test_every_site_of_an_encoder_decoder(
    found: Callable[..., Inspected], folders: Callable[[str], Path]
) -> None:
    one = found("bart")
    edits = edits_of(
        one, silence=[(0, 1), ("decoder", 1, 2), ("cross", 2, 3)], block=[3], edges=[(2, 1, 0, 1)]
    )
    assert edits == (
        SilenceHead(0, 1, "encoder"), SilenceHead(1, 2, "decoder"), SilenceHead(2, 3, "cross"),
        BlockToken(3), BlockEdge(2, 1, 0, 1, "encoder"),
    )  # fmt: skip
    _, _, _, change = run_changed(one, edits)
    theirs = real(folders("bart"), one, *edits)
    assert theirs.logits is not None
    (after,) = change.after.places
    assert after.position == len(one.trace.target or ())
    assert after.id == int(theirs.logits[-1].argmax())
    assert after.logit == pytest.approx(float(theirs.logits[-1].max()), abs=TOLERANCE)


def test_a_patch_from_the_text_itself_changes_nothing(found: Callable[..., Inspected]) -> None:
    """In a model whose heads share keys and values, too; and NumPy's own numbers name a head."""
    for variant in ("llama", "bart"):
        one = found(variant)
        edits = edits_of(one, patch={(np.int64(1), np.int64(2)): one})
        _, _, _, change = run_changed(one, edits)
        assert change.effect.size == pytest.approx(0, abs=1e-9)
        assert change.after.places[0].id == change.before.places[0].id


def test_what_was_changed_is_measured_as_it_was(found: Callable[..., Inspected]) -> None:
    """Effects of an inspection with a change, and of the real model's pass, are the text's own."""
    one = found("gpt2")
    trace, rebuilt, verification, change = run_changed(one, edits_of(one, block=[1]))
    again = replace(one, trace=trace, rebuild=rebuilt, verification=verification, change=change)
    proved = replace(one, trace=replace(one.trace, computed=(), logits=None))
    plain = effects_of(one)
    for other in (effects_of(again), effects_of(proved)):
        assert other.heads is not None and plain.heads is not None
        assert other.answer == plain.answer
        for a, b in zip(other.heads, plain.heads, strict=True):
            assert a.effect.size == pytest.approx(b.effect.size, abs=1e-9)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"silence": [(3, 0)]}, "there is no layer 3"),
        ({"silence": [(0, 4)]}, "layer 0 has no head 4"),
        ({"silence": [(-1, 0)]}, "there is no layer -1"),
        ({"silence": [("cross", 0, 0)]}, "there is no site 'cross'"),
        ({"silence": [("nowhere", 0, 0)]}, "there is no site 'nowhere'"),
        ({"silence": [(0,)]}, "(0,) names no head"),
        ({"silence": [("self", 0)]}, "names no head"),
        ({"silence": ["5.10"]}, "'5.10' names no head"),
        ({"block": [99]}, "there is no token 99"),
        ({"block": [-1]}, "there is no token -1"),
        ({"edges": [(99, 0, 0, 1)]}, "there is no edge from token 99 to token 0"),
        ({"edges": [(2, 1, 0, 9)]}, "there are no layers 0 to 9"),
        ({"edges": [(1, 1, 0, 1)]}, "token 1 always hears itself"),
        ({}, "Nothing is to be changed"),
    ],
)
def test_what_is_not_there_is_refused(
    found: Callable[..., Inspected], asked: dict[str, Any], said: str
) -> None:
    one = found("gpt2")
    with pytest.raises(InputError) as caught:
        run_changed(one, edits_of(one, **asked))
    assert said in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("variant", "text", "place", "said"),
    [
        ("gpt2", LONGER, (0, 0), "as many tokens"),
        ("gpt2", LIKE, (3, 0), "There is no head 0 in layer 3 of self"),
        ("gpt2", LIKE, (0, 4), "There is no head 4 in layer 0 of self"),
        ("gpt2", LIKE, (0, -1), "There is no head -1 in layer 0 of self"),
        ("gpt2", LIKE, ("cross", 0, 0), "There is no head 0 in layer 0 of cross"),
        # Heads of another width, of which no number could be put in.
        ("falcon", TEXT, (0, 0), "a head gives"),
    ],
)
def test_a_patch_that_does_not_fit(
    found: Callable[..., Inspected], variant: str, text: str, place: Any, said: str
) -> None:
    one, other = found("gpt2"), found(variant, text)
    with pytest.raises(InputError) as caught:
        run_changed(one, edits_of(one, patch={place: other}))
    assert said in caught.value.message
    assert caught.value.hint


def test_a_family_that_our_own_forward_does_not_run(found: Callable[..., Inspected]) -> None:
    whole = found("gpt2")
    for lacking in ({"model": None}, {"tokenizer": None}):
        one = replace(whole, checkpoint=replace(whole.checkpoint, **lacking))
        assert whole.checkpoint.cannot_run is None and one.checkpoint.cannot_run is not None
        for asked in (
            lambda one=one: effects_of(one),
            lambda one=one: answer_of(one),
            lambda one=one: run_changed(one, (BlockToken(0),)),
        ):
            with pytest.raises(InputError, match="which only the real model can run") as caught:
                asked()
            assert caught.value.hint


def test_an_answer_is_one_token(found: Callable[..., Inspected], bundled: LoadedModel) -> None:
    one = found("gpt2")
    with pytest.raises(InputError, match=r"is 3 tokens of this model: 'the', 'cat', 'sat'\."):
        effects_of(one, answer="the cat sat")
    with pytest.raises(InputError, match="set against another"):
        effects_of(one, against="cat")
    said = effects_of(one, answer="cat", against="mat")
    assert said.answer.places[0].token == "cat"
    trained = inspector.inspect(TEXT, model=bundled, prove=False)
    with pytest.raises(InputError, match="has no words to answer with"):
        effects_of(trained, answer="cat")


def test_what_was_changed_stays_changed(found: Callable[..., Inspected]) -> None:
    whole = found("gpt2")
    first, second = edits_of(whole, silence=[(0, 1)]), edits_of(whole, block=[1])
    *_, once = run_changed(whole, first)
    again = replace(whole, change=once)
    *_, both = run_changed(again, second)
    *_, together = run_changed(whole, (*first, *second))
    assert both == together != once
    assert both.edits == (*first, *second)


def test_a_head_is_patched_as_the_other_inspection_has_it(found: Callable[..., Inspected]) -> None:
    """From one in which it is silent it gives nothing: the same as silencing it here."""
    whole = found("gpt2")
    edits = edits_of(whole, silence=[(1, 2)])
    trace, rebuilt, verification, change = run_changed(whole, edits)
    silent = replace(whole, trace=trace, rebuild=rebuilt, verification=verification, change=change)
    (patched,) = edits_of(whole, patch={(1, 2): silent})
    assert not np.any(patched.given)
    *_, by_patch = run_changed(whole, (patched,))
    assert by_patch.effect == change.effect


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"block": ["2"]}, "names no token"),
        ({"block": [2.0]}, "names no token"),
        ({"block": [("source", 1)]}, "names no token"),
        ({"edges": [(0, 1, 0)]}, "names no edge"),
        ({"edges": [(0, 1, 0, "1")]}, "names no edge"),
        ({"silence": [(0, 1)], "knockout": "median"}, "no knock-out 'median'"),
    ],
)
def test_what_names_nothing_is_refused(
    found: Callable[..., Inspected], asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        edits_of(found("gpt2"), **asked)
    assert caught.value.hint
    with pytest.raises(InputError, match="no knock-out"):
        effects_of(found("gpt2"), knockout="median")  # type: ignore[arg-type]
