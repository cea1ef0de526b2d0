"""The activations beside torch's, and GELU beside the C library's error function."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers.activations import ACT2CLS, ACT2FN

from inspector.families.covered import ACTIVATIONS as NAMED
from inspector.forward.activations import ACTIVATIONS, activate
from inspector.records import Array, Xielu


def spread(dtype: type[np.floating]) -> Array:
    far = np.array([-1e4, -88.0, -40.0, -10.0, 10.0, 40.0, 88.0, 1e4])
    return np.concatenate([np.linspace(-9, 9, 40_001), far]).astype(dtype)


def gelu(values: Array) -> Array:
    return np.array([x * 0.5 * math.erfc(-x / math.sqrt(2)) for x in values.tolist()])


@pytest.mark.parametrize("name", NAMED)
def test_beside_torch(name: str) -> None:
    for dtype, bound in ((np.float32, 3e-6), (np.float64, 1e-12)):
        ours = spread(dtype)
        theirs = ACT2FN[name](torch.from_numpy(ours.copy())).numpy()
        with np.errstate(all="raise", under="ignore"):
            activate(name, ours)
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=bound, atol=bound)


def test_xielu_beside_torch() -> None:
    for dtype, bound in ((np.float32, 3e-6), (np.float64, 1e-12)):
        theirs = ACT2CLS["xielu"](dtype=torch.float32)
        with torch.no_grad():
            theirs.alpha_p.fill_(-0.4)
            theirs.alpha_n.fill_(0.3)
        kept = {name: one.numpy().astype(dtype) for name, one in theirs.state_dict().items()}
        learned = Xielu(
            positive=kept["alpha_p"],
            negative=kept["alpha_n"],
            beta=kept["beta"],
            eps=kept["eps"],
        )
        ours = np.concatenate([spread(dtype), np.array([0, 1e-30, -1e-30, -1e-7], dtype)])
        given = theirs.to(torch.from_numpy(ours).dtype)(torch.from_numpy(ours.copy()))
        activate(learned, ours)
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, given.detach().numpy(), rtol=bound, atol=bound)


def test_gelu_is_as_exact_as_float32_can_tell() -> None:
    ours = spread(np.float32)
    exact = gelu(ours.astype(np.float64))
    activate("gelu", ours)
    assert (np.abs(ours - exact) / np.maximum(1, np.abs(exact))).max() <= 2e-7


def test_gelu_in_float64() -> None:
    ours = spread(np.float64)
    exact = gelu(ours)
    activate("gelu", ours)
    np.testing.assert_allclose(ours, exact, rtol=1e-12, atol=1e-12)


def test_every_name_that_a_config_may_have_is_known() -> None:
    assert set(ACTIVATIONS) == {*NAMED, "bloom_gelu"}


def test_what_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="no activation 'laplace'"):
        activate("laplace", np.zeros(3, np.float32))


def test_an_array_in_pieces_is_refused() -> None:
    with pytest.raises(ValueError, match="in pieces"):
        activate("relu", np.zeros((4, 6), np.float32)[:, :3])
