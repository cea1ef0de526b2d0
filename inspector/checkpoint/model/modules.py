"""Modules found among a checkpoint's tensors by the paths that a family's row gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from inspector.checkpoint.weights import Weights
from inspector.errors import ModelError
from inspector.families.spec import Family
from inspector.records import Array, Norm, Projection

#: What the weights and biases of norms were called when BERT was published.
_OLDER = {"weight": "gamma", "bias": "beta"}
_HINT = "Use a complete checkpoint whose config.json belongs to its weights."


class Modules:
    """The tensors of a model, by module path, in float32.

    A path begins at the base model, whose own name may or may not stand before it in the file;
    ``within_file`` looks for a name as it is. bfloat16 and float16 are widened as they are asked
    for, and what is float32 in the file is a view of it.
    """

    def __init__(
        self, tensors: Mapping[str, Array], family: Family, config: Any, title: str
    ) -> None:
        self._tensors = tensors
        self._family = family
        self._config = config = family.own(config)
        self._title = title
        named = f"{family.stands or family.prefix}."
        self._prefix = named if any(name.startswith(named) for name in tensors) else ""
        eps = family.eps
        self._eps = float(getattr(config, eps) if isinstance(eps, str) else eps)

    def has(self, name: str) -> bool:
        """Say whether there is a tensor of this name, counted from the base model."""
        return self._name(name) is not None

    def tensor(self, name: str) -> Array:
        """Return a tensor by its name from the base model.

        Raises
        ------
        ModelError
            When the file lacks it.
        """
        found = self._name(name)
        if found is None:
            raise ModelError(
                f"The weights of {self._title} have no tensor {self._prefix}{name}.", _HINT
            )
        return self._float32(found)

    def one_of(self, name: str, index: int) -> Array:
        """Return one of several matrices, or rows, in a tensor; the others are not touched.

        Raises
        ------
        ModelError
            When the file lacks the tensor.
        """
        if (found := self._name(name)) is None:
            return self.tensor(name)
        tensors = self._tensors
        one = (
            tensors.one_of(found, index) if isinstance(tensors, Weights) else tensors[found][index]
        )
        return np.asarray(one).astype(np.float32, copy=False)

    def within_file(self, name: str) -> Array | None:
        """Return a tensor by its whole name, or None."""
        return self._float32(name) if name in self._tensors else None

    def projection(self, path: str, *, within_file: bool = False) -> Projection:
        """Return a linear map, with its bias where the file has one.

        Raises
        ------
        ModelError
            When the file lacks its weight.
        """
        if within_file:
            weight, bias = self._required(f"{path}.weight"), self.within_file(f"{path}.bias")
            return Projection(weight, bias)
        weight = self.tensor(f"{path}.weight")
        return Projection(
            weight.T if self._family.conv1d else weight, self.optional(f"{path}.bias")
        )

    def linear(self, path: str) -> Projection:
        """Return a linear map that lies (out, in) whatever the family's others do."""
        return Projection(self.tensor(f"{path}.weight"), self.optional(f"{path}.bias"))

    def norm(self, path: str, *, within_file: bool = False) -> Norm:
        """Return a norm of the family's kind.

        Raises
        ------
        ModelError
            When the file lacks its weight, and the config does not say that it has none.
        """
        family = self._family
        centred = family.norm_kind.startswith("layer")
        if within_file:
            weight, bias = self._required(f"{path}.weight"), self.within_file(f"{path}.bias")
            return Norm(weight, bias, self._eps, centred=centred)
        if family.norm_weights_if is False or not getattr(
            self._config, family.norm_weights_if or "", True
        ):
            return Norm(None, None, self._eps, centred=centred)
        weight = self.tensor(f"{path}.weight")
        if family.norm_kind.endswith("+1"):
            weight = 1 + weight
        bias = self.optional(f"{path}.bias")
        return Norm(weight, bias, self._eps, centred=centred)

    def head_norm(self, path: str, heads: int) -> Norm:
        """Return the norm of queries or keys: one for all heads, or one for each, (H, 1, d)."""
        if self._family.head_norms_over == "own":
            norm = self.norm(path)
            return replace(norm, weight=None if norm.weight is None else norm.weight[:, None])
        if not self.has(f"{path}.norms.0.weight"):
            return self.norm(path)
        each = [self.tensor(f"{path}.norms.{head}.weight") for head in range(heads)]
        return Norm(np.stack(each)[:, None], None, self._eps, centred=True)

    def optional(self, name: str) -> Array | None:
        """Return a tensor by its name from the base model, or None where there is none."""
        found = self._name(name)
        return None if found is None else self._float32(found)

    def _required(self, name: str) -> Array:
        if (found := self.within_file(name)) is None:
            raise ModelError(f"The weights of {self._title} have no tensor {name}.", _HINT)
        return found

    def _name(self, name: str) -> str | None:
        for known in (name, self._family.path_in_file(name)):
            whole = self._prefix + known
            if whole in self._tensors:
                return whole
        path, _, part = whole.rpartition(".")
        older = f"{path}.{_OLDER.get(part, part)}"
        return older if older in self._tensors else None

    def _float32(self, name: str) -> Array:
        return np.asarray(self._tensors[name]).astype(np.float32, copy=False)
