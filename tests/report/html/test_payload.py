import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
import synthetic
from page_text import numbers_of, unpacked

from inspector.report.html.blobs import script_json
from inspector.report.html.payload.build import build_payload
from inspector.report.html.payload.scores import ROUNDING_BOUND


def payload(inspected):
    return build_payload(inspected, command=None, version="test")


def numbers(built, name):
    """Read a blob the way the format is described, byte by byte."""
    blob = next(blob for blob in built.blobs if blob.name == name)
    entry = built.header["blobs"][name]
    raw = unpacked(blob.text)
    assert len(raw) == entry["length"] and zlib.crc32(raw) == entry["crc32"]
    return numbers_of(raw, entry["dtype"], entry["shape"])


def names(built):
    return {blob.name for blob in built.blobs}


def test_up_to_32_tokens_the_model_and_the_difference_travel_exactly():
    whole = synthetic.inspected("one two three")
    built = payload(whole)
    for n, (captured, rebuilt) in enumerate(
        zip(whole.trace.layers, whole.rebuild.layers, strict=True)
    ):
        np.testing.assert_array_equal(numbers(built, f"{n}.model"), captured.attention)
        steps = numbers(built, f"{n}.difference").astype(np.int64)
        signed = np.where(steps % 2, -(steps + 1) // 2, steps // 2)
        bits = captured.attention.view(np.int32) + signed
        # A number below zero would be far, in steps, from one above; no weight is.
        np.testing.assert_array_equal(bits.astype(np.int32).view(np.float32), rebuilt.attention)


@pytest.mark.parametrize(("tokens", "exact"), [(32, True), (33, False)])
def test_beyond_32_tokens_q_and_k_travel_alone(tokens, exact):
    whole = synthetic.inspected("w " * (tokens - 2), layers=1)
    assert len(whole.trace.text.tokens) == tokens
    built = payload(whole)
    assert ("0.model" in names(built)) is exact
    assert ("0.thumbnail" in names(built)) is not exact
    assert {"0.query", "0.key"} <= names(built)
    assert built.header["layers"][0]["source"] == ("exact" if exact else "query_key")


def test_beside_the_matrices_q_and_k_travel_in_half():
    whole = synthetic.inspected("one two three four", layers=1)
    built = payload(whole)
    layer = built.header["layers"][0]
    assert layer["precision"] == "float32" and layer["scale"] == 0.5
    assert layer["key_precision"] == "float16"
    q, k = numbers(built, "0.query"), numbers(built, "0.key")
    for shipped, told in (
        (q, whole.rebuild.layers[0].query),
        (k, whole.rebuild.layers[0].key),
    ):
        np.testing.assert_array_equal(shipped, told.astype(np.float16))
    A = synthetic.softmax(q.astype(float) @ k.astype(float).swapaxes(1, 2) / 2)
    worst = np.abs(A - whole.trace.layers[0].attention).max(axis=(1, 2))
    np.testing.assert_allclose(layer["arithmetic_error"], worst, atol=2e-6)
    assert max(worst) <= ROUNDING_BOUND


def test_a_short_text_whose_attention_is_not_the_softmax_of_q_and_k_goes_without_them():
    whole = synthetic.inspected("one two three four", layers=1)
    captured = replace(
        whole.trace.layers[0], attention=np.roll(whole.trace.layers[0].attention, 1, 2)
    )
    built = payload(replace(whole, trace=replace(whole.trace, layers=(captured,))))
    layer = built.header["layers"][0]
    assert layer["source"] == "exact" and layer["key_precision"] is None
    assert layer["arithmetic_error"] == [] and layer["scale"] is None
    assert not {"0.query", "0.key", "0.attention"} & names(built)


def test_readings_travel_as_numbers():
    whole = synthetic.inspected()
    built = payload(whole)
    assert built.header["labels"] == [head.label for head in whole.heads]
    for row, head in zip(numbers(built, "readings"), whole.heads, strict=True):
        masses = [head.masses[k] for k in ("previous", "next", "self", "first", "separator")]
        expected = [head.entropy_bits, head.distance, head.score, *masses]
        np.testing.assert_array_equal(row, np.float32(expected))


@pytest.mark.parametrize("tokens", [9, 40])
@pytest.mark.parametrize("beside", synthetic.BESIDE)
def test_what_stands_beside_q_and_k_travels_too(beside, tokens):
    whole = synthetic.inspected("w " * (tokens - 2), layers=1, beside=beside)
    built = payload(whole)
    layer, rebuilt = built.header["layers"][0], whole.rebuild.layers[0]
    assert layer["key_precision"] == ("float16" if layer["exact"] else "steps")
    assert "0.attention" not in names(built)
    assert layer["softcap"] == rebuilt.softcap
    q, k = (numbers(built, f"0.{name}").astype(float) for name in ("query", "key"))
    scores = q @ k.swapaxes(1, 2) / 2
    if layer["softcap"]:
        scores = layer["softcap"] * np.tanh(scores / layer["softcap"])
    distance = np.arange(tokens) - np.arange(tokens)[:, None] + tokens - 1
    if "0.by_key" in names(built):
        scores += numbers(built, "0.by_key")[:, None]
    if "0.by_distance" in names(built):
        scores += numbers(built, "0.by_distance")[:, distance]
    if "0.distance_rows" in names(built):
        at = numbers(built, "0.distance_rows")[distance]
        places, asked = (
            numbers(built, f"0.distance_{name}")[:, at] for name in ("keys", "queries")
        )
        scores += np.einsum("hid,hijd->hij", q, places.astype(float)) / 2
        scores += np.einsum("hjd,hijd->hij", k, asked.astype(float)) / 2
    sink = numbers(built, "0.sink") if "0.sink" in names(built) else np.full(len(q), -np.inf)
    powers = np.exp(scores)
    A = powers / (powers.sum(axis=2, keepdims=True) + np.exp(sink)[:, None, None])
    worst = np.abs(A - whole.trace.layers[0].attention).max(axis=(1, 2))
    assert max(worst) <= ROUNDING_BOUND
    np.testing.assert_allclose(layer["arithmetic_error"], worst, atol=2e-6)


def test_what_is_added_is_linear_in_the_text():
    """Twice as long a text ships at most twice as many numbers of positions."""
    for beside in synthetic.BESIDE:
        sizes = []
        for tokens in (40, 80):
            built = payload(synthetic.inspected("w " * (tokens - 2), layers=1, beside=beside))
            parts = [b for b in built.blobs if b.name[2:].startswith(("by_", "distance_", "sink"))]
            sizes.append(sum(int(np.prod(blob.shape)) for blob in parts))
        assert sizes[1] <= 2.1 * sizes[0]


@pytest.mark.parametrize("causal", [False, True])
def test_the_shipped_error_is_that_of_the_page_s_arithmetic(causal):
    whole = synthetic.inspected("w " * 38, layers=1, causal=causal)
    built = payload(whole)
    q, k = (numbers(built, f"0.{name}").astype(float) for name in ("query", "key"))
    worst = []
    for head, theirs in enumerate(whole.trace.layers[0].attention):
        largest = 0.0
        for i in range(len(theirs)):
            heard = range(i + 1) if causal else range(len(theirs))
            e = np.array([np.exp(sum(q[head, i] * k[head, j]) / 2) for j in heard])
            row = np.zeros(len(theirs))
            row[: len(e)] = e / e.sum()
            largest = max(largest, np.abs(row - theirs[i]).max())
        worst.append(largest)
    assert built.header["layers"][0]["precision"] == "steps"
    np.testing.assert_allclose(built.header["layers"][0]["arithmetic_error"], worst, atol=2e-6)
    assert built.header["arithmetic_max_abs_error"] == max(
        built.header["layers"][0]["arithmetic_error"]
    )


def large_scores(whole, factor):
    """q and k so large that float16 moves the softmax; the model's attention goes with them."""
    layer = whole.rebuild.layers[0]
    query = layer.query * factor
    A = synthetic.softmax(
        query.astype(float) @ layer.key.astype(float).swapaxes(1, 2) * layer.scale
    )
    A = A.astype(np.float32)
    captured = replace(whole.trace.layers[0], attention=A)
    return replace(
        whole,
        trace=replace(whole.trace, layers=(captured,)),
        rebuild=synthetic.rebuilt(replace(layer, query=query, attention=A)),
    )


def test_float32_where_scores_are_too_large_to_be_counted():
    whole = large_scores(synthetic.inspected("w " * 38, layers=1), 100)
    layer = payload(whole).header["layers"][0]
    assert (layer["source"], layer["precision"]) == ("query_key", "float32")
    assert max(layer["arithmetic_error"]) <= 5e-3


@pytest.mark.parametrize(("tokens", "precision"), [(8, "float32"), (40, "steps")])
def test_beyond_the_range_of_float16(tokens, precision):
    """Steps are as long as they have to be; a float has the exponents that it has."""
    whole = large_scores(synthetic.inspected("w " * (tokens - 2), layers=1, d=1), 1)
    layer = whole.rebuild.layers[0]
    scaled = replace(layer, query=layer.query * 1e6, key=layer.key / 1e6)
    layer = payload(replace(whole, rebuild=synthetic.rebuilt(scaled))).header["layers"][0]
    assert layer["key_precision"] == precision


def test_the_attention_itself_where_it_is_not_the_softmax_of_q_and_k():
    whole = synthetic.inspected("w " * 38, layers=1)
    captured = replace(
        whole.trace.layers[0], attention=np.roll(whole.trace.layers[0].attention, 1, 2)
    )
    built = payload(replace(whole, trace=replace(whole.trace, layers=(captured,))))
    assert built.header["layers"][0]["source"] == "attention"
    np.testing.assert_allclose(numbers(built, "0.attention"), captured.attention, atol=3e-4)


def test_thumbnails_keep_the_largest_weight_of_each_patch():
    whole = synthetic.inspected("w " * 68, layers=1)
    A = whole.trace.layers[0].attention
    thumbnails = numbers(payload(whole), "0.thumbnail")
    edges = [i * 70 // 32 for i in range(33)]
    for i in range(32):
        for j in range(32):
            patch = A[1, edges[i] : edges[i + 1], edges[j] : edges[j + 1]]
            assert abs(thumbnails[1, i, j] / 255 - patch.max()) <= 0.5 / 255 + 1e-6


def test_row_errors_of_a_long_text_and_lengths():
    whole = synthetic.inspected("w " * 38)
    built = payload(whole)
    for n, (captured, rebuilt) in enumerate(
        zip(whole.trace.layers, whole.rebuild.layers, strict=True)
    ):
        expected = np.abs(rebuilt.attention - captured.attention).max(axis=2)
        np.testing.assert_array_equal(numbers(built, f"{n}.row_error"), expected)
        lengths = [sum(x.astype(float) ** 2) ** 0.5 for x in rebuilt.states]
        np.testing.assert_allclose(numbers(built, f"{n}.key_state_norm"), lengths, rtol=1e-6)


def test_the_classroom_s_r_travels_as_a_triangle():
    whole = synthetic.inspected("one two three four")
    built = payload(whole)
    R = np.stack(next(rung for rung in whole.ladder if rung.name == "classroom").matrices)
    triangle = numbers(built, "ladder.classroom.self")
    at = 0
    for i in range(R.shape[1]):
        for j in range(i + 1):
            np.testing.assert_array_equal(triangle[:, at], R[:, i, j])
            at += 1
    assert triangle.shape[1] == at


def test_beyond_128_tokens_the_ladder_is_averaged():
    whole = synthetic.inspected("w " * 148, layers=1)
    built = payload(whole)
    rung = next(rung for rung in whole.ladder if rung.name == "learned")
    edges = [i * 150 // 64 for i in range(65)]
    pooled = numbers(built, "ladder.learned.self")
    assert pooled.shape == (1, 64, 64)
    patch = rung.matrices[0][edges[5] : edges[6], edges[9] : edges[10]]
    assert abs(pooled[0, 5, 9] - patch.mean()) < 1e-4
    how = {r["name"]: r["matrices"] for r in built.header["ladder"]}
    assert how["learned"] == how["uniform"] == {"self": "pooled"} and how["heads"] == {}


def test_a_measure_that_is_not_there_stays_not_a_number():
    whole = synthetic.inspected()
    measures = numbers(payload(whole), "measures")
    place = {rung.name: i for i, rung in enumerate(whole.ladder)}
    assert np.isnan(measures[place["classroom"], :, 0]).all()
    assert np.isnan(measures[place["mask"]]).all()
    np.testing.assert_allclose(
        measures[place["learned"], 1, 2],
        whole.ladder[place["learned"]].content.top1_agreement,
        rtol=1e-6,
    )


def test_without_a_rebuild_the_model_s_attention_travels():
    whole = synthetic.not_recomputed(synthetic.inspected("w " * 38, layers=1))
    built = payload(whole)
    assert built.header["layers"][0]["source"] == "attention"
    error = built.header["layers"][0]["arithmetic_error"]
    A = whole.trace.layers[0].attention
    assert np.abs(numbers(built, "0.attention") - A).max() <= max(error) + 1e-9


def test_a_header_survives_hostile_text():
    text = '</script><!--<script>"&\u2028\u2029\ud800'
    written = script_json({"text": text})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written.encode("utf-8")) == {"text": text}


def test_a_header_holds_no_nan():
    assert "NaN" not in payload(synthetic.inspected()).json


def test_shares_and_links_travel():
    whole = synthetic.inspected("one two three", pair="four")
    built = payload(whole)
    shares = numbers(built, "shares")
    assert shares.dtype == np.float32
    for i, share in enumerate(whole.shares):
        np.testing.assert_allclose(shares[i], share.per_head, rtol=1e-6)
        assert built.header["shares"][i] == {"ingredient": share.ingredient, "adds": share.adds}
    assert built.header["links"][0]["lift"] == whole.links[0].lift


def test_without_shares_there_is_no_blob_of_them():
    built = payload(replace(synthetic.inspected(), shares=()))
    assert built.header["shares"] == [] and "shares" not in names(built)


def test_what_has_no_number_is_null_or_not_a_number():
    whole = synthetic.inspected()
    empty = replace(
        whole.heads[0], distance=float("nan"), masses=dict.fromkeys(synthetic.MASSES, float("nan"))
    )
    link = replace(whole.links[0], lift=float("inf"))
    built = payload(replace(whole, heads=(empty, *whole.heads[1:]), links=(link,)))
    assert np.isnan(numbers(built, "readings")[0]).tolist() == [False, True, False, *[True] * 5]
    assert built.header["links"][0]["lift"] is None
