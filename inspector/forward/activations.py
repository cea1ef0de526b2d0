"""The activations that the families' configs may name, in place and in the dtype that they get.

GELU is Hendrycks and Gimpel 2016, "Gaussian Error Linear Units": x·Φ(x), Φ the normal distribution.
NumPy has no Φ. In float32 it is taken as a logistic function of an odd polynomial: the logit of Φ
is nearly a line, and seven terms bring x·Φ(x) as near as float32 can tell. In float64 it is the
C library's own error function, number by number: only the arbitration needs it.

xIELU is Huang and Schlag 2024, "Deriving Activation Functions Using Integration", with a bound on
what is exponentiated as its authors' code has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from inspector.records import Array, Xielu

#: logit Φ(x) = x·p(x²) for |x| ≤ 6, with the smallest largest error of x·Φ(x): 7e-8. Beyond, where
#: Φ is 0 or 1 to a float32, it grows on.
_LOGIT = (
    1.5957684322466281,
    0.07266856699967111,
    -6.62599712900834e-05,
    -1.1048032076154172e-4,
    7.938219332775818e-06,
    -2.668928390823576e-07,
    3.611233184811893e-09,
)
#: √(2/π), as the tanh form of GELU has it, and as BLOOM rounds it.
_ROOT, _ROUNDED_ROOT = math.sqrt(2 / math.pi), 0.79788456
_CUBIC = 0.044715
_QUICK = 1.702
_BOUND = 10.0
_SIX = 6.0
_LEAK = 0.01
#: Numbers worked on at once: few enough that they and what is between stay in the cache.
_BLOCK = 1 << 16

Activation = Callable[[Array], None]


def activate(name: str | Xielu, values: Array) -> None:
    """Apply an activation to an array, in place; the array must lie in one piece.

    Raises
    ------
    ValueError
        When there is no activation of that name.
    """
    known = partial(_xielu, name) if isinstance(name, Xielu) else ACTIVATIONS.get(name)
    if known is None:
        raise ValueError(f"there is no activation {name!r} here, only {', '.join(ACTIVATIONS)}")
    flat = values.reshape(-1)
    if not np.shares_memory(flat, values):
        raise ValueError("an activation is applied in place, and this array is in pieces")
    for first in range(0, flat.size, _BLOCK):
        known(flat[first : first + _BLOCK])


def sigmoid(values: Array) -> Array:
    """Return 1 / (1 + e^−x)."""
    result: Array = np.negative(values)
    with np.errstate(over="ignore"):  # e^∞ is what is meant: then the result is 0
        np.exp(result, out=result)
    result += values.dtype.type(1)
    return np.reciprocal(result, out=result)


def _gelu(values: Array) -> None:
    if values.dtype != np.float32:
        values *= [0.5 * math.erfc(-value / math.sqrt(2)) for value in values.tolist()]
        return
    with np.errstate(over="ignore"):  # beyond a float's range the logit is ∞, as it should be
        square = values * values
        logit = square * np.float32(_LOGIT[-1])
        for factor in _LOGIT[-2:0:-1]:
            logit += np.float32(factor)
            logit *= square
        logit += np.float32(_LOGIT[0])
        logit *= values
    values *= sigmoid(logit)


def _gelu_tanh(values: Array, root: float = _ROOT) -> None:
    # 0.5·(1 + tanh u) is the logistic function of 2u, which overflows nowhere.
    inner = values * values
    inner *= values.dtype.type(_CUBIC)
    inner += values.dtype.type(1)
    inner *= values
    inner *= values.dtype.type(2 * root)
    values *= sigmoid(inner)


def _clipped_gelu(values: Array) -> None:
    _gelu(values)
    np.clip(values, -_BOUND, _BOUND, out=values)


def _silu(values: Array) -> None:
    values *= sigmoid(values)


def _quick_gelu(values: Array) -> None:
    values *= sigmoid(values * values.dtype.type(_QUICK))


def _mish(values: Array) -> None:
    values *= np.tanh(np.logaddexp(values, values.dtype.type(0)))


def _relu(values: Array) -> None:
    np.maximum(values, values.dtype.type(0), out=values)


def _relu_squared(values: Array) -> None:
    _relu(values)
    values *= values


def _relu6(values: Array) -> None:
    np.clip(values, 0, _SIX, out=values)


def _xielu(learned: Xielu, values: Array) -> None:
    zero = values.dtype.type(0)
    above, below = (np.logaddexp(slope, zero) for slope in (learned.positive, learned.negative))
    below += learned.beta
    low = np.expm1(np.minimum(values, learned.eps))
    low -= values
    low *= below
    curved = np.where(values > zero, values * values * above, low)
    values *= learned.beta
    values += curved


def _leaky_relu(values: Array) -> None:
    np.maximum(values, values * values.dtype.type(_LEAK), out=values)


def _hardswish(values: Array) -> None:
    values *= np.clip(values + values.dtype.type(_SIX / 2), 0, _SIX) / values.dtype.type(_SIX)


def _tanh(values: Array) -> None:
    np.tanh(values, out=values)


def _logistic(values: Array) -> None:
    values[...] = sigmoid(values)


def _linear(_values: Array) -> None:
    return


def _rounded_gelu(values: Array) -> None:
    _gelu_tanh(values, _ROUNDED_ROOT)


def _fast_gelu(values: Array) -> None:
    _gelu_tanh(values, 0.7978845608)


#: By the names that configs use, and ``bloom_gelu``, which is BLOOM's whatever its config says.
ACTIVATIONS: dict[str, Activation] = {
    "gelu": _gelu,
    "gelu_python": _gelu,
    "gelu_10": _clipped_gelu,
    "gelu_new": _gelu_tanh,
    "gelu_pytorch_tanh": _gelu_tanh,
    "gelu_python_tanh": _gelu_tanh,
    "gelu_accurate": _gelu_tanh,
    "gelu_fast": _fast_gelu,
    "bloom_gelu": _rounded_gelu,
    "quick_gelu": _quick_gelu,
    "relu": _relu,
    "relu2": _relu_squared,
    "relu6": _relu6,
    "leaky_relu": _leaky_relu,
    "silu": _silu,
    "swish": _silu,
    "mish": _mish,
    "hardswish": _hardswish,
    "sigmoid": _logistic,
    "tanh": _tanh,
    "linear": _linear,
}
