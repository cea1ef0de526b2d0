"""A real Chromium, without a network and without a flag that relaxes the page's policy."""

import os
import shutil
import sys
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import pytest

# The builder of synthetic inspections lives beside the tests of the payload.
sys.path.insert(0, str(Path(__file__).parents[1] / "report"))

from inspector.report.html.page import render_report

READY = "html[data-complete]"


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests; missing, they skip, or fail where the caller insists."""
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        if os.environ.get("INSPECTOR_REQUIRE_BROWSER") == "1":
            pytest.fail("INSPECTOR_REQUIRE_BROWSER=1, and there is no Chromium or no playwright")
        pytest.skip("no Chromium, or no playwright")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


class Tabs:
    """Tabs that are used again, as new when they are taken: a new one costs more than its page."""

    def __init__(self, browser):
        self._browser, self._free = browser, []

    def take(self, *, width=1280, height=900, scheme="light"):
        page = self._free.pop() if self._free else self._browser.new_context().new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(
            media="null", color_scheme=scheme, reduced_motion="no-preference", forced_colors="none"
        )
        return page

    def leave(self, page):
        """Leave nothing of a page in its tab; a tab that does not obey isn't used again."""
        page.unroute_all()
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.goto("about:blank")
        page.mouse.move(0, 0)
        self._free.append(page)


@pytest.fixture(scope="session")
def tabs(chromium):
    return Tabs(chromium)


class Opened:
    """A page that was opened from disk, and what it did that it should not have."""

    def __init__(self, page, address):
        self.page, self.address = page, address
        self.complaints, self.requests = [], []
        self._heard = {
            "console": self._hear,
            "pageerror": lambda error: self.complaints.append(str(error)),
            "request": lambda request: self.requests.append(request.url),
        }
        for event, hear in self._heard.items():
            page.on(event, hear)

    def _hear(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def hear_no_more(self):
        for event, hear in self._heard.items():
            self.page.remove_listener(event, hear)

    @property
    def asked_for(self):
        return [
            u for u in self.requests if u != self.address and not u.startswith(("data:", "blob:"))
        ]

    def attention(self, layer, head):
        return self.page.evaluate(
            "([n, h]) => { const a = inspector.attention('self', n, h);"
            " return [a.rows, a.cols, Array.from(a.data)]; }",
            [layer, head],
        )


@pytest.fixture
def open_html(tabs, tmp_path):
    """Open HTML as a file; afterwards the page must have been silent and asked for nothing."""
    opened = []

    def go(html, *, width=1280, height=900, scheme="light", wait=READY, quiet=True):
        path = tmp_path / f"page{len(opened)}.html"
        path.write_bytes(html.encode("utf-8"))
        page = tabs.take(width=width, height=height, scheme=scheme)
        one = Opened(page, path.as_uri())
        page.route(
            "**/*",
            lambda route: route.continue_() if route.request.url == one.address else route.abort(),
        )
        page.goto(one.address)
        page.wait_for_selector(wait, state="attached", timeout=10_000)
        opened.append((one, quiet))
        return one

    yield go
    for one, _ in opened:
        one.hear_no_more()
        tabs.leave(one.page)
    for one, quiet in opened:
        assert one.asked_for == []
        if quiet:
            assert one.complaints == []


@pytest.fixture
def open_report(open_html):
    def go(inspected, *, command=None, **how):
        return open_html(render_report(inspected, command=command), **how)

    return go


@pytest.fixture
def call(tabs):
    """Import a module as it lies in the folder and evaluate an expression on it as ``m``."""
    page = tabs.take()
    folder = resources.files("inspector.report.html") / "assets"

    def serve(route):
        path = urlsplit(route.request.url).path[1:]
        if path.endswith(".js"):
            text = (folder / path).read_text(encoding="utf-8")
            route.fulfill(body=text, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route("**/*", serve)
    page.goto("https://assets.invalid/")

    def evaluate(module, expression, argument=None):
        return page.evaluate(
            f"async (x) => {{ const m = await import('/{module}.js'); return {expression}; }}",
            argument,
        )

    yield evaluate
    tabs.leave(page)
