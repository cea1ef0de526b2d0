"""One sentence and a corpus say the same of the same text: every family, sinks included.

Ladder, entropy, distance and masses are measured in NumPy for one sentence and summed in torch over
a corpus; with all tokens counted as content both go over the same queries and keys.
"""

from __future__ import annotations

from dataclasses import replace
from math import log2

import numpy as np
import pytest
import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel

from inspector.analysis.heads import read_heads
from inspector.analysis.ladder.agreement import measure_ladder
from inspector.checkpoint.sources import Source
from inspector.corpus.measured.rungs import NAMES, ladder_sums
from inspector.families.described import specials
from inspector.families.registry import FAMILIES
from inspector.families.small import SMALL
from inspector.forward.rebuilding.rebuild import rebuild
from inspector.records import LABELS, Batch, Rebuild, Trace, pad
from inspector.referee.capture import capture
from inspector.referee.head_sums import STATISTICS
from inspector.referee.loading import LoadedModel, prepare
from inspector.referee.small_models import perturb, small_model
from inspector.referee.streaming import Stream

#: What a corpus calls the measures of the ladder, and what one sentence does.
MEASURES = {
    "jsd_bits": "jsd_bits",
    "rank_correlation": "rank_correlation",
    "top1": "top1_agreement",
}
#: Families with something beside scale·q·k: sinks, caps, positions, masks, norms on q and k.
SPECIAL = [name for name, row in FAMILIES.items() if specials(row) and not row.others]
#: Families with sinks, and a small config of each, that nobody has written a row for.
WITHOUT_A_ROW = {
    name: options
    for name, options in {"openai_privacy_filter": dict(SMALL["gpt_oss"])}.items()
    # An older transformers knows none.
    if name in CONFIG_MAPPING
}


def looked_at(family: str) -> tuple[LoadedModel, Trace, Rebuild]:
    """A small model of a family and its trace, in which every token counts as content."""
    loaded, text, _ = small_model(family)
    trace = capture(loaded, replace(text, special=np.zeros(len(text), dtype=np.bool_)))
    return loaded, trace, rebuild(loaded.checkpoint, trace)


def captured_only(family: str) -> LoadedModel:
    """A small model of a family with sinks that is rebuilt from its captured q, k and v."""
    if family in FAMILIES:
        # As if nobody had written its row.
        loaded, _, _ = small_model(family)
        known = replace(loaded.checkpoint, attention=None, model=None, no_rebuild="no row")
        return replace(loaded, checkpoint=known, family=None)
    torch.manual_seed(5)
    config = AutoConfig.for_model(family, **WITHOUT_A_ROW[family])
    model = AutoModel.from_config(config, attn_implementation="eager", dtype=torch.float32)
    perturb(model, 5)
    source = Source(family, family, "", local=True, sha256=None)
    return prepare(source, model.eval(), None, head=None)


def test_families_with_sinks_are_among_them() -> None:
    assert "gpt_oss" in SPECIAL


@pytest.mark.parametrize("family", SPECIAL)
def test_the_ladder(family: str) -> None:
    _, trace, rebuilt = looked_at(family)
    sums, counts = ladder_sums(trace, rebuilt.from_weights)
    means = dict(zip(NAMES, np.moveaxis(sums / np.maximum(counts, 1), 2, 0), strict=True))
    seen = 0
    for rung in measure_ladder(trace, rebuilt.from_weights):
        for ours, theirs in MEASURES.items():
            name = f"{rung.name}_{ours}"
            measured = counts[..., NAMES.index(name)] > 0
            if rung.all_tokens is None:
                assert not measured.any()
                continue
            expected = getattr(rung.all_tokens, theirs)
            assert (measured == ~np.isnan(expected)).all()
            np.testing.assert_allclose(means[name][measured], expected[measured], atol=1e-9)
            seen += int(measured.sum())
    assert seen > 200


@pytest.mark.parametrize("family", SPECIAL)
def test_what_heads_do(family: str) -> None:
    heads_agree(*looked_at(family))


@pytest.mark.parametrize("family", ["gpt_oss", *WITHOUT_A_ROW])
def test_sinks_of_a_family_without_a_row(family: str) -> None:
    """The entropy counts them, for a sentence as for a corpus, though no weights are known."""
    loaded = captured_only(family)
    _, text, _ = small_model("gpt_oss")
    trace = capture(loaded, replace(text, special=np.zeros(len(text), dtype=np.bool_)))
    rebuilt = rebuild(loaded.checkpoint, trace)
    assert rebuilt.tier == "captured"
    assert all(layer.sink is not None for layer in rebuilt.layers)
    heads_agree(loaded, trace, rebuilt)
    # By plain loops: what a row lacks to 1 is one more key.
    for reading in read_heads(trace, rebuilt):
        entropy = 0.0
        for row in trace.layers[reading.layer].attention[reading.head].astype(float):
            lacking = 1 - row.sum()
            assert lacking > 1e-3
            entropy -= sum(share * log2(share) for share in (*row, lacking) if share > 0)
        assert reading.entropy_bits == pytest.approx(entropy / len(text), abs=1e-5)


def heads_agree(loaded: LoadedModel, trace: Trace, rebuilt: Rebuild) -> None:
    batch: Batch = pad([trace.text], 0)
    found = Stream(_with_a_tokenizer(loaded)).read(batch).values[0, 0] / len(trace.text)
    for reading in read_heads(trace, rebuilt):
        corpus = dict(zip(STATISTICS, found[reading.layer, reading.head], strict=True))
        assert corpus["entropy_bits"] == pytest.approx(reading.entropy_bits, abs=1e-5)
        assert corpus["distance"] == pytest.approx(reading.distance, abs=1e-5)
        for name in LABELS:
            assert corpus[name] == pytest.approx(reading.masses[name], abs=1e-5), name


class _Ids:
    """As much of a tokenizer as the stream asks for: the small models have none."""

    pad_token_id = 0
    model_input_names = ("input_ids", "attention_mask")

    def __call__(self, _text: str, **_options: object) -> dict[str, list[int]]:
        return {"input_ids": [5, 6, 7, 8, 9]}


def _with_a_tokenizer(loaded: LoadedModel) -> LoadedModel:
    return replace(loaded, tokenizer=_Ids())
