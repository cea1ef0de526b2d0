"""What is drawn before the page says that it is ready, and what becomes of the rest."""

import pytest
import synthetic

SECTIONS = "[...document.querySelectorAll('main > section, footer')]"
SNAPSHOT = f"""
new MutationObserver(() => {{
  if (window.seen || !('ready' in document.documentElement.dataset)) return;
  window.seen = {SECTIONS}.map((s) => ('drawn' in s.dataset));
  window.bottom = {SECTIONS}.filter((s) => 'drawn' in s.dataset)
    .at(-1).getBoundingClientRect().bottom;
  window.answers = [typeof inspector.attention('self', 0, 0).rows, inspector.version != null];
  window.act?.();
  window.after = {SECTIONS}.map((s) => ('drawn' in s.dataset));
}}).observe(document, {{ attributes: true, subtree: true, attributeFilter: ['data-ready'] }});
"""


def opened(chromium, tmp_path, *, height, act="null", place=""):
    from inspector.report.html.page import render_report

    path = tmp_path / "page.html"
    path.write_text(render_report(synthetic.inspected("the cat sat")), encoding="utf-8")
    page = chromium.new_context(viewport={"width": 1280, "height": height}).new_page()
    page.add_init_script(f"window.act = {act};{SNAPSHOT}")
    page.goto(path.as_uri() + place)
    page.wait_for_selector("html[data-complete]", state="attached")
    return page


@pytest.mark.parametrize("height", [300, 900, 2000, 9000])
def test_when_ready_all_that_is_on_screen_is_drawn(chromium, tmp_path, height):
    page = opened(chromium, tmp_path, height=height)
    seen = page.evaluate("window.seen")
    assert seen[0] and seen == sorted(seen, reverse=True)  # from the top, without a gap
    assert all(seen) or page.evaluate("window.bottom") >= height
    if height == 300:
        assert not seen[1]
    assert page.evaluate("window.answers") == ["number", True]
    assert page.evaluate(f"{SECTIONS}.every((s) => 'drawn' in s.dataset)")
    for what in (".thumb", "#panels canvas", "tr[data-rung]", "#mix-rows tr", "#sources dt"):
        assert page.locator(what).count() > 0
    page.context.close()


def test_whoever_acts_at_once_finds_everything(chromium, tmp_path):
    act = "() => document.querySelector('#ladder-scope [data-value=all]').click()"
    page = opened(chromium, tmp_path, height=300, act=act)
    assert not all(page.evaluate("window.seen"))
    assert all(page.evaluate("window.after"))
    assert page.evaluate("inspector.state.scope") == "all"
    page.context.close()


def test_a_place_in_the_address_is_drawn_before_the_page_is_ready(chromium, tmp_path):
    page = opened(chromium, tmp_path, height=300, place="#mix")
    assert all(page.evaluate("window.seen"))
    page.context.close()
