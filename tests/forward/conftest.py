"""Random models of every family, for the forward pass and what it reads on from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from forward_models import Made, one_at_a_time


@pytest.fixture(scope="module")
def made() -> Callable[[str], Made]:
    return one_at_a_time()
