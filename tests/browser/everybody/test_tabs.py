"""A tab that is used again holds nothing of the page before: every test finds a new browser."""

import pytest

LOOK = """() => ({
  at: window.at,
  kept: localStorage.length + sessionStorage.length,
  size: [innerWidth, innerHeight],
  media: ["screen", "(prefers-color-scheme: light)", "(prefers-reduced-motion: no-preference)",
    "(forced-colors: none)"].map((one) => matchMedia(one).matches),
  scrolled: scrollY,
})"""
NEW = {"at": [0, 0], "kept": 0, "size": [1280, 900], "media": [True] * 4, "scrolled": 0}


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><p style='height: 3000px; margin: 0'>a page</p>")
    return path.as_uri()


def look(tab):
    """What a page finds in its tab, and where a click comes that was moved nowhere."""
    tab.evaluate("() => { onpointerdown = (e) => { window.at = [e.clientX, e.clientY]; }; }")
    tab.mouse.down()
    tab.mouse.up()
    return tab.evaluate(LOOK)


def leave_much_behind(tab):
    tab.set_viewport_size({"width": 400, "height": 300})
    tab.emulate_media(
        media="print", color_scheme="dark", reduced_motion="reduce", forced_colors="active"
    )
    tab.mouse.move(50, 50)
    tab.evaluate("localStorage.a = sessionStorage.b = 1; scrollTo(0, 1000)")
    tab.route("**/*", lambda route: route.abort())


def test_a_tab_is_as_new(tabs, page):
    tab = tabs.take()
    tab.goto(page)
    assert look(tab) == NEW
    leave_much_behind(tab)
    found = look(tab)
    assert all(found[what] != new for what, new in NEW.items()), found
    tabs.leave(tab)
    again = tabs.take()
    assert again is tab
    again.goto(page)
    assert look(again) == NEW
    tabs.leave(again)


def test_two_pages_at_once_have_a_tab_each(open_html):
    one, other = (open_html(f"<p>{text}</p>", wait="p").page for text in ("one", "other"))
    assert (one.inner_text("p"), other.inner_text("p")) == ("one", "other")
