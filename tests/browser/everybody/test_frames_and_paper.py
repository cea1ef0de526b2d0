"""The report inside a notebook's frame, and on paper."""

import re
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from shutil import which

import pytest
import synthetic

from inspector.report.html.notebook import render_frame
from inspector.report.html.page import render_report


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path):
    """A folder over http on this machine, and what was asked of it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def notebook(chromium, served, tmp_path):
    """A page that somebody's notebook was written to, with the report's frame in it."""
    frame = render_frame(synthetic.predicting(synthetic.inspected("the cat sat on a mat")))
    html = f"<!doctype html><meta charset=utf-8><title>n</title><p id=outside>a cell</p>{frame}"
    (tmp_path / "notebook.html").write_text(html, encoding="utf-8")
    page = chromium.new_context(viewport={"width": 1200, "height": 950}).new_page()
    page.goto(f"{served}notebook.html")
    inside = next(frame for frame in page.frames if frame != page.main_frame)
    inside.wait_for_selector("html[data-complete]", state="attached")
    yield page, inside
    page.context.close()


IN_SIGHT = """id => { const r = document.getElementById(id).getBoundingClientRect();
  return r.top > -5 && r.top < innerHeight; }"""


def test_links_scroll_inside_the_frame(notebook):
    page, inside = notebook
    address = inside.url
    for link in inside.locator("nav a").all():
        section = link.get_attribute("href")[1:]
        # Up again by the pointer's way, since the links are at the top.
        inside.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        link.click()
        inside.wait_for_function(IN_SIGHT, arg=section)
        assert inside.evaluate("document.activeElement.id") == section
        assert inside.url == address and page.url.endswith("notebook.html")
        assert inside.locator("#outside").count() == 0 and len(page.frames) == 2


def test_the_skip_link_skips_inside_the_frame(notebook):
    page, inside = notebook
    inside.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert inside.evaluate("document.activeElement.id") == "main"
    assert inside.locator("#outside").count() == 0 and inside.locator("#sentence").count() == 1


def test_a_page_of_its_own_keeps_places_in_its_address(open_report):
    page = open_report(synthetic.inspected("the cat")).page
    page.locator("nav a[href='#mix']").click()
    assert page.evaluate("location.hash") == "#mix"


@pytest.fixture
def printed(open_report):
    """A report as it is laid out for paper; A4 less its margins is 680 pixels wide."""
    whole = synthetic.predicting(synthetic.inspected("the cat sat on a mat", layers=3, heads=12))
    page = open_report(whole, width=680).page
    page.emulate_media(media="print")
    return page


def test_on_paper_nothing_overlaps(printed):
    """Panels, the readout, rungs and steps stand one under the other."""
    boxes = printed.evaluate("""() => ['#panels > *', '#ladder-pair > *', '#why-steps > li',
      '#ladder-rungs > tr', '#mix-rows > tr', 'main > section'].map((what) =>
        [...document.querySelectorAll(what)].filter((e) => e.getClientRects().length)
          .map((e) => { const r = e.getBoundingClientRect(); return [r.top, r.bottom]; }))""")
    assert [len(group) > 1 for group in boxes] == [True] * 6
    for group in boxes:
        for (_, bottom), (top, _) in pairwise(group):
            assert bottom <= top + 1


INK = """() => [...document.querySelectorAll('.matrix')].filter((e) => e.isConnected).map((e) => {
  const c = e.querySelector('canvas'), title = e.querySelector('.matrix-title').textContent;
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  return [title, new Set(new Uint32Array(data.buffer)).size];
})"""
#: A page prints as soon as it was read, before any of its sections is drawn but the first.
AT_ONCE = """() => {
  const whenLoaded = new MutationObserver(() => {
    if (!('loaded' in document.documentElement.dataset)) return;
    whenLoaded.disconnect();
    queueMicrotask(() => { dispatchEvent(new Event('beforeprint')); window.ink = (%s)(); });
  });
  whenLoaded.observe(document, { attributes: true, subtree: true, childList: true });
}"""


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
def test_every_matrix_is_on_paper_wherever_the_reader_was(chromium, tmp_path, at_once):
    """Those that were never in sight too, and though no observer has measured them."""
    path = tmp_path / "report.html"
    path.write_text(render_report(synthetic.inspected("the cat sat on a mat")), encoding="utf-8")
    page = chromium.new_context(viewport={"width": 1000, "height": 500}).new_page()
    if at_once:
        page.add_init_script(f"({AT_ONCE % INK})()")
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-complete]", state="attached")
    if not at_once:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.evaluate(f"window.ink = ({INK})()")
    found = page.evaluate("window.ink")
    page.context.close()
    titles = [title for title, _ in found]
    assert titles[:3] == ["model", "rebuilt", "difference"]
    assert len(titles) == 5
    # A canvas that was never painted has one colour.
    assert all(colours > 10 for _, colours in found), found


def test_on_paper_controls_and_hints_are_gone(printed):
    for what in (
        ".toggles",
        "nav",
        ".theme",
        ".hint",
        "#export",
        ".step-heads",
        "#readout",
        ".skip",
    ):
        assert not any(one.is_visible() for one in printed.locator(what).all()), what
    assert printed.evaluate("document.documentElement.scrollWidth") <= 680


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_light_and_whole(open_report, tmp_path, scheme):
    page = open_report(synthetic.inspected("the cat sat on a mat"), scheme=scheme).page
    page.locator("[data-theme-choice=dark]").click()
    page.emulate_media(media="print")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert min(map(int, re.findall(r"\d+", ground)[:3])) > 240
    assert all(
        page.evaluate("""() => [...document.querySelectorAll('.matrix, .why-steps li, tr')]
      .filter((e) => e.getClientRects().length)
      .map((e) => getComputedStyle(e).breakInside === 'avoid')""")
    )
    page.emulate_media(media="screen")
    if which("pdftotext") is None:
        return
    page.pdf(path=str(tmp_path / "page.pdf"), format="A4")
    text = subprocess.run(
        ["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    for title in ("Every head", "Why this number", "The ladder", "The mix", "The classroom behind"):
        assert title in text
