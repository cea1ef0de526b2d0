"""An `Inspected` made of random numbers: no model, no torch, any size, any sentence.

Everything is computed with plain NumPy in float64, so that it can stand against the page.
"""

from dataclasses import replace

import numpy as np

from inspector.records import (
    Agreement,
    Bias,
    Candidate,
    Checkpoint,
    DistanceVectors,
    Embedding,
    EndToEnd,
    Guess,
    HeadReading,
    Inspected,
    LayerCheck,
    Link,
    Pooling,
    Predictions,
    Projection,
    Rebuild,
    RebuiltLayer,
    RecomputedLayer,
    RungResult,
    Share,
    Similarity,
    Text,
    Token,
    Trace,
    TracedLayer,
    Verification,
)
from inspector.records.generation import Generation, Writing, WrittenToken

RUNGS = ("strangers", "classroom", "share", "softmax", "scaled", "learned", "heads")
ABSENT = ("position", "mask")
REFERENCES = ("uniform", "layer_mean")
#: In the order of ``HeadLabel``; no two alike, and they need not sum to one.
MASSES = {"previous": 0.61, "next": 0.02, "self": 0.11, "first": 0.004, "separator": 0.07}
INGREDIENTS = ("scale", "questions", "heads")


#: What may stand beside q·k in the scores.
BESIDE = ("by_key", "by_distance", "vectors", "sink", "softcap")


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def words(text, pair=None):
    """[CLS], the words of the text, [SEP]; and the same of the pair."""
    tokens = [Token(101, "[CLS]", None, True, 0, None)]
    number = 0
    for segment, part in enumerate([text] if pair is None else [text, pair]):
        at = 0
        for piece in part.split(" "):
            if piece:
                span = (at, at + len(piece))
                tokens.append(Token(1000 + number, piece, number, False, segment, span))
                number += 1
            at += len(piece) + 1
        tokens.append(Token(102, "[SEP]", None, True, segment, None))
    return Text.of(tuple(tokens), text, pair)


def inspected(
    text="the cat sat",
    *,
    pair=None,
    layers=2,
    heads=3,
    d=4,
    causal=False,
    noise=1e-7,
    seed=0,
    beside=None,
):
    """A verified inspection: what the model computed is the rebuild plus a little noise."""
    random = np.random.default_rng(seed)
    told = words(text, pair)
    T, D = len(told.tokens), heads * d
    visible = np.tril(np.ones((T, T), bool)) if causal else np.ones((T, T), bool)
    captured, layers_of, checks = [], [], []
    for layer in range(layers):
        states = random.normal(size=(T, D)).astype(np.float32)
        query = (2 * random.normal(size=(heads, T, d))).astype(np.float32)
        key, value = (random.normal(size=(heads, T, d)).astype(np.float32) for _ in range(2))
        scores = query.astype(float) @ key.astype(float).swapaxes(1, 2) / np.sqrt(d)
        more, scores = _beside(beside, query, key, scores, np.random.default_rng(seed + 5))
        sink = np.full(heads, -np.inf) if more.get("sink") is None else more["sink"].astype(float)
        column = np.broadcast_to(sink[:, None, None], (heads, T, 1))
        whole = np.concatenate([np.where(visible, scores, -3.4e38), column], axis=2)
        attention = softmax(whole)[..., :-1].astype(np.float32)
        model = (attention + noise * random.normal(size=attention.shape)).astype(np.float32)
        captured.append(TracedLayer("self", layer, states, model, states))
        output = Projection(random.normal(size=(D, D)).astype(np.float32), None)
        layers_of.append(
            RebuiltLayer(site="self", layer=layer, states=states, query=query, key=key,
                         value=value, scale=d**-0.5, visible=visible, attention=attention,
                         output=states, output_projection=output, **more)
        )  # fmt: skip
        error = np.abs(attention - model).max(axis=(1, 2)).astype(float)
        checks.append(
            LayerCheck("self", layer, "verified", ("verified",) * heads, error, error * 2,
                       np.full(heads, np.nan), "verified", 1e-7, 1e-5)
        )  # fmt: skip
    known = Checkpoint("bundled", "synthetic <model>", "bert", 512, "0" * 64, None, None)
    trace = Trace(told, tuple(captured))
    readings = tuple(
        HeadReading(
            "self",
            n,
            h,
            1.5 + h,
            1.25 + n + h / 8,
            {k: v / (1 + h) for k, v in MASSES.items()},
            "previous" if h == 0 else None,
            0.61 / (1 + h),
        )
        for n in range(layers)
        for h in range(heads)
    )
    link = Link(
        told.tokens[1].text,
        told.tokens[2 if T > 3 else 1].text,
        1,
        2 if T > 3 else 1,
        0.5,
        6.25,
        "self",
        layers - 1,
        1,
    )
    largest = float(max(check.attention_max_abs_error.max() for check in checks))
    verification = Verification("verified", largest, 1e-7, tuple(checks), None, "weights")
    ladder = _ladder(layers_of, captured, random)
    return Inspected(
        known,
        trace,
        rebuilt(*layers_of),
        verification,
        ladder,
        _shares((layers, heads)),
        readings,
        (link,),
        False,
    )


