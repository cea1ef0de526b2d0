"""A `Compared` made of two synthetic inspections: no model, any words on either side."""

import numpy as np
import synthetic

from inspector.analysis.comparison import align, head_changes
from inspector.records.comparison import AnswerBeside, AnswerEntry, Compared, HeadPatch, Patches

FIRST, SECOND = "the cat sat on a mat", "the dog sat on a mat"


def comparison(first=FIRST, second=SECOND, *, words=False, patched=True, apart=None, **how):
    """Two texts beside each other; ``how`` goes into both inspections."""
    one, two = synthetic.inspected(first, **how), synthetic.inspected(second, **how | {"seed": 5})
    alignments = (align(one.trace.text, two.trace.text, by_ids=False),)
    rng = np.random.default_rng(3)
    patches = None
    if patched and apart is None:
        patches = Patches(
            "logit_difference" if words else "cosine",
            -1.5 if words else 0.8,
            2.5 if words else 1.0,
            tuple(
                HeadPatch(layer.site, layer.layer, head, float(rng.normal(0, 0.2)))
                for layer in one.trace.layers
                for head in range(len(layer.attention))
            ),
        )
    answers = (
        AnswerBeside(
            "next",
            len(one.trace.text),
            len(two.trace.text),
            (AnswerEntry(3, " Paris", 0.8, 0.05), AnswerEntry(4, " Berlin", 0.01, None)),
        ),
    )
    return Compared(
        kind="texts" if apart is None else "models",
        first=one,
        second=two,
        alignments=alignments,
        heads=None if apart else head_changes(one.trace, two.trace, alignments),
        apart=apart,
        answers=answers if words else (),
        cosine=None if words or apart else 0.87,
        patches=patches,
        no_patches=None if patches else "it was not asked for",
        notices=("A word here hears only what comes before it.",),
    )
