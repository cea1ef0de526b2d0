"""How near every rung of the ladder comes to the model's attention, head by head.

``measure_rungs`` (``climbing.py``) compares layers row by row over any choice of queries and keys:
for one sentence they are all tokens, and once more the content tokens only, where the rows and
columns of special tokens are dropped and the rows renormalised; over a corpus
(``corpus/measured/rungs.py``) the queries are content tokens and the keys all tokens. Where only
some layers have a rung, such as a mask, it is the rung before it on the others, so that all rungs
are averaged over the same layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inspector.analogy.ladder import LAYER_MEAN, UNIFORM, Rung, applies
from inspector.analysis.ladder.climbing import (
    ALL_RUNGS,
    Averages,
    MeasuredRung,
    Selection,
    measure_rungs,
    present_rungs,
)
from inspector.analysis.sample import half_interval, measured_rows
from inspector.records import Agreement, RebuiltLayer, RungResult, SiteName, Trace

_MEASURES = ("jsd_bits", "rank_correlation", "top1_agreement")

_REFERENCES = frozenset({UNIFORM.name, LAYER_MEAN.name})


def measure_ladder(trace: Trace, rebuilt: tuple[RebuiltLayer, ...]) -> tuple[RungResult, ...]:
    """Measure every rung and both references on one text.

    Without a rebuild from the weights nobody knows what the projections receive, so the rungs are
    listed without measures.
    """
    if not rebuilt:
        return tuple(_unmeasured(rung) for rung in ALL_RUNGS)
    selections = {site: _everything_and_content(trace, site) for site in trace.sites}
    climbed = measure_rungs(trace, rebuilt, present_rungs(rebuilt), selections)
    errors = _sampling_errors(climbed, trace)
    results = []
    for rung in ALL_RUNGS:
        layers = [layer.get(rung.name) for layer in climbed]
        found = _collect(rung, layers, _where(rung, rebuilt), trace.heads)
        results.append(replace(found, jsd_bits_error=errors.get(rung.name)))
    return tuple(results)


def _everything_and_content(trace: Trace, site: SiteName) -> tuple[Selection, Selection]:
    """Return the two selections of one sentence, over the same queries."""
    asking, attended = trace.texts(site)
    drawn, keys = measured_rows(trace, site), ~attended.special
    return Selection(drawn, np.ones_like(keys)), Selection(drawn & ~asking.special, keys)


def _where(rung: Rung, rebuilt: tuple[RebuiltLayer, ...]) -> tuple[SiteName, ...]:
    """Return the sites at which some layer has the rung; the references stand everywhere."""
    has = (layer.site for layer in rebuilt if rung.name in _REFERENCES or applies(rung, layer))
    return tuple(dict.fromkeys(has))


def _laid_out(layers: Sequence[Averages | None], heads: int) -> Agreement:
    """Lay the layers' averages out, (N, ``heads``) each; NaN for None and where no head is."""
    means = {name: np.full((len(layers), heads), np.nan) for name in _MEASURES}
    there = [(place, of_layer) for place, of_layer in enumerate(layers) if of_layer]
    for place, of_layer in there:
        for name, mean in means.items():
            of_heads = getattr(of_layer, name)
            mean[place, : len(of_heads)] = of_heads
    return Agreement(
        **means,
        constant_rows=sum(int(of_layer.constant_rows) for _, of_layer in there),
        empty_rows=sum(int(of_layer.empty_rows) for _, of_layer in there),
    )


def _sampling_errors(climbed: Sequence[dict[str, MeasuredRung]], trace: Trace) -> dict[str, float]:
    """Return half of the 95 % interval of every rung's mean divergence that is not exact.

    The sites are sampled each by itself, and weigh as much as they have heads.
    """
    squares, heads = np.zeros(len(ALL_RUNGS)), np.zeros(len(ALL_RUNGS))
    for site in trace.sites:
        drawn, places = measured_rows(trace, site), trace.indices(site)
        shape = (len(ALL_RUNGS), len(places), trace.heads, int(drawn.sum()))
        bits = np.full(shape, np.nan)
        for index, place in enumerate(places):
            for number, rung in enumerate(ALL_RUNGS):
                if layer := climbed[place].get(rung.name):
                    rows = layer.rows[0]
                    into = bits[number, index, : len(rows.counted)]
                    np.copyto(into, rows.jsd_bits, where=rows.counted)
        every_head = bits.reshape(len(ALL_RUNGS), -1, shape[-1])
        of_site = (~np.isnan(every_head)).any(axis=-1).sum(axis=-1)
        heads += of_site
        if not drawn.all():
            squares += (of_site * half_interval(every_head, len(drawn))) ** 2
    errors = np.sqrt(squares) / np.maximum(heads, 1)
    return {
        rung.name: float(error) for rung, error in zip(ALL_RUNGS, errors, strict=True) if error > 0
    }


def _collect(
    rung: Rung, layers: list[MeasuredRung | None], sites: tuple[SiteName, ...], heads: int
) -> RungResult:
    """Put one rung's layers together, None standing for those that do not have it."""
    if not any(layers):
        return _unmeasured(rung)

    def averaged(selection: int) -> Agreement:
        return _laid_out([layer.averages[selection] if layer else None for layer in layers], heads)

    matrices = [
        None
        if layer is None or layer.matrix is None
        else layer.matrix.astype(np.float32, copy=False)
        for layer in layers
    ]
    return replace(
        _unmeasured(rung),
        applies=True,
        all_tokens=averaged(0),
        content=averaged(1),
        matrices=None if rung.per_head else tuple(matrices),
        sites=sites,
    )


def _unmeasured(rung: Rung) -> RungResult:
    return RungResult(
        name=rung.name,
        formula=rung.formula,
        adds=rung.adds,
        reference=rung.name in _REFERENCES,
        applies=False,
        all_tokens=None,
        content=None,
        matrices=None,
        sites=(),
    )