def _beside(kind, query, key, scores, random):
    """One thing beside q·k: the record's fields, and the scores with it."""
    heads, T, d = query.shape

    def made(*shape):
        return random.normal(size=shape).astype(np.float32)

    distance = np.arange(T) - np.arange(T)[:, None] + T - 1
    if kind == "softcap":
        return {"softcap": 1.5}, 1.5 * np.tanh(scores / 1.5)
    if kind == "sink":
        return {"sink": made(heads) + 3}, scores
    if kind == "by_key":
        bias = Bias(by_key=made(heads, T))
        return {"bias": bias}, scores + bias.by_key.astype(float)[:, None]
    if kind == "by_distance":
        bias = Bias(by_distance=made(heads, 2 * T - 1))
        return {"bias": bias}, scores + bias.by_distance.astype(float)[:, distance]
    if kind == "vectors":
        rows = random.integers(0, 5, size=2 * T - 1)
        parts = DistanceVectors(rows, made(heads, 5, d), made(heads, 5, d))
        asked = np.einsum("hid,hijd->hij", query, parts.keys[:, rows[distance]], dtype=float)
        offered = np.einsum("hjd,hijd->hij", key, parts.queries[:, rows[distance]], dtype=float)
        return {"bias": Bias(vectors=parts)}, scores + (asked + offered) / np.sqrt(d)
    return {}, scores


def _shares(shape):
    """What each ingredient buys; one of them makes things worse wherever it is added."""
    random = np.random.default_rng(7)
    gains = [random.uniform(0.01, 0.2, shape), -random.uniform(0.01, 0.05, shape),
             random.uniform(0.2, 0.5, shape)]  # fmt: skip
    return tuple(
        Share(name, f"what {name} buys", gain, float(gain.mean()))
        for name, gain in zip(INGREDIENTS, gains, strict=True)
    )


def _ladder(rebuilt, captured, random):
    shape = (len(rebuilt), rebuilt[0].query.shape[0])
    R = np.stack([layer.states @ layer.states.T for layer in rebuilt])
    positive = np.maximum(R, 0)
    learned = softmax(R / 3).astype(np.float32)
    T = R.shape[1]
    matrices = {
        "strangers": np.broadcast_to(np.eye(T, dtype=np.float32), R.shape),
        "classroom": R,
        "share": positive / positive.sum(axis=2, keepdims=True),
        "softmax": softmax(R),
        "scaled": softmax(R / np.sqrt(rebuilt[0].states.shape[1])),
        "learned": learned,
        "uniform": np.full_like(R, 1 / T),
        "layer_mean": np.stack([layer.attention.mean(axis=0) for layer in captured]),
    }

    def agreement(jsd):
        values = [random.uniform(0, 1, shape) for _ in range(3)]
        if not jsd:
            values[0] = np.full(shape, np.nan)
        return Agreement(*values, constant_rows=3, empty_rows=0)

    def rung(name, *, applies=True):
        carried = matrices.get(name)
        return RungResult(
            name, f"formula of {name}", f"what {name} adds", name in REFERENCES, applies,
            agreement(name != "classroom") if applies else None,
            agreement(name != "classroom") if applies else None,
            None if carried is None or not applies else tuple(carried.astype(np.float32)),
            ("self",) if applies else (),
        )  # fmt: skip

    return (
        *(rung(name) for name in RUNGS),
        *(rung(name, applies=False) for name in ABSENT),
        rung("model"),
        *(rung(name) for name in REFERENCES),
    )


