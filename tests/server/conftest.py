"""One server for all tests of it."""

from collections.abc import Iterator

import pytest
from live_server import Client, start


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    server = start()
    yield Client(server)
    server.stop()
