"""The parts of a logit: they sum to the real model's, and a head's are what torch makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from edited_models import hooked
from forward_models import ALL, VARIANTS, Made, one_at_a_time, random_model

from inspector.analysis.contributions import contributions_of, no_contributions
from inspector.checkpoint.model.assemble import assemble
from inspector.families.registry import FAMILIES
from inspector.forward.model import forward
from inspector.records import Checkpoint, Trace
from inspector.records.effects import Answer, AnsweredPlace, Contributions

ENTRY = 7
#: Every causal family, and what else a block of one may be.
CAUSAL = [
    variant
    for variant, (family, _) in VARIANTS.items()
    if FAMILIES[family].causal
    and (variant in FAMILIES or variant.startswith(("opt", "falcon", "gpt_neox", "gpt_oss")))
    # Whose norms stand after the sub-layers, or whose head goes through a projection of its own.
    and variant not in ("opt, norms after", "openai-gpt", "modernbert-decoder")
]


@pytest.fixture(scope="module")
def made() -> Callable[[str], Made]:
    return one_at_a_time()


def about(logit: float) -> Answer:
    """An answer about one entry: of it all only that and the logit tell."""
    return Answer("next", (AnsweredPlace(14, ENTRY, "w7", 0.5, logit),))


def taken_apart(checkpoint: Checkpoint, trace: Trace, logit: float) -> Contributions:
    parts = contributions_of(checkpoint, trace, about(logit))
    assert parts is not None
    return parts


def total(parts: Contributions, cap: float | None) -> float:
    """The sum of all parts, as the model would bend it."""
    found = math.fsum(part.value for part in parts.parts)
    return found if cap is None else cap * math.tanh(found / cap)


@pytest.mark.parametrize("variant", CAUSAL)
def test_the_parts_sum_to_the_logit(made: Callable[[str], Made], variant: str) -> None:
    """In float32 to the real model's, in float64 to our own."""
    it = made(variant)
    assert no_contributions(it.checkpoint) is None
    assert it.checkpoint.model is not None
    cap = getattr(it.model.config, "final_logit_softcapping", None)
    theirs = hooked(it).logits
    assert theirs is not None
    for logit, dtype, bound in (
        (float(theirs[-1, ENTRY]), np.float32, 1e-4),
        (None, np.float64, 1e-9),
    ):
        kept: Any = ("layers", "logits")
        trace = forward(it.checkpoint, it.text, keep=kept, dtype=dtype)
        assert trace.logits is not None
        expected = float(trace.logits[-1, ENTRY]) if logit is None else logit
        parts = taken_apart(it.checkpoint, trace, expected)
        assert abs(total(parts, cap) - expected) <= bound * max(1, abs(expected))
        assert parts.sum_error <= bound
        # A head's part is what it brings from all tokens.
        for part in parts.parts:
            if part.kind == "head":
                assert part.layer is not None
                brought = parts.from_tokens[part.layer, part.head].sum()
                assert part.value == pytest.approx(brought, abs=1e-12)
        kinds = [part.kind for part in parts.parts]
        heads = getattr(it.model.config, it.family.heads)
        assert kinds.count("head") == heads * len(trace.layers)
        assert kinds.count("feed_forward") == len(trace.layers)


def test_the_sum_error_is_how_far_the_sum_is_off(made: Callable[[str], Made]) -> None:
    it = made("llama")
    trace = forward(it.checkpoint, it.text)
    known = total(taken_apart(it.checkpoint, trace, 0.0), None)
    assert taken_apart(it.checkpoint, trace, known).sum_error == 0
    for other in (known + 5, known - 0.25):
        share = abs(other - known) / max(1, abs(other))
        assert taken_apart(it.checkpoint, trace, other).sum_error == pytest.approx(share)


def test_logits_at_their_cap(made: Callable[[str], Made]) -> None:
    """A cap so low that float32 holds nothing between it and the logits."""
    it = made("gemma2")
    model = it.checkpoint.model
    assert model is not None and model.head is not None
    low = replace(model, head=replace(model.head, softcap=0.05))
    checkpoint = replace(it.checkpoint, model=low)
    trace = forward(checkpoint, it.text, keep=("layers", "logits"))
    assert trace.logits is not None
    logit = float(trace.logits[-1, ENTRY])
    assert abs(logit) == np.float32(0.05)
    parts = taken_apart(checkpoint, trace, logit)
    assert parts.sum_error < 1e-6
    assert abs(math.fsum(part.value for part in parts.parts)) > 0.4


def test_states_that_are_scaled_before_the_words(made: Callable[[str], Made]) -> None:
    it = made("llama")
    model = it.checkpoint.model
    assert model is not None and model.head is not None
    checkpoint = replace(it.checkpoint, model=replace(model, head=replace(model.head, scale=0.25)))
    trace = forward(checkpoint, it.text, keep=("layers", "logits"))
    assert trace.logits is not None
    logit = float(trace.logits[-1, ENTRY])
    assert taken_apart(checkpoint, trace, logit).sum_error < 1e-6


