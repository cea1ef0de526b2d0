"""Edits of what is not there: refused before anything is run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from forward_models import Made

from inspector.forward.model import forward
from inspector.forward.variants import run_variants
from inspector.records import BlockEdge, BlockToken, Edit, PatchHead, SilenceHead


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (SilenceHead(9, 0), "no layer 9"),
        (SilenceHead(-1, 0), "no layer -1"),
        (SilenceHead(0, 4), "no head 4"),
        (SilenceHead(0, -1), "no head -1"),
        (SilenceHead(0, 0, "cross"), "no site 'cross'"),
        (BlockToken(14), "no token 14"),
        (BlockToken(-1), "no token -1"),
        (BlockToken(0, "target"), "no token 0"),
        (BlockEdge(14, 0, 0, 2), "no edge from token 14 to token 0"),
        (BlockEdge(0, -1, 0, 2), "no edge from token 0 to token -1"),
        (BlockEdge(1, 0, 0, 3), "no layers 0 to 3"),
        (BlockEdge(1, 0, 2, 1), "no layers 2 to 1"),
        (BlockEdge(1, 0, 0, 1, "decoder"), "no site 'decoder'"),
        (BlockEdge(3, 3, 0, 1), "always hears itself"),
        (PatchHead(0, 0, np.zeros((13, 6), np.float32)), "the patch is"),
        (PatchHead(0, 0, np.zeros((14, 5), np.float32)), "the patch is"),
        (PatchHead(3, 0, np.zeros((14, 6), np.float32)), "no layer 3"),
    ],
)
def test_what_is_not_there_is_refused(made: Callable[[str], Made], edit: Edit, said: str) -> None:
    it = made("bert")
    with pytest.raises(ValueError, match=said):
        forward(it.checkpoint, it.text, it.target, edits=(edit,))
    with pytest.raises(ValueError, match=said):
        next(run_variants(it.checkpoint, forward(it.checkpoint, it.text), [[], [edit]]))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (SilenceHead(0, 0), "no site 'self'"),
        (SilenceHead(3, 0, "encoder"), "no layer 3"),
        (SilenceHead(0, 4, "encoder"), "no head 4"),
        (SilenceHead(3, 6, "cross"), "no head 6"),
        (BlockToken(9, "target"), "no token 9"),
        (BlockEdge(9, 0, 0, 1, "cross"), "no edge from token 9 to token 0"),
        (BlockEdge(0, 9, 0, 1, "decoder"), "no edge from token 0 to token 9"),
        (PatchHead(0, 0, np.zeros((14, 4), np.float32), "cross"), "the patch is"),
    ],
)
def test_what_is_not_there_of_an_encoder_decoder_is_refused(
    made: Callable[[str], Made], edit: Edit, said: str
) -> None:
    it = made("bart, uneven")
    with pytest.raises(ValueError, match=said):
        forward(it.checkpoint, it.text, it.target, edits=(edit,))
