"""The frozen records that cross every seam of the house.

Data moves one way, text → trace → rebuild → verification → analysis → report, and it moves as
these records. They hold NumPy arrays, never tensors, so that every stage but the referee can be
read and tested without torch.

Letters used in shapes: ``T`` query tokens, ``S`` key tokens (``S = T`` in self-attention), ``D``
width of the hidden states, ``H`` heads of a layer, ``KV`` key/value heads (``KV = H`` unless they
are shared), ``d`` dimensions of one head, ``N`` attention layers of the model in the order in
which they ran. Layers, heads and tokens count from 0.
"""

from __future__ import annotations

from inspector.records.chat import Chat, Message, Role, conversation
from inspector.records.checkpoint import (
    DEFAULT_POOLING,
    Alibi,
    AttentionConfig,
    AttentionLayer,
    AttentionWeights,
    Buckets,
    Checkpoint,
    Disentangled,
    ModelInfo,
    Norm,
    Origin,
    Pooling,
    PositionRule,
    PositionWeights,
    Projection,
    Rope,
)
from inspector.records.corpus import (
    CorpusFacts,
    CorpusResult,
    ExplanationStatistics,
    HeadExample,
    HeadStatistics,
    RelationAccuracies,
    RelationFindings,
    Skipped,
)
from inspector.records.edits import (
    BlockEdge,
    BlockToken,
    Edit,
    Knockout,
    PatchHead,
    SilenceHead,
)
from inspector.records.effects import (
    Answer,
    AnsweredPlace,
    AnswerKind,
    Contributions,
    Effect,
    Effects,
    Explanation,
    HeadEffect,
    Measure,
    Part,
    TokenEffect,
    WhatIf,
)
from inspector.records.embedding import Embedding, Similarity
from inspector.records.findings import (
    Agreement,
    HeadReading,
    Inspected,
    Link,
    RowSample,
    RungResult,
    SampledRows,
    Share,
    Sink,
)
from inspector.records.generation import Generation, Writing, WrittenToken
from inspector.records.model import (
    Block,
    Convolution,
    Embeddings,
    Experts,
    FeedForward,
    Head,
    Model,
    Norms,
    Stack,
)
from inspector.records.predictions import Candidate, Guess, Predictions
from inspector.records.rebuild import (
    Bias,
    DistanceVectors,
    Rebuild,
    RebuiltLayer,
    RecomputedLayer,
)
from inspector.records.shapes import Array, Float32, Float64, Mask, SiteName, Tier, Verdict
from inspector.records.targets import LABEL_FROM, LABELS, RELATIVE, TARGETS, HeadLabel
from inspector.records.text import Batch, Text, Token, pad
from inspector.records.trace import CapturedAttention, Trace, TracedLayer
from inspector.records.verification import EndToEnd, LayerCheck, Verification

__all__ = [
    "DEFAULT_POOLING",
    "LABELS",
    "LABEL_FROM",
    "RELATIVE",
    "TARGETS",
    "Agreement",
    "Alibi",
    "Answer",
    "AnswerKind",
    "AnsweredPlace",
    "Array",
    "AttentionConfig",
    "AttentionLayer",
    "AttentionWeights",
    "Batch",
    "Bias",
    "Block",
    "BlockEdge",
    "BlockToken",
    "Buckets",
    "Candidate",
    "CapturedAttention",
    "Chat",
    "Checkpoint",
    "Contributions",
    "Convolution",
    "CorpusFacts",
    "CorpusResult",
    "Disentangled",
    "DistanceVectors",
    "Edit",
    "Effect",
    "Effects",
    "Embedding",
    "Embeddings",
    "EndToEnd",
    "Experts",
    "Explanation",
    "ExplanationStatistics",
    "FeedForward",
    "Float32",
    "Float64",
    "Generation",
    "Guess",
    "Head",
    "HeadEffect",
    "HeadExample",
    "HeadLabel",
    "HeadReading",
    "HeadStatistics",
    "Inspected",
    "Knockout",
    "LayerCheck",
    "Link",
    "Mask",
    "Measure",
    "Message",
    "Model",
    "ModelInfo",
    "Norm",
    "Norms",
    "Origin",
    "Part",
    "PatchHead",
    "Pooling",
    "PositionRule",
    "PositionWeights",
    "Predictions",
    "Projection",
    "Rebuild",
    "RebuiltLayer",
    "RecomputedLayer",
    "RelationAccuracies",
    "RelationFindings",
    "Role",
    "Rope",
    "RowSample",
    "RungResult",
    "SampledRows",
    "Share",
    "SilenceHead",
    "Similarity",
    "Sink",
    "SiteName",
    "Skipped",
    "Stack",
    "Text",
    "Tier",
    "Token",
    "TokenEffect",
    "Trace",
    "TracedLayer",
    "Verdict",
    "Verification",
    "WhatIf",
    "Writing",
    "WrittenToken",
    "conversation",
    "pad",
]
