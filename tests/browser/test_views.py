"""Every view is put up, taken down and put up again with other data, and leaves nothing behind."""

from dataclasses import replace
from importlib import resources
from urllib.parse import urlsplit

import numpy as np
import pytest
import synthetic
import synthetic_comparison
import synthetic_corpus
from synthetic_classroom import three_words
from synthetic_effects import mattering

from inspector.analogy.classroom import article_class, study
from inspector.records import Sink
from inspector.report.html.atlas_page import render_atlas
from inspector.report.html.classroom_page import render_classroom
from inspector.report.html.compare_page import render_comparison
from inspector.report.html.page import render_report

#: What a view may leave behind that the page's own elements do not show.
WATCH = """
(() => {
  const kept = window.kept = { listeners: new Set(), observers: new Set(), timers: new Set() };
  const add = EventTarget.prototype.addEventListener;
  const remove = EventTarget.prototype.removeEventListener;
  const name = (target, type, listener) => [...kept.listeners].find((one) =>
    one.target === target && one.type === type && one.listener === listener);
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const one = { target: this, type, listener };
    kept.listeners.add(one);
    if (options?.signal) add.call(options.signal, "abort", () => kept.listeners.delete(one));
    return add.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    kept.listeners.delete(name(this, type, listener));
    return remove.call(this, type, listener, options);
  };
  for (const kind of ["IntersectionObserver", "ResizeObserver"]) {
    const Own = window[kind];
    window[kind] = class extends Own {
      observe(...all) { kept.observers.add(this); return super.observe(...all); }
      disconnect() { kept.observers.delete(this); return super.disconnect(); }
    };
  }
  // Elements that are gone take their listeners with them; the page itself stays.
  window.leftovers = () => [...kept.listeners].filter(({ target }) =>
    target === window || target === document || (target instanceof Node && target.isConnected))
    .map(({ target, type }) => `${target.id || target.nodeName || "window"} ${type}`).sort()
    .concat([...kept.observers].map((one) => one.constructor.name));
})();
"""

MOUNT = """
async ({ page, views, other }) => {
  const { readPage } = await import('/shared/decode.js');
  const { createStore } = await import('/shared/store.js');
  const { firstView } = await import(`/${page}/state.js`);
  const { ReportData, AtlasData, CompareData, ClassroomData } = await import(`/${page}/data.js`);
  const Data = ReportData ?? AtlasData ?? CompareData ?? ClassroomData;
  const sections = await import(`/${page}/sections.js`);
  const all = sections.VIEWS ?? Object.assign({}, ...sections.SECTIONS.map((one) => one.views));
  const load = async (html) => {
    const { header, planes } = await readPage(html);
    return new Data(header, planes, '');
  };
  const parsed = new DOMParser().parseFromString(other, 'text/html');
  const both = [await load(document), await load(parsed)];
  const settle = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
  const found = {};
  for (const [where, mount] of Object.entries(all)) {
    const root = document.querySelector(where);
    if (!root) continue;
    const before = root.outerHTML, there = leftovers(), seen = [];
    for (const data of [...both, both[0]]) {
      let watching = 0;
      const store = createStore(firstView(data)), { watch } = store;
      store.watch = (...how) => {
        const stop = watch(...how);
        watching++;
        return () => { watching--; return stop(); };
      };
      const dispose = mount(root, data, store);
      await settle();
      const shown = root.outerHTML;
      dispose();
      // A second time does nothing, and nobody hears of what is chosen afterwards.
      dispose();
      const after = root.outerHTML;
      store.set({ head: 1, index: 0 });
      document.documentElement.dispatchEvent(new Event('themechange'));
      await settle();
      seen.push({ shown, watching, restored: after === before && root.outerHTML === before });
    }
    found[where] = { seen, left: leftovers().filter((one) => !there.includes(one)) };
  }
  return found;
}
"""


@pytest.fixture
def mounted(chromium):
    """Mount a page's views one by one on its own template, where nothing runs by itself."""
    folder = resources.files("inspector.report.html") / "assets"
    context = chromium.new_context()

    def go(page, html, other):
        tab = context.new_page()
        complaints = []
        tab.on("pageerror", lambda error: complaints.append(str(error)))

        def serve(route):
            path = urlsplit(route.request.url).path[1:]
            if path.endswith(".js"):
                text = (folder / path).read_text(encoding="utf-8")
                route.fulfill(body=text, content_type="text/javascript")
            else:
                # Another policy lets the modules be imported as they lie in the folder; the page's
                # own script is not started, since it would mount the views itself.
                bare = html.replace("http-equiv=", "data-was=").replace(
                    'id="script"', 'id="packed"'
                )
                bare = bare.replace('getElementById("script")', 'getElementById("nothing")')
                route.fulfill(body=bare, content_type="text/html")

        tab.route("**/*", serve)
        tab.add_init_script(WATCH)
        tab.goto("https://assets.invalid/")
        found = tab.evaluate(MOUNT, {"page": page, "other": other})
        return found, [c for c in complaints if "textContent" not in c]

    yield go
    context.close()


def check(found, complaints, views):
    assert complaints == []
    assert len(found) == views
    for where, view in found.items():
        first, _, again = view["seen"]
        assert view["left"] == [], where
        assert [each["watching"] for each in view["seen"]] == [0, 0, 0], where
        assert all(each["restored"] for each in view["seen"]), where
        assert first["shown"] == again["shown"], where


def test_views_of_the_report(mounted):
    one = synthetic.predicting(synthetic.inspected("the cat sat on a mat", layers=2))
    one = synthetic.writing(one)
    one = mattering(one, bits=True, contributions=True)
    one = replace(one, sinks=(Sink("self", 0, "[CLS]", 0.4, None),), notices=("It is odd.",))
    other = synthetic.predicting(
        synthetic.inspected("w " * 70, layers=3, heads=5, causal=True, seed=4)
    )
    found, complaints = mounted("report", render_report(one), render_report(other))
    check(found, complaints, 30)
    same = {w for w, view in found.items() if view["seen"][0]["shown"] == view["seen"][1]["shown"]}
    # Keys and ways to export are the same for every text; one site needs no choice.
    assert same <= {"#keys-view", "#tour-view", "#site", "#export-view", "#pair", "#project"}


def test_views_of_the_report_where_there_is_little_to_show(mounted):
    one = synthetic.not_recomputed(synthetic.inspected("the cat sat", pair="a dog"))
    other = synthetic.inspected("w " * 40)
    check(*mounted("report", render_report(one), render_report(other)), 23)


def test_views_of_the_atlas(mounted):
    one = synthetic_corpus.corpus(full=True)
    other = synthetic_corpus.corpus(layers=2, heads=4, seed=3, full=True)
    check(*mounted("atlas", render_atlas(one), render_atlas(other)), 6)


def test_views_of_a_comparison(mounted):
    one = synthetic_comparison.comparison(words=True)
    other = synthetic_comparison.comparison("w " * 70, "w " * 71, layers=3, causal=True)
    check(*mounted("compare", render_comparison(one), render_comparison(other)), 6)
    apart = synthetic_comparison.comparison(apart="they are of two families")
    check(*mounted("compare", render_comparison(apart), render_comparison(apart)), 5)


def test_views_of_the_classroom(mounted):
    one = render_classroom(article_class(), own_table=False, words=three_words())
    other = study(["A", "B", "C"], ["x", "y"], np.array([[1.0, 2], [2, 1], [-3, 9]]))
    html = render_classroom(other, own_table=True, words=three_words(seed=5))
    check(*mounted("classroom", one, html), 6)
