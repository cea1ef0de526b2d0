"""The rebuild: every layer's attention from its input hidden states and the weights.

It never sees a query or a key that the model computed: a model that does something else with the
same weights must be caught, and a rebuild fed with the model's own q and k would agree with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from inspector.forward.attention import attention_of
from inspector.forward.casting import cast
from inspector.parallel import parallel_map
from inspector.records import Array, AttentionLayer, RebuiltLayer, Trace, TracedLayer


def recompute(
    attention: tuple[AttentionLayer, ...], trace: Trace, dtype: type[np.floating[Any]] = np.float32
) -> tuple[RebuiltLayer, ...]:
    """Rebuild every attention layer of a trace from the layers of its checkpoint.

    ``dtype`` is float32, or float64 for the arbitration, in which case the trace must have been
    made in float64 too.
    """
    # The large results are laid out here, not in the threads: memory that a thread asks for goes
    # back when the thread ends, and getting it anew, page by page, costs as much as the softmax.
    spaces = [np.empty(layer.attention.shape, dtype=dtype) for layer in trace.layers]
    jobs = list(zip(trace.layers, attention, spaces, strict=True))
    present = {
        site: trace.present if trace.texts(site)[1] is trace.text else None for site in trace.sites
    }

    def rebuild(job: tuple[TracedLayer, AttentionLayer, Array]) -> RebuiltLayer:
        traced, known, space = job
        return attention_of(
            traced.hidden.astype(dtype, copy=False),
            cast(known, dtype),
            site=traced.site,
            layer=traced.layer,
            # Keys and values of cross-attention come from the encoder as it left them: no norm is
            # theirs.
            encoder_states=None
            if traced.key_states is None
            else traced.key_states.astype(dtype, copy=False),
            present=present[traced.site],
            space=space,
        )

    return parallel_map(rebuild, jobs, tokens=trace.longest)
