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
    Alibi,
    AttentionConfig,
    AttentionLayer,
    AttentionWeights,
    Buckets,
    Checkpoint,
    Disentangled,
    DynamicBase,
    Latent,
    LongSpeeds,
    ModelInfo,
    Norm,
    Origin,
    PositionRule,
    PositionWeights,
    Projection,
    Rope,
)
from inspector.records.edits import (
    BlockEdge,
    BlockToken,
    Edit,
    Knockout,
    PatchHead,
    SilenceHead,
)
from inspector.records.embedding import DEFAULT_POOLING, Embedding, Pooling, Similarity
from inspector.records.findings import (
    Agreement,
    AskedLink,
    HeadLink,
    HeadReading,
    Inspected,
    Link,
    RowSample,
    RungResult,
    SampledRows,
    Share,
    Sink,
)
from inspector.records.model import (
    Adapter,
    Block,
    BoundedGate,
    Convolution,
    Embeddings,
    Experts,
    FeedForward,
    Head,
    Model,
    Norms,
    Router,
    Stack,
    Xielu,
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
    "Adapter",
    "Agreement",
    "Alibi",
    "Array",
    "AskedLink",
    "AttentionConfig",
    "AttentionLayer",
    "AttentionWeights",
    "Batch",
    "Bias",
    "Block",
    "BlockEdge",
    "BlockToken",
    "BoundedGate",
    "Buckets",
    "Candidate",
    "CapturedAttention",
    "Chat",
    "Checkpoint",
    "Convolution",
    "Disentangled",
    "DistanceVectors",
    "DynamicBase",
    "Edit",
    "Embedding",
    "Embeddings",
    "EndToEnd",
    "Experts",
    "FeedForward",
    "Float32",
    "Float64",
    "Guess",
    "Head",
    "HeadLabel",
    "HeadLink",
    "HeadReading",
    "Inspected",
    "Knockout",
    "Latent",
    "LayerCheck",
    "Link",
    "LongSpeeds",
    "Mask",
    "Message",
    "Model",
    "ModelInfo",
    "Norm",
    "Norms",
    "Origin",
    "PatchHead",
    "Pooling",
    "PositionRule",
    "PositionWeights",
    "Predictions",
    "Projection",
    "Rebuild",
    "RebuiltLayer",
    "RecomputedLayer",
    "Role",
    "Rope",
    "Router",
    "RowSample",
    "RungResult",
    "SampledRows",
    "Share",
    "SilenceHead",
    "Similarity",
    "Sink",
    "SiteName",
    "Stack",
    "Text",
    "Tier",
    "Token",
    "Trace",
    "TracedLayer",
    "Verdict",
    "Verification",
    "Xielu",
    "conversation",
    "pad",
]
