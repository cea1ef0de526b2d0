"""What there is to say of a family's row in a few words: its kind, its specials, what it covers."""

from __future__ import annotations

from inspector.families.parts import Given, OneOf
from inspector.families.spec import Family


def kind(family: Family) -> str:
    """Return whether a family reads both ways, writes, or does both with two stacks."""
    if family.others:
        return "encoder–decoder"
    return "decoder" if family.causal else "encoder or decoder" if family.causal_if else "encoder"


def covers(family: Family) -> dict[str, str]:
    """Return the values of the config that the row covers, where it does not cover them all."""
    return {
        name: str(value) if isinstance(value, OneOf) else repr(value)
        for name, value in family.requires.items()
        if not isinstance(value, Given)
    }


def specials(family: Family) -> tuple[str, ...]:
    """Return what sets a family's attention apart from the plain formula, in a few words each."""
    windows = {
        "all": "sliding window",
        "layer_types": "sliding window in some layers",
        "both": "window both ways in some layers",
        "gpt_neo": "local in some layers",
    }
    added = {
        "alibi": "ALiBi",
        "buckets": "distance buckets",
        "disentangled": "disentangled positions",
    }
    norm = "layer norm before" if family.norm_kind.startswith("layer") else "RMS norm before"
    turned = " in some layers" if family.rope_if_near else " where set" if family.rope_if else ""
    said = (
        "encoder, decoder and cross-attention" if family.others else "",
        "causal" if family.causal else "causal where set" if family.causal_if else "",
        windows[family.window] if family.window else "",
        {"half": "rotary", "interleaved": "rotary, interleaved", None: ""}[family.rope] + turned,
        "values turned where set" if "rotary_value" in family.reads else "",
        added[family.added.kind] if family.added else "",
        norm if family.norm else "",
        "norms on q and k" + (" where set" if family.head_norms_if else "")
        if family.head_norms
        else "",
        {
            "head": "",
            "yarn": "",
            "one": "no scale",
            "terms": "scale by the number of terms",
        }.get(family.scale, "scale by config"),
        "soft cap" if family.softcap else "",
        "sinks" if family.sinks else "",
        "fused q, k, v" if family.fused else "",
        "latent keys and values" if family.latent else "",
        "layers share weights" if "{group}" in family.layer else "",
    )
    return tuple(filter(None, said))
