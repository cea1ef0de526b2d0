"""Two inspections beside each other: patches and answers beside other ways to the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from forward_models import ALL
from seq2seq_models import random_encoder_decoder
from small_models import random_bert, random_distilbert
from writers import writer

import inspector
from inspector.analysis.comparison import align
from inspector.comparing import Comparison, set_beside
from inspector.errors import InputError
from inspector.forward.model import forward
from inspector.records import Text, Token
from inspector.referee.loading import LoadedModel

BIG, SMALL = "The trophy was far too big for the case", "The trophy was far too small for the case"
CAT, DOG = "the cat sat on the mat", "the cat sat on the tired"


def logits_of(comparison: Comparison, at: int, *edits: object) -> np.ndarray:
    """A whole pass of one side, with edits; its logits in float64."""
    side = comparison.sides[at]
    ran = forward(
        side.checkpoint,
        side.trace.text,
        side.trace.target,
        edits=edits,  # type: ignore[arg-type]
        keep=("logits",),
    )
    assert ran.logits is not None
    return ran.logits.astype(np.float64)


@pytest.fixture(scope="module")
def trophy(bundled: LoadedModel) -> Comparison:
    return inspector.compare(BIG, SMALL, model=bundled.checkpoint, prove=False)


def test_patches_of_an_embedding_beside_what_if_one_by_one(trophy: Comparison) -> None:
    first, second = trophy.sides
    assert trophy.patches is not None and trophy.patches.measure == "cosine"

    def unit(values: np.ndarray) -> np.ndarray:
        return values / np.linalg.norm(values)

    assert first.embedding is not None and second.embedding is not None
    there, begin = unit(second.embedding.values), unit(first.embedding.values)
    assert trophy.cosine == pytest.approx(float(begin @ there), abs=1e-9)
    for one in (trophy.carriers[0], trophy.carriers[-1], trophy.patches.heads[30]):
        changed = first.what_if(patch={(one.layer, one.head): second})  # type: ignore[attr-defined]
        gone = float(unit(changed.embedding.values) @ there) - float(begin @ there)
        assert one.share == pytest.approx(gone / (1 - float(begin @ there)), abs=1e-4)
    assert [(one.layer, one.head) for one in trophy.patches.heads] == [
        (n, h) for n in range(6) for h in range(12)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    place, known = tmp_path_factory.mktemp("models"), {}

    def made(variant: str) -> Path:
        if variant not in known:
            known[variant] = writer(variant, place / variant)
        return known[variant]

    return made


@pytest.mark.parametrize("variant", ["mistral", "bert", "bart"])
def test_patches_and_answers_of_words_beside_whole_passes(
    folder: Callable[[str], Path], variant: str
) -> None:
    """Measured anew: every head of every site by a pass of its own, the answer from its logits."""
    from inspector.what_if import edits_of

    target = "we are here" if ALL[variant][0] == "bart" else None
    found = inspector.compare(CAT, DOG, model=folder(variant), target=target, prove=False)
    assert found.patches is not None
    own = found.patches
    rows = list(range(len(logits_of(found, 0)))) if variant == "bert" else [-1]
    if variant == "bert":
        rows = np.flatnonzero(~found.first.trace.text.special).tolist()
    before, there = logits_of(found, 0)[rows], logits_of(found, 1)[rows]
    ours, theirs = before.argmax(axis=1), there.argmax(axis=1)
    where = np.arange(len(rows))

    def measured(logits: np.ndarray) -> float:
        if (ours == theirs).all():
            shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            return float(shares[where, theirs].mean())
        differ = ours != theirs
        lead = logits[where, theirs] - logits[where, ours]
        return float(lead[differ].mean())

    assert own.measure == ("probability" if (ours == theirs).all() else "logit_difference")
    begin, end = measured(before), measured(there)
    assert (own.first, own.second) == pytest.approx((begin, end), abs=1e-5)
    for one in own.heads[:: max(1, len(own.heads) // 8)]:
        edits = edits_of(found.first, patch={(one.site, one.layer, one.head): found.second})
        gone = measured(logits_of(found, 0, *edits)[rows]) - begin
        assert one.share * (end - begin) == pytest.approx(gone, abs=2e-5)
    answer = found.answers[0]
    if variant == "bert":
        # Each word where it stands.
        ids = found.first.trace.text.ids[rows]
        shares = np.exp(before) / np.exp(before).sum(axis=1, keepdims=True)
        expected = shares[where, ids].tolist()
    else:
        shares = np.exp(before[0]) / np.exp(before[0]).sum()
        expected = [float(shares[one.id]) for one in answer.entries]
        likeliest = {int(at) for side in (before, there) for at in np.argsort(-side[0])[:5]}
        assert {one.id for one in answer.entries} == likeliest
    assert [one.first for one in answer.entries] == pytest.approx(expected, abs=1e-6)


def test_all_heads_of_both_sites_are_patched(folder: Callable[[str], Path]) -> None:
    found = inspector.compare(CAT, DOG, model=folder("bart"), target="we are", prove=False)
    assert found.patches is not None and found.heads is not None
    sites = {"encoder", "decoder", "cross"}
    assert {one.site for one in found.heads} == {one.site for one in found.patches.heads} == sites
    assert [alignment.of for alignment in found.alignments] == ["text", "target"]


def test_a_mask_is_answered_beside_a_mask(folder: Callable[[str], Path]) -> None:
    name = folder("bert")
    found = inspector.compare("the [MASK] sat", "the [MASK] was tired", model=name, prove=False)
    (answer,) = found.answers
    assert (answer.kind, answer.first, answer.second) == ("masked", 2, 2)
    assert found.patches is None and found.no_patches is not None
    assert "as many tokens" in found.no_patches


def test_a_causal_text_changes_from_its_first_difference_on(
    folder: Callable[[str], Path],
) -> None:
    found = inspector.compare(CAT, DOG, model=folder("mistral"), prove=False)
    assert found.heads is not None
    differs = [at for at, place in enumerate(found.alignments[0].places) if not place.equal]
    assert min(one.first_cell[0] for one in found.heads) == differs[0]
    assert any("hears only what comes before it" in one for one in found.notices)
    assert max(one.jsd_bits for one in found.heads) > 0


def test_the_proof_keeps_what_was_measured_and_says_the_same(
    trophy: Comparison, bundled: LoadedModel
) -> None:
    proved = inspector.compare(BIG, SMALL, model=bundled)
    assert [side.verification.verdict for side in proved.sides] == ["verified", "verified"]
    assert proved.heads is not None and trophy.heads is not None
    for one, other in zip(proved.heads, trophy.heads, strict=True):
        assert one.jsd_bits == pytest.approx(other.jsd_bits, abs=1e-4)
    assert proved.patches is not None and trophy.patches is not None
    for mine, theirs in zip(proved.patches.heads, trophy.patches.heads, strict=True):
        assert mine.share == pytest.approx(theirs.share, abs=1e-3)
    first, second = proved.first, proved.second
    again = set_beside(first, second, kind="texts", known=trophy.own)  # type: ignore[arg-type]
    assert again.patches is trophy.patches
    assert repr(proved) == (
        "<Comparison 'The trophy was far too …' | 'The trophy was far too …', "
        f"most changed: {proved.changed[0].layer}.{proved.changed[0].head}, verified>"
    )
    assert repr(trophy).endswith(", unproved>")


def test_two_models_of_one_shape_and_of_two(tmp_path: Path) -> None:
    one = random_bert(tmp_path / "one")
    two = Path(copytree(one, tmp_path / "two"))
    alike = inspector.compare(CAT, models=(one, two), prove=False)
    assert alike.heads is not None and all(head.jsd_bits <= 1e-12 for head in alike.heads)
    assert alike.cosine == pytest.approx(1.0)
    assert alike.patches is None and "these are two" in (alike.no_patches or "")
    assert any("made out of the other" in one for one in alike.notices)
    other = random_distilbert(tmp_path / "distilbert")
    apart = inspector.compare(CAT, models=(one, other), prove=False)
    assert apart.heads is None and apart.cosine is None and apart.changed == ()
    assert "no counterpart" in (apart.apart or "")
    page = tmp_path / "page.html"
    apart.to_html(page)
    assert 'id="links-a"' in page.read_text(encoding="utf-8")


def test_an_adapter_beside_its_base(tmp_path: Path) -> None:
    from adapter_models import adapted

    made = adapted("bert", tmp_path)
    found = inspector.compare(CAT, models=(made.folder, made.base), prove=False)
    assert found.heads is not None
    assert max(head.jsd_bits for head in found.heads) > 0
    assert all(place.equal for place in found.alignments[0].places)
    assert {entry.first is None for entry in found.answers[0].entries} == {False}


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"first": "one"}, "nothing to compare it with"),
        ({"first": "one", "second": "one"}, "two texts are the same"),
        ({"first": "one two", "second": "ONE  two"}, "reads both texts as the same tokens"),
        ({"first": "one", "second": "two", "models": ("a", "b")}, "too many"),
        ({"first": "one", "models": ("bundled", "bundled")}, "two models are the same"),
        ({"first": "one", "models": ("a", "b", "c")}, "not 3"),
        ({"first": "one ", "second": "two " * 600}, "602 tokens and 512 fit"),
        ({"first": "one", "second": "two", "target": "three"}, "target"),
    ],
)
def test_what_is_no_comparison_is_refused(asked: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        inspector.compare(**asked, prove=False)  # type: ignore[arg-type]


def test_a_model_that_needs_a_target_asks_for_one(tmp_path: Path) -> None:
    name = random_encoder_decoder("t5", tmp_path / "t5")
    with pytest.raises(InputError, match="target"):
        inspector.compare(CAT, DOG, model=name, prove=False)
    with pytest.raises(InputError, match="target"):
        inspector.compare(CAT, models=("bundled", name), prove=False)


def test_what_takes_too_long_is_left_out_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, bundled: LoadedModel
) -> None:
    from inspector import comparing

    monkeypatch.setattr(comparing, "_SECONDS", 1e-9)
    model = bundled.checkpoint
    short = inspector.compare("too big", "too small", model=model, prove=False)
    assert short.patches is None and "seconds" in (short.no_patches or "")
    asked = inspector.compare("too big", "too small", model=model, prove=False, patches=True)
    assert asked.patches is not None
    never = inspector.compare("too big", "too small", model=model, prove=False, patches=False)
    assert never.patches is None


def test_a_notebook_shows_the_page(trophy: Comparison) -> None:
    frame = trophy._repr_html_()
    assert frame.startswith('<iframe sandbox="allow-scripts" srcdoc="')
    assert 'title="Comparison"' in frame


def test_two_tokenizers_are_aligned_by_what_stands_there() -> None:
    """One writes the space into its pieces, the other does not; one parts a word, both begin."""
    plain = ("[CLS]", True), ("the", False), ("cat", False), ("sat", False)
    spaced = ("<s>", True), ("the", False), ("\u0120cat", False), ("\u0120s", False), ("at", False)
    texts = [
        Text.of(
            tuple(
                Token(at, piece, None if special else at, special, 0, None if special else span)
                for at, ((piece, special), span) in enumerate(zip(pieces, spans, strict=True))
            ),
            "the cat sat",
        )
        for pieces, spans in (
            (plain, [None, (0, 3), (4, 7), (8, 11)]),
            (spaced, [None, (0, 3), (3, 7), (7, 9), (9, 11)]),
        )
    ]
    places = align(*texts, by_ids=False).places
    assert [(at.first, at.second) for at in places if at.equal] == [(1, 1), (2, 2)]
    assert [(at.first, at.second) for at in places if not at.equal] == [
        (0, 0),
        (3, None),
        (None, 3),
        (None, 4),
    ]
