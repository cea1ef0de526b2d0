"""Every registered encoder–decoder, its three sites rebuilt beside transformers' own output."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from corruptions import APPLIES, CORRUPTIONS
from seq2seq_models import SOURCE, TARGET, UNKNOWN, VARIANTS, random_encoder_decoder, theirs

import inspector
from inspector.analogy.ladder import RUNGS, mixed, share
from inspector.families.registry import FAMILIES
from inspector.forward.rebuilding.recompute import recompute
from inspector.records import AttentionLayer, LayerCheck, SiteName, TracedLayer
from inspector.report.html.page import render_report
from inspector.session import Inspection
from inspector.verify.compare import check_layer

Made = Callable[[str], tuple[Inspection, list[int], Any]]
SITES: tuple[SiteName, ...] = ("encoder", "decoder", "cross")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Ours, and transformers' own tokens and output, of a variant; each is made once."""
    place = tmp_path_factory.mktemp("encoder-decoders")
    known: dict[str, tuple[Inspection, list[int], Any]] = {}

    def make(variant: str) -> tuple[Inspection, list[int], Any]:
        if variant not in known:
            folder = random_encoder_decoder(variant, place / variant.replace(" ", "-"))
            ours = inspector.inspect(SOURCE, target=TARGET, model=folder)
            known[variant] = ours, *theirs(folder)
        return known[variant]

    return make


@pytest.mark.parametrize("variant", VARIANTS)
def test_ours_beside_theirs(made: Made, variant: str) -> None:
    ours, read, outputs = made(variant)
    assert ours.verification.verdict in ("verified", "rounding"), ours.verification
    assert ours.target_tokens is not None
    assert [token.id for token in ours.target_tokens] == read
    assert ours.trace.sites == SITES
    assert ours.rebuild.from_weights
    for site, given in zip(
        SITES,
        (outputs.encoder_attentions, outputs.decoder_attentions, outputs.cross_attentions),
        strict=True,
    ):
        assert len(ours.trace.indices(site)) == len(given) >= 3
        for layer, (place, attention) in enumerate(
            zip(ours.trace.indices(site), given, strict=True)
        ):
            captured, rebuilt = ours.trace.layers[place], ours.rebuild.from_weights[place]
            assert (captured.site, captured.layer) == (site, layer)
            np.testing.assert_array_equal(captured.attention, attention[0].numpy())
            assert np.abs(rebuilt.attention - attention[0].numpy()).max() <= 1e-5
            assert captured.output is not None
            assert np.abs(rebuilt.output - captured.output).max() <= 1e-4
    for site, states in (
        ("encoder", outputs.encoder_hidden_states), ("decoder", outputs.decoder_hidden_states),
    ):  # fmt: skip
        for place, entered in zip(ours.trace.indices(site), states[:-1], strict=True):
            np.testing.assert_allclose(ours.trace.layers[place].hidden, entered[0], atol=1e-6)
    for place in ours.trace.indices("cross"):
        heard = ours.trace.layers[place].key_states
        np.testing.assert_array_equal(heard, outputs.encoder_last_hidden_state[0].numpy())


@pytest.mark.parametrize("variant", UNKNOWN)
def test_without_a_row_nothing_is_called_rebuilt(made: Made, variant: str) -> None:
    """All three sites are shown as they are, and nothing is said to be proved."""
    ours, _, outputs = made(variant)
    assert (ours.verification.verdict, ours.verification.tier) == ("not_recomputed", "none")
    assert variant in (ours.verification.reason or "")
    assert not ours.rebuild.from_weights
    assert not any(rung.applies for rung in ours.ladder)
    given = (outputs.encoder_attentions, outputs.decoder_attentions, outputs.cross_attentions)
    for site, attentions in zip(SITES, given, strict=True):
        for place, attention in zip(ours.trace.indices(site), attentions, strict=True):
            np.testing.assert_array_equal(ours.trace.layers[place].attention, attention[0].numpy())
    page = render_report(ours)
    header = json.loads(re.search(r'id="header">(.*?)</script>', page)[1])  # type: ignore[index]
    assert header["verification"]["verdict"] == "not_recomputed"


def test_every_encoder_decoder_has_a_line_here() -> None:
    several = {name for name, family in FAMILIES.items() if family.others}
    assert {model_type for model_type, _ in VARIANTS.values()} == several


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_ladder_ends_at_the_model_and_the_shares_sum_to_the_gap(
    made: Made, variant: str
) -> None:
    ours, _, _ = made(variant)
    rungs = {rung.name: rung for rung in ours.ladder}
    last, first = rungs["model"].all_tokens, rungs["softmax"].all_tokens
    assert last is not None
    assert first is not None
    assert float(np.nanmax(last.jsd_bits)) <= 1e-6
    gap = float(np.nanmean(first.jsd_bits))
    assert sum(share.bits for share in ours.shares) == pytest.approx(gap, abs=1e-5)
    masked = ("encoder", "decoder") if "t5gemma" in variant else ("decoder",)
    assert rungs["mask"].sites == masked
    placed = ("encoder", "decoder") if "t5" in variant else ()
    assert rungs["position"].sites == placed
    assert rungs["strangers"].sites == ("encoder", "decoder")
    strangers = rungs["strangers"].all_tokens
    assert strangers is not None
    cross = ours.trace.indices("cross")
    assert np.isnan(strangers.jsd_bits[cross]).all()
    for name in ("heads", "uniform", "mask"):
        found = rungs[name].all_tokens
        assert found is not None
        for place, layer in enumerate(ours.trace.layers):
            there = len(layer.attention)
            assert not np.isnan(found.jsd_bits[place, :there]).any()
            assert np.isnan(found.jsd_bits[place, there:]).all()