@pytest.mark.parametrize("variant", ["gpt2", "llama", "gemma2"])
def test_what_a_head_brings_from_each_token(made: Callable[[str], Made], variant: str) -> None:
    """By torch alone: its autograd takes a logit's slope through the norms, their spread fixed."""
    it = made(variant)
    trace = forward(it.checkpoint, it.text, keep=("layers", "logits"))
    assert trace.logits is not None
    parts = taken_apart(it.checkpoint, trace, float(trace.logits[-1, ENTRY]))
    base, heads = it.model.base_model, 4
    value_of, output_of, norm, inside = {
        "gpt2": ("attn.c_attn", "attn.c_proj", "ln_f", None),
        "llama": ("self_attn.v_proj", "self_attn.o_proj", "norm", None),
        "gemma2": ("self_attn.v_proj", "self_attn.o_proj", "norm", "post_attention_layernorm"),
    }[variant]
    held: dict[str, torch.Tensor] = {}
    watched = {"end": base.get_submodule(norm)}
    layers = [base.get_submodule(path) for path in it.family.layer_paths(it.model.config)]
    for at, layer in enumerate(layers):
        watched[f"value {at}"] = layer.get_submodule(value_of)
        if inside is not None:
            watched[f"inside {at}"] = layer.get_submodule(inside)
    handles = [
        module.register_forward_hook(
            lambda _module, given, gave, name=name: held.update(
                {name: (gave if name.startswith("value") else given[0])[0].double()}
            )
        )
        for name, module in watched.items()
    ]
    try:
        theirs = hooked(it)
    finally:
        for handle in handles:
            handle.remove()
    words = it.model.get_output_embeddings().weight[ENTRY].double().detach()
    for at, layer in enumerate(layers):
        weights = torch.from_numpy(theirs.attention["self", at][:, -1]).double()
        value = held[f"value {at}"]
        if variant == "gpt2":
            value = value[:, -value.shape[1] // 3 :]
        projection = layer.get_submodule(output_of)
        out = projection.weight.double().detach()
        out = out if variant == "gpt2" else out.T  # (H·d, D)
        size = out.shape[0] // heads
        kv_heads = value.shape[1] // size
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            its = head * kv_heads // heads
            for token in range(14):
                vector = value[token, its * size : (its + 1) * size]
                given = weights[head, token] * (vector @ out[own])
                if inside is not None:
                    given = frozen(watched[f"inside {at}"], held[f"inside {at}"][-1], given)
                given = frozen(watched["end"], held["end"][-1], given)
                assert parts.from_tokens[at, head, token] == pytest.approx(
                    float(given @ words), abs=2e-5
                )


def frozen(norm: Any, whole: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    """A part of what enters a norm behind it: a difference of two, the spread that of the whole."""
    weight = norm.weight.double().detach()
    if isinstance(norm, torch.nn.LayerNorm):
        return (part - part.mean()) / (whole.var(correction=0) + norm.eps).sqrt() * weight
    gain = 1 + weight if "Gemma" in type(norm).__name__ else weight
    eps = getattr(norm, "variance_epsilon", None) or norm.eps
    return part / (whole.square().mean() + eps).sqrt() * gain


@pytest.mark.parametrize(
    ("variant", "why"),
    [
        ("bert", "only a causal model's next word"),
        ("t5", "only a causal model's next word"),
        ("bart", "only a causal model's next word"),
        ("opt, norms after", "its norms stand behind the sub-layers"),
        ("bert-generation, a decoder", "its norms stand behind the sub-layers"),
        ("modernbert-decoder", "between its last block and its words"),
        ("llama", None),
        ("gemma2", None),
    ],
)
def test_why_there_are_none(made: Callable[[str], Made], variant: str, why: str | None) -> None:
    it = made(variant)
    said = no_contributions(it.checkpoint)
    assert (said is None) == (why is None)
    assert why is None or why in (said or "")
    trace = forward(it.checkpoint, it.text, it.target)
    assert (contributions_of(it.checkpoint, trace, about(0.0)) is None) == (why is not None)


def test_none_without_words_and_none_behind_a_projection(made: Callable[[str], Made]) -> None:
    it = made("llama")
    assert it.checkpoint.model is not None
    headless = replace(it.checkpoint, model=replace(it.checkpoint.model, head=None))
    for checkpoint in (headless, replace(it.checkpoint, model=None)):
        assert no_contributions(checkpoint) == "the model has no head for words"
    # The OPT of 350 million parameters goes back to a smaller width.
    model = random_model("opt", dict(ALL["opt"][1]) | {"word_embed_proj_dim": 12})
    tensors = {name: one.numpy() for name, one in model.state_dict().items()}
    names = model.config.architectures
    built = assemble(tensors, FAMILIES["opt"], model.config, "opt", architectures=names)
    said = no_contributions(replace(it.checkpoint, model=built))
    assert said == "between its last block and its words stands one more layer"
