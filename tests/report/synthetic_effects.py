"""Effects, a second ladder and contributions of random numbers, for a synthetic inspection."""

from dataclasses import replace

import numpy as np

from inspector.records.effects import (
    Answer,
    AnsweredPlace,
    Contributions,
    Effect,
    Effects,
    Explanation,
    HeadEffect,
    Part,
    TokenEffect,
)

READINGS = ("uniform", "last_layer", "all_layers", "rollout", "value_weighted", "alti")
PARIS = AnsweredPlace(position=9, id=7, token=" Paris", probability=0.625, logit=12.5)


def mattering(
    whole, *, bits=False, heads=True, tokens=True, contributions=False, against=False, seed=11
):
    """The same inspection with every head and every token measured; in bits, or as a shift."""
    random = np.random.default_rng(seed)
    T = len(whole.trace.text.tokens)
    N, H = len(whole.trace.layers), len(whole.trace.layers[0].attention)

    def effect():
        size = float(random.exponential(0.02 if not bits else 0.4))
        drop = float(random.normal(0, 0.1)) if bits else None
        return Effect(size, drop, float(random.normal()) if against else None)

    of_heads = tuple(HeadEffect("self", n, h, effect()) for n in range(N) for h in range(H))
    of_tokens = tuple(
        TokenEffect("text", i, token.text, token.special, effect())
        for i, token in enumerate(whole.trace.text.tokens)
    )
    taken = _contributions(random, N, H, T) if contributions else None
    missing = [f"{N * H} heads (about 9 seconds)"] * (not heads)
    missing += [f"{T} tokens (about 4 seconds)"] * (not tokens)
    found = Effects(
        measure="kl_bits" if bits else "shift",
        knockout="zero",
        answer=Answer("next", (PARIS,)) if bits else Answer("embedding", ()),
        heads=of_heads if heads else None,
        tokens=of_tokens if tokens else None,
        left_out=f"Not measured: {' and '.join(missing)}." if missing else None,
        explanations=_explanations(random, of_tokens, taken) if tokens else (),
        contributions=taken,
        no_contributions=None if taken else "the model has no head for words",
    )
    return replace(whole, effects_measured=found)


def _explanations(random, tokens, taken):
    sizes = np.array([one.effect.size for one in tokens])
    scores = {name: random.uniform(0, 1, len(sizes)) for name in READINGS}
    scores["uniform"] = np.ones(len(sizes))
    if taken is not None:
        scores["contributions"] = np.abs(taken.from_tokens.sum(axis=(0, 1)))
    scores["effect"] = sizes
    return tuple(
        Explanation(
            name,
            of,
            None
            if name == "uniform"
            else 1.0
            if name == "effect"
            else float(random.uniform(-1, 1)),
            0.25 if name == "uniform" else float(name in ("effect", "alti")),
        )
        for name, of in scores.items()
    )


def _contributions(random, N, H, T):
    from_tokens = random.normal(size=(N, H, T))
    parts = [Part("embedding", None, None, -0.5)]
    for n in range(N):
        parts += [Part("head", n, h, float(from_tokens[n, h].sum())) for h in range(H)]
        parts += [Part("bias", n, None, 0.125), Part("feed_forward", n, None, float(n) - 1)]
    rest = PARIS.logit - sum(part.value for part in parts)
    parts.append(Part("bias", None, None, rest))
    return Contributions(PARIS, tuple(parts), from_tokens, 3e-7)


def spearman(first, second):
    """The rank correlation of two rows of numbers, none twice."""
    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])