def rebuilt(*layers):
    """These layers as rebuilt from the weights."""
    return Rebuild("weights", layers, layers, None)


def not_recomputed(whole):
    """The same inspection of a family that has no rebuild."""
    reason = "attention of this family is not rebuilt yet"
    ladder = tuple(replace(r, all_tokens=None, content=None, matrices=None) for r in whole.ladder)
    return replace(
        whole,
        rebuild=Rebuild("none", (), (), reason),
        verification=Verification("not_recomputed", None, None, (), reason, "none"),
        ladder=ladder,
        shares=(),
    )


def captured(whole):
    """The same inspection of a family whose q, k and v were captured and not rebuilt."""
    reason = "there is no row for this family"
    layers = tuple(
        RecomputedLayer(site=layer.site, layer=layer.layer, query=layer.query, key=layer.key,
                        value=layer.value, scale=layer.scale, visible=layer.visible,
                        attention=layer.attention, output=layer.output)
        for layer in whole.rebuild.layers
    )  # fmt: skip
    checks = tuple(
        replace(check, verdict="consistent", output_verdict="consistent",
                head_verdicts=("consistent",) * len(check.head_verdicts))
        for check in whole.verification.layers
    )  # fmt: skip
    checked = replace(
        whole.verification, verdict="consistent", layers=checks, reason=reason, tier="captured"
    )
    return replace(
        not_recomputed(whole),
        rebuild=Rebuild("captured", layers, (), reason),
        verification=checked,
    )


def predicting(whole, kind="causal"):
    """The same inspection by a model with a head for words; some of what it says is hostile."""
    T = len(whole.trace.text.tokens)
    probabilities = np.linspace(0.0004, 0.9, T)
    if kind == "causal":
        probabilities[0] = np.nan
    said = (" mat", "</script><b>x</b>", "\n", "", "\u202ecba")
    places = [T] if kind == "causal" else [1, 3]
    for place in places if kind == "masked" else ():
        probabilities[place] = np.nan
    guesses = tuple(
        Guess(place, tuple(Candidate(7 + i, text, 0.5 / (i + 1)) for i, text in enumerate(said)))
        for place in places
    )
    return replace(
        whole, trace=replace(whole.trace, predictions=Predictions(kind, probabilities, guesses))
    )


def answering(whole, *, cosine=None, **errors):
    """The same inspection by a model that answers with an embedding, proved from the ids too."""
    embedding = Embedding(Pooling("mean", normalised=True), np.linspace(-1, 1, 24))
    similarity = None if cosine is None else Similarity(cosine, (embedding, embedding))
    found = {"attention_max_abs_error": 2e-6, "states_max_abs_error": 3e-6}
    found |= {"probability_max_abs_error": None, "embedding_max_abs_error": 4e-8}
    found |= {"similarity_abs_error": None if cosine is None else 5e-8, "first_layer": None}
    proof = EndToEnd(**({"verdict": "verified"} | found | errors))
    return replace(
        whole,
        trace=replace(whole.trace, embedding=embedding, similarity=similarity),
        verification=replace(whole.verification, end_to_end=proof, verdict=proof.verdict),
    )


def writing(whole, tokens=3, **judged):
    """The same inspection, the last of its text written by the model itself."""
    text = whole.trace.text
    second = (" mat", "</script><b>x</b>", "\u202ecba")
    written = tuple(
        WrittenToken(int(entry), 0.5 / (at + 1), Candidate(7, second[at % 3], 0.2 / (at + 1)))
        for at, entry in enumerate(text.ids[-tokens:])
    )
    begun = Text.of_ids(text.ids[:-tokens])
    generation = Generation(Writing(tokens), begun, None, written, ended=True)
    return replace(whole, generation=replace(generation, **judged))


def mismatched(whole, layer=1, head=2, error=0.0123):
    """The same inspection with one head that the rebuild got wrong."""
    checks = list(whole.verification.layers)
    verdicts, errors = (
        list(checks[layer].head_verdicts),
        checks[layer].attention_max_abs_error.copy(),
    )
    verdicts[head], errors[head] = "mismatch", error
    checks[layer] = replace(
        checks[layer],
        verdict="mismatch",
        head_verdicts=tuple(verdicts),
        attention_max_abs_error=errors,
    )
    return replace(
        whole, verification=Verification("mismatch", error, 1e-7, tuple(checks), None, "weights")
    )
