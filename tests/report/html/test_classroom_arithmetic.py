"""What the classroom's page works out itself, in node, beside NumPy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.analogy.classroom import (
    LEVELS,
    article_class,
    classmates,
    distance,
    profiles,
    strongest_trait,
    study,
)

STUDY = Path(__file__).parents[3] / "inspector/report/html/assets/classroom/study.js"
PROGRAM = f"""
import {{ readFileSync }} from "node:fs";
import * as m from {json.dumps(STUDY.as_uri())};
const tables = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(tables.map((Q) => {{
  const studied = m.study(Q);
  return {{
    ...studied, profiles: m.profiles(Q), distance: m.distance(m.profiles(Q)),
    mates: Q.map((_, i) => m.classmates(studied.R, i)),
    traits: Q.map((_, i) => Q.map((_, j) => m.strongestTrait(Q, i, j))),
  }};
}})));
"""


def tables() -> list[Any]:
    """The article's, random ones of several shapes, with negative marks, and large ones."""
    random = np.random.default_rng(7)
    shapes = [(2, 1), (3, 2), (5, 9), (12, 12)]
    return [
        article_class().table,
        *(random.normal(size=shape) + 1.2 for shape in shapes),
        random.uniform(1, 1000, size=(4, 3)),
    ]


@pytest.fixture(scope="module")
def worked_out() -> list[dict[str, Any]]:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("INSPECTOR_REQUIRE_BROWSER") == "1":
            pytest.fail("INSPECTOR_REQUIRE_BROWSER=1, and there is no node")
        pytest.skip("no node")
    given = json.dumps([table.tolist() for table in tables()])
    done = subprocess.run(
        [node, "--input-type=module", "-e", PROGRAM],
        input=given, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("at", range(len(tables())))
def test_the_page_s_class_is_numpy_s(worked_out: list[dict[str, Any]], at: int) -> None:
    Q, page = tables()[at], worked_out[at]
    n, m = Q.shape
    ours = study([f"s{i}" for i in range(n)], [f"t{k}" for k in range(m)], Q)
    for name, expected in {
        "R": ours.interactions,
        "T": ours.revised,
        "shares": ours.shares,
        "A": ours.softmax_attention,
        "AQ": ours.softmax_revised,
        "profiles": profiles(Q),
    }.items():
        np.testing.assert_allclose(page[name], expected, rtol=1e-12, atol=1e-12, err_msg=name)
    assert page["distance"] == pytest.approx(distance(profiles(Q)), rel=1e-12)
    assert page["closeness"] == [
        [None if level is None else LEVELS.index(level) for level in row] for row in ours.closeness
    ]
    assert page["mates"] == [classmates(ours, i) for i in range(n)]
    assert page["traits"] == [[strongest_trait(ours, i, j) for j in range(n)] for i in range(n)]
