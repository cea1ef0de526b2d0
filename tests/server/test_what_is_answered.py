"""Numbers of the live server beside the real model's, and everything that can be sent to it."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from live_server import SENTENCE, Client, unpack

import inspector
from inspector.referee.loading import LoadedModel
from inspector.session import Inspection

OTHER = "The cat sat on the mat because it was small"


def test_the_attention_is_the_real_models(client: Client, cat: Inspection) -> None:
    answer = unpack(client.ask(text=SENTENCE).body)
    assert answer.moved is None
    assert answer.header["verification"]["verdict"] == "unproved"
    for layer in range(6):
        real = np.stack([cat.attention(layer, head) for head in range(12)])
        np.testing.assert_allclose(answer.blobs[f"{layer}.model"], real, atol=1e-4)
    # The ladder is not measured until it is asked for; that of the first text is there already.
    other = unpack(client.ask(text=f"{SENTENCE} and hungry").body)
    assert other.header["ladder"] == [] and "measures" not in other.blobs
    whole = unpack(client.ask(text=SENTENCE, ladder=True).body)
    names = [rung["name"] for rung in whole.header["ladder"]]
    assert names == [result.name for result in cat.ladder]
    theirs = [result.all_tokens for result in cat.ladder]
    ours = whole.blobs["measures"][:, 0, 0]
    for mine, its in zip(ours, theirs, strict=True):
        if its is not None:
            np.testing.assert_allclose(mine, its.jsd_bits, atol=1e-4)


def test_heads_silenced_and_words_blocked(client: Client) -> None:
    found = inspector.inspect(SENTENCE, prove=False)
    changed = found.what_if(silence=[(2, 3)], block=[2])
    answer = unpack(client.ask(text=SENTENCE, silence=[["self", 2, 3]], block=[["text", 2]]).body)
    assert changed.change is not None and answer.moved is not None
    assert answer.moved["measure"] == "shift"
    assert answer.moved["size"] == pytest.approx(changed.change.effect.size, rel=1e-4)
    assert answer.moved["size"] > 1e-4
    np.testing.assert_allclose(answer.blobs["5.model"][4], changed.attention(5, 4), atol=1e-6)
    # Nobody else hears a blocked word.
    heard = answer.blobs["0.model"][:, :, 2]
    assert not np.delete(heard, 2, axis=1).any()
    assert answer.header["notices"][0].startswith("This is not the model as it is")


def test_a_word_swapped_has_an_answer_before_and_after(
    client: Client, bundled: LoadedModel, cat: Inspection
) -> None:
    other = inspector.inspect(OTHER, model=bundled)
    assert cat.trace.embedding is not None and other.trace.embedding is not None
    a, b = (np.array(one.trace.embedding.values, dtype=float) for one in (cat, other))
    far = 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    answer = unpack(client.ask(text=OTHER, before=SENTENCE).body)
    assert answer.moved is not None
    assert answer.moved["size"] == pytest.approx(far, rel=1e-3)
    assert unpack(client.ask(text=SENTENCE, before=SENTENCE).body).moved is None


def test_effects_are_measured_when_they_are_asked_for(client: Client) -> None:
    text = "The dog barked"
    assert unpack(client.ask(text=text).body).header["effects"] is None
    answer = unpack(client.ask(text=text, effects=True).body)
    theirs = inspector.inspect(text, prove=False).effects()
    assert theirs.tokens is not None
    sizes = [one.effect.size for one in theirs.tokens]
    np.testing.assert_allclose(answer.blobs["effects.tokens"][0], sizes, rtol=1e-3, atol=1e-6)
    refused = client.ask(text=text, effects=True, silence=[["self", 0, 0]])
    assert refused.status == 422 and "something is changed" in refused.said


@pytest.mark.slow
def test_the_real_model_proves_it_when_it_is_asked(client: Client) -> None:
    answer = unpack(client.ask("prove", text=SENTENCE).body)
    assert answer.header["verification"]["verdict"] in {"verified", "rounding"}
    assert answer.header["verification"]["end_to_end"]["verdict"] in {"verified", "rounding"}
    assert answer.header["ladder"]
    refused = client.ask("prove", text=SENTENCE, block=[["text", 1]])
    assert refused.status == 422 and refused.said.startswith("What was changed cannot be proved")


# --- what is refused --------------------------------------------------------------------------

STRANGE: list[Any] = [
    *(b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"text": 1}'),
    *(b"{}", b'{"text": null}', b'{"text": "a", "target": 3}', b'{"text": "a", "page": 1}'),
    *(b'{"text": "a", "silence": 1}', b'{"text": "a", "silence": [[0, 1]]}'),
    *(
        b'{"text": "a", "silence": [["self", 0, -1]]}',
        b'{"text": "a", "silence": [["self", 0, 1.5]]}',
    ),
    *(
        b'{"text": "a", "silence": [["self", true, 0]]}',
        b'{"text": "a", "silence": [["moon", 0, 0]]}',
    ),
    *(b'{"text": "a", "block": [["word", 0]]}', b'{"text": "a", "block": ["text", 0]}'),
    b'{"text": "a", "block": [' + b",".join([b'["text", 0]'] * 513) + b"]}",
    *(
        b'{"text": "a", "silence": [["self", 99, 0]]}',
        b'{"text": "a", "silence": [["cross", 0, 0]]}',
    ),
    *(b'{"text": "a", "block": [["text", 99]]}', b'{"text": "a", "target": "b"}'),
    *(b'{"text": "\\ud800"}', b'{"text": "a\\u0000b", "silence": [["self", 0, 999999]]}'),
    json.dumps({"text": "word " * 1_000}).encode(),
]


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:40].decode("latin-1"))
def test_a_strange_question_is_refused_in_a_sentence(client: Client, body: bytes) -> None:
    got = client.send("POST", "inspect", body, {"Content-Type": "application/json"})
    assert got.status == 422
    said = json.loads(got.body)
    assert said["error"].endswith((".", "?")) and said["hint"]
    assert "fault of the inspector" not in said["error"]


def test_a_text_of_a_megabyte_is_refused_before_it_is_read(client: Client) -> None:
    own = f"Host: 127.0.0.1:{client.server.port}\r\nContent-Type: application/json\r\n"
    head = f"POST /{client.server.token}/inspect HTTP/1.1\r\n{own}Connection: close\r\n"
    # Nothing of it is sent: an answer that comes did not wait for it.
    got = client.raw(f"{head}Content-Length: {2**20}\r\n\r\n".encode())
    assert got.startswith(b"HTTP/1.1 413") and b"too long to be read while it is typed" in got
    # Nor is it taken piece by piece.
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    got = client.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), chunk, chunk, chunk)
    assert not got or got.startswith(b"HTTP/1.1 413")
    assert client.send("GET", "alive").status == 200
    long = client.ask(text="a" * 8_001)
    assert long.status == 422 and "8,001 characters" in long.said


# --- many, and those who go -------------------------------------------------------------------


def test_a_hundred_at_once_are_all_answered(client: Client) -> None:
    with ThreadPoolExecutor(100) as pool:
        waiting = [pool.submit(client.ask, text=f"word {at}", page="one tab") for at in range(100)]
        got = [one.result() for one in waiting]
    statuses = {reply.status for reply in got}
    assert statuses <= {200, 409}
    # One of them was answered, and most of the others had been overtaken by then.
    answered = sum(reply.status == 200 for reply in got)
    assert answered >= 1
    assert client.ask(text=SENTENCE, page="one tab").status == 200


def test_each_page_gets_its_answer(client: Client) -> None:
    texts = [f"page number {at}" for at in range(8)]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda text: client.ask(text=text, page=text), texts))
    assert [unpack(reply.body).header["text"]["text"] for reply in got] == texts


def test_a_client_that_goes_away_is_let_go(client: Client) -> None:
    body = json.dumps({"text": SENTENCE, "page": "gone"}).encode()
    head = (
        f"POST /{client.server.token}/inspect HTTP/1.1\r\nHost: 127.0.0.1:{client.server.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    for sent in (head, head + body[:10], head + body):
        with socket.create_connection(("127.0.0.1", client.server.port)) as line:
            line.sendall(sent)
    assert client.ask(text=SENTENCE).status == 200
