"""The frozen records that cross every seam of the house.

Data moves one way, text → model → attention → analogy → analysis → report, and it moves as these
records. They hold NumPy arrays, never tensors, so that every stage after ``model/`` can be read
and tested without torch.

Letters used in shapes: ``T`` query tokens, ``S`` key tokens (``S = T`` in self-attention), ``D``
width of the hidden states, ``H`` heads of a layer, ``KV`` key/value heads (``KV = H`` unless they
are shared), ``d`` dimensions of one head, ``N`` attention layers of the model in the order in
which they ran. Layers, heads and tokens count from 0.
"""

from __future__ import annotations

from inspector.records.attention import (
    Bias,
    DistanceVectors,
    LayerCheck,
    RebuiltLayer,
    ReplayedLayer,
    Verification,
)
from inspector.records.corpus import (
    CorpusFacts,
    CorpusResult,
    HeadExample,
    HeadStatistics,
    RelationAccuracies,
    RelationFindings,
    Skipped,
)
from inspector.records.findings import Agreement, HeadReading, Inspected, Link, RungResult, Share
from inspector.records.model import (
    Alibi,
    AttentionWeights,
    Buckets,
    CapturedLayer,
    Dialect,
    Disentangled,
    Executed,
    ModelInfo,
    Norm,
    PositionRule,
    PositionWeights,
    Projection,
    Rope,
    Run,
)
from inspector.records.predictions import Candidate, Guess, Predictions
from inspector.records.shapes import (
    Array,
    Float32,
    Float64,
    HeadLabel,
    Mask,
    SiteName,
    Tier,
    Verdict,
)
from inspector.records.text import Text, Token

__all__ = [
    "Agreement",
    "Alibi",
    "Array",
    "AttentionWeights",
    "Bias",
    "Buckets",
    "Candidate",
    "CapturedLayer",
    "CorpusFacts",
    "CorpusResult",
    "Dialect",
    "Disentangled",
    "DistanceVectors",
    "Executed",
    "Float32",
    "Float64",
    "Guess",
    "HeadExample",
    "HeadLabel",
    "HeadReading",
    "HeadStatistics",
    "Inspected",
    "LayerCheck",
    "Link",
    "Mask",
    "ModelInfo",
    "Norm",
    "PositionRule",
    "PositionWeights",
    "Predictions",
    "Projection",
    "RebuiltLayer",
    "RelationAccuracies",
    "RelationFindings",
    "ReplayedLayer",
    "Rope",
    "Run",
    "RungResult",
    "Share",
    "SiteName",
    "Skipped",
    "Text",
    "Tier",
    "Token",
    "Verdict",
    "Verification",
]