@pytest.mark.parametrize("variant", ["bart", "pegasus", "t5"])
def test_the_rungs_between_two_texts_in_plain_loops(made: Made, variant: str) -> None:
    """X·Yᵀ, taken one by one from what enters the layer and what the encoder gave."""
    ours, _, _ = made(variant)
    assert ours.rebuild.from_weights
    layer = ours.rebuild.from_weights[ours.trace.indices("cross")[1]]
    heard = ours.trace.layers[ours.trace.indices("cross")[1]].key_states
    assert heard is not None
    T, S = layer.attention.shape[1:]
    R = np.array(
        [[sum(map(float, layer.states[i] * heard[j])) for j in range(S)] for i in range(T)]
    )
    powers = np.exp(R - R.max(axis=1, keepdims=True))
    expected = {
        "classroom": R,
        # Who shares no trait with anybody, in "bart" somebody, hears all alike.
        "share": np.array(
            [
                [max(r, 0) / sum(r for r in row if r > 0) if any(row > 0) else 1 / S for r in row]
                for row in R
            ]
        ),
        "softmax": powers / powers.sum(axis=1, keepdims=True),
    }
    found = {rung.name: rung for rung in ours.ladder}
    for name, weights in expected.items():
        matrices = found[name].matrices
        assert matrices is not None
        np.testing.assert_allclose(matrices[ours.trace.indices("cross")[1]], weights, atol=2e-4)
        rung = next(rung for rung in RUNGS if rung.name == name)
        T_of = mixed(rung, layer, ours.trace.layers[0].hidden)
        np.testing.assert_allclose(T_of, weights @ heard, rtol=1e-3, atol=2e-3)


def test_who_shares_no_trait_with_anybody_hears_all_others_alike() -> None:
    R = np.array([[-1.0, -2.0, 0.0, -1.0], [1.0, -1.0, 3.0, 0.0]])
    np.testing.assert_array_equal(
        share(R, among_others=True), [[0.25, 0.25, 0.25, 0.25], [0.25, 0, 0.75, 0]]
    )


def checked(found: Inspection, traced: TracedLayer, known: AttentionLayer) -> LayerCheck:
    """Compare what is rebuilt of one layer, as it is given here, with what the model computed."""
    (rebuilt,) = recompute((known,), replace(found.trace, layers=(traced,)))
    real = next(
        at for at in found.trace.layers if (at.site, at.layer) == (traced.site, traced.layer)
    )
    return check_layer(real, rebuilt, "weights")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_corrupted_rebuild_is_caught(made: Made, variant: str) -> None:
    found = made(variant)[0]
    assert found.checkpoint.attention is not None
    for name, corrupt in CORRUPTIONS.items():
        for traced, known in zip(found.trace.layers, found.checkpoint.attention, strict=True):
            if not APPLIES.get(name, lambda _w, _c: True)(known.weights, known.config):
                continue
            wrong = AttentionLayer(*corrupt(known.weights, known.config))
            check = checked(found, traced, wrong)
            assert "mismatch" in check.head_verdicts, (name, traced.site, traced.layer)


@pytest.mark.parametrize("variant", VARIANTS)
def test_keys_from_elsewhere_are_caught(made: Made, variant: str) -> None:
    """Cross-attention on other states than the encoder's, or an encoder that hears no one ahead."""
    found = made(variant)[0]
    known = found.checkpoint.attention
    assert known is not None
    for index in found.trace.indices("cross"):
        layer = found.trace.layers[index]
        assert layer.key_states is not None
        moved = replace(layer, key_states=np.roll(layer.key_states, 1, axis=0))
        assert checked(found, moved, known[index]).verdict == "mismatch"
    for site in ("encoder", "cross"):
        for index in found.trace.indices(site):
            wrong = replace(known[index], config=replace(known[index].config, causal=True))
            assert checked(found, found.trace.layers[index], wrong).verdict == "mismatch"


def test_readings_and_links_between_two_texts(made: Made) -> None:
    ours, _, _ = made("bart")
    asked, heard = ours.trace.texts("cross")
    content = [i for i, token in enumerate(asked.tokens) if not token.special]
    for reading in ours.heads:
        if reading.site != "cross":
            assert reading.distance == reading.distance
            continue
        A = ours.attention(reading.layer, reading.head, "cross")
        assert reading.masses["first"] == pytest.approx(
            sum(float(A[i, 0]) for i in content) / len(content)
        )
        assert reading.masses["separator"] == pytest.approx(
            sum(float(A[i, len(heard.tokens) - 1]) for i in content) / len(content)
        )
        for name in ("previous", "next", "self"):
            assert np.isnan(reading.masses[name])
        assert np.isnan(reading.distance)
        assert reading.label in ("first", "separator", None)
    cross = [link for link in ours.links if link.site == "cross"]
    assert cross
    for link in cross:
        A = ours.attention(link.layer, link.head, "cross")
        # "mats" is the only word in two pieces, and it is in the target: a mean over its rows.
        rows = [
            i for i, token in enumerate(asked.tokens)
            if token.word is not None and token.word == asked.tokens[link.source_token].word
        ]  # fmt: skip
        assert link.weight == pytest.approx(float(A[rows, link.target_token].mean()), rel=1e-5)
        assert link.source in TARGET
        assert link.target in SOURCE
