"""Who gets an answer: a page of this server, with its token, and nobody else."""

from __future__ import annotations

import socket

import pytest
from live_server import Client

JSON = {"Content-Type": "application/json"}


def test_a_page_of_its_own_is_answered(client: Client) -> None:
    got = client.send("GET", "")
    assert got.status == 200
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["referrer-policy"] == "no-referrer"
    assert got.headers["cross-origin-resource-policy"] == "same-origin"
    assert not {name for name in got.headers if name.startswith("access-control")}
    page = got.body.decode()
    assert "connect-src 'self'" in page and page.count("connect-src") == 1
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{client.server.port}"
        own = {"Host": host, "Origin": f"http://{host}"}
        assert client.send("GET", "alive", headers=own).status == 200


@pytest.mark.parametrize(
    "path", ["/", "/alive", "/inspect", "//", "/wrong/", "/wrong/inspect", "*"]
)
def test_without_the_token_there_is_nothing(client: Client, path: str) -> None:
    for method in ("GET", "POST"):
        got = (
            client.send(method, path, headers=JSON)
            if path != "*"
            else client.send(method, f"/{client.server.token[:-1]}/")
        )
        assert got.status == 403
        assert client.server.token.encode() not in got.body


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_a_foreign_host_is_refused(client: Client, host: str) -> None:
    named = {"Host": host.format(port=client.server.port)}
    assert client.send("GET", "", headers=named).status == 403


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}", "file://"],
)
def test_a_foreign_origin_is_refused(client: Client, origin: str) -> None:
    named = {"Origin": origin.format(port=client.server.port)}
    assert client.send("GET", "alive", headers=named).status == 403
    assert client.send("POST", "inspect", b'{"text": "a"}', JSON | named).status == 403


def test_two_hosts_are_none(client: Client) -> None:
    own = f"127.0.0.1:{client.server.port}"
    request = (
        f"GET /{client.server.token}/alive HTTP/1.1\r\nHost: {own}\r\nHost: evil.example\r\n"
        "Connection: close\r\n\r\n"
    )
    # Whoever sees it first refuses it.
    assert client.raw(request.encode()).split()[1] in {b"400", b"403"}


def test_a_form_of_another_page_cannot_ask(client: Client) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        got = client.send("POST", "inspect", b'{"text": "a"}', {"Content-Type": kind})
        assert got.status == 415
    # What a browser asks before it lets another page send JSON.
    assert client.send("OPTIONS", "inspect").status == 405


@pytest.mark.parametrize(
    "path", ["../etc/passwd", "..%2f..%2fetc%2fpasswd", "static/main.js", "%00"]
)
def test_no_file_is_served(client: Client, path: str) -> None:
    assert client.send("GET", path).status in {403, 404, 405}


def test_nothing_but_http_is_spoken(client: Client) -> None:
    own = f"127.0.0.1:{client.server.port}"
    upgrade = (
        f"GET /{client.server.token}/ HTTP/1.1\r\nHost: {own}\r\nConnection: close, Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n"
    )
    assert not client.raw(upgrade.encode()).startswith(b"HTTP/1.1 101")


def test_other_machines_are_not_listened_to(client: Client) -> None:
    assert client.server._socket.getsockname()[0] == "127.0.0.1"
    with socket.socket() as line:
        line.settimeout(5)
        # Another address of this very machine.
        assert line.connect_ex(("127.0.0.2", client.server.port)) != 0
