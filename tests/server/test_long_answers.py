"""Heads of a long text that its page leaves out, beside whole matrices, and what can be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from live_server import Client, Reply, Unpacked, start_long, unpack
from synthetic_long import long_text, model_and_text

from inspector import long_text as long_texts
from inspector.forward.model import forward
from inspector.server.limits import TEXT

JSON = {"Content-Type": "application/json"}


def header_of(client: Client) -> dict[str, Any]:
    page = client.send("GET", "").body.decode()
    found = re.search(r'id="header">([^<]*)<', page)
    assert found is not None
    header: dict[str, Any] = json.loads(found[1])
    return header


def ask(client: Client, **question: Any) -> Reply:
    return client.ask("head", **{"reading": header_of(client)["reading"]} | question)


@pytest.fixture(scope="module")
def reader() -> Iterator[Client]:
    server = start_long(long_text())
    yield Client(server)
    server.stop()


def by_hand(sent: Unpacked, layer: dict[str, Any]) -> Any:
    """Weights from what was sent, a query at a time, in float64."""
    one, blobs = sent.header["carried"], sent.blobs
    named = {name.split(".")[0]: np.asarray(blobs[name], dtype=np.float64) for name in blobs}
    query, key = named["query"], named["key"]
    tokens = len(query)
    weights = np.zeros((tokens, tokens))
    for i in range(tokens):
        scores = layer["scale"] * key @ query[i]
        if layer["softcap"] is not None:
            scores = layer["softcap"] * np.tanh(scores / layer["softcap"])
        for j in range(tokens):
            away = j - i + tokens - 1
            if "by_key" in one["terms"]:
                scores[j] += named["by_key"][j]
            if "by_distance" in one["terms"]:
                scores[j] += named["by_distance"][away]
            if "distance_rows" in one["terms"]:
                row = int(named["distance_rows"][away])
                if "distance_keys" in named:
                    scores[j] += layer["scale"] * named["distance_keys"][row] @ query[i]
                if "distance_queries" in named:
                    scores[j] += layer["scale"] * named["distance_queries"][row] @ key[j]
            far = layer["window"] is not None and abs(i - j) >= layer["window"]
            if far or (layer["causal"] and j > i):
                scores[j] = -np.inf
        powers = np.exp(scores - scores.max())
        rest = 0 if one["sink"] is None else np.exp(one["sink"] - scores.max())
        weights[i] = powers / (powers.sum() + rest)
    return weights


@pytest.mark.parametrize(
    "variant", ["llama", "gemma2", "bloom", "gpt_oss", "bert", "deberta-v2", "deberta, one term"]
)
def test_a_head_that_was_left_out_is_that_of_the_whole_matrix(variant: str) -> None:
    server = start_long(long_text(variant))
    try:
        client = Client(server)
        header = header_of(client)
        assert [(one["layer"], one["head"]) for one in header["carried"]] == [(1, 2)]
        whole = forward(*model_and_text(variant, 40))
        for layer, computed in enumerate(whole.computed):
            for head in (0, 3):
                sent = unpack(ask(client, layer=layer, head=head).body)
                assert (sent.header["carried"]["layer"], sent.header["carried"]["head"]) == (
                    layer,
                    head,
                )
                mine = by_hand(sent, header["layers"][layer])
                assert np.abs(mine - computed.attention[head]).max() <= 5e-3
                # And not those of any other head.
                others = np.delete(computed.attention, head, axis=0)
                assert np.abs(mine - others).max(axis=(1, 2)).min() > 5e-3
    finally:
        server.stop()


def test_its_page_asks_nobody_else(reader: Client) -> None:
    page = reader.send("GET", "").body.decode()
    assert page.count("connect-src 'self'") == 1 and page.count("connect-src") == 1
    assert "default-src 'none'" in page
    assert "works offline" not in page


STRANGE: list[bytes] = [
    *(b"", b"{", b"[]", b"null", b'"head"', b"\xff\xfe", b"[" * 100_000, b"{}", b"NaN"),
    *(b'{"layer": 0}', b'{"layer": 0, "head": null}', b'{"layer": "0", "head": 0}'),
    *(b'{"layer": 999, "head": 0}', b'{"layer": 0, "head": 999}', b'{"layer": -1, "head": 0}'),
    *(
        b'{"layer": NaN, "head": 0}',
        b'{"layer": 0, "head": Infinity}',
        b'{"layer": 0, "head": 1e3}',
    ),
    *(b'{"layer": true, "head": 0}', b'{"layer": 0.0, "head": 0}', b'{"layer": [0], "head": {}}'),
    b'{"layer": 0, "head": ' + b"9" * 4_000 + b"}",
    b'{"layer": 0, "head": ' + b"9" * 10_000 + b"}",
    *(b'{"layer": 0, "head": 0, "page": 1}', b'{"layer": 0, "head": 0, "reading": 1}'),
    b'{"layer": 0, "head": 0, "reading": "' + b"a" * 65 + b'"}',
    *(b'{"layer": 0, "head": 0}', b'{"layer": 0, "head": 0, "reading": "\\ud800"}'),
]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:40].decode("latin-1"))
def test_a_strange_question_is_refused_in_a_sentence(
    reader: Client, body: bytes, named: bool
) -> None:
    if named and b'"reading"' not in body and body != b'{"layer": 0, "head": 0}':
        reading = header_of(reader)["reading"].encode()
        body = body.replace(b'{"layer"', b'{"reading": "' + reading + b'", "layer"')
    got = reader.send("POST", "head", body, JSON)
    assert got.status == 422
    said = json.loads(got.body)
    assert said["error"].endswith(".") and said["hint"]
    assert "fault of the inspector" not in said["error"]


def test_a_head_that_there_is_not_is_named(reader: Client) -> None:
    got = ask(reader, layer=999, head=0)
    assert got.status == 422 and got.said.startswith("There is no head 999.0: a random model has")


def test_another_text_is_not_mixed_with_this_one(reader: Client) -> None:
    other = start_long(long_text(tokens=41))
    try:
        theirs = header_of(Client(other))["reading"]
    finally:
        other.stop()
    got = ask(reader, reading=theirs, layer=0, head=0)
    assert got.status == 422 and got.said.startswith("This page is of another text")
    # The same text read again is the same one.
    again = start_long(long_text())
    try:
        assert header_of(Client(again))["reading"] == header_of(reader)["reading"]
    finally:
        again.stop()


def test_who_may_ask_is_as_for_every_question(reader: Client) -> None:
    body = json.dumps({"reading": header_of(reader)["reading"], "layer": 0, "head": 0}).encode()
    assert reader.send("POST", "head", body, JSON).status == 200
    assert reader.send("POST", "/wrong/head", body, JSON).status == 403
    assert reader.send("POST", "/head", body, JSON).status == 403
    for named in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        assert reader.send("POST", "head", body, JSON | named).status == 403
    assert reader.send("POST", "head", body, {"Content-Type": "text/plain"}).status == 415
    assert reader.send("GET", "head").status == 405
    assert reader.send("POST", "head", b" " * 200_000 + body, JSON).status == 413
    # What the other live page asks is not asked here.
    for what in ("inspect", "prove"):
        assert reader.send("POST", what, b'{"text": "a"}', JSON).status == 404


def test_no_head_is_sent_to_a_page_on_which_a_text_is_typed(client: Client) -> None:
    assert client.send("POST", "head", b'{"layer": 0, "head": 0}', JSON).status == 404


def test_a_text_too_long_to_be_typed_is_told_how_it_is_looked_at(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    got = client.ask(text="a" * (TEXT + 1))
    assert got.status == 422 and "inspect live --text-file FILE" in got.said
    # By its tokens, too: of that many no matrix is kept.
    text = "word " * 30
    assert client.ask(text=text).status == 200
    monkeypatch.setattr(long_texts, "LONG_FROM", 20)
    for what in ("inspect", "prove"):
        got = client.ask(what, text=f"{text} again")
        assert got.status == 422
        assert "33 tokens through" in got.said and "inspect live --text-file FILE" in got.said
