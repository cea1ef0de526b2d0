"""Tabs on a live server, of the kind that a module calls ``Tab``."""

import pytest


@pytest.fixture
def open_tab(chromium, request):
    opened = []

    def go(server, **how):
        opened.append(request.module.Tab(chromium, server, **how))
        return opened[-1]

    yield go
    for tab in opened:
        tab.context.close()
