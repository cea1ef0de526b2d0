"""All heads at a glance: their order, their colours, who stands out, and how they are drawn."""

from dataclasses import replace

import numpy as np
import pytest
import synthetic

LABELS = ("previous", "next", "self", "first", "separator", None)


def read(whole, *, labels=True):
    """The same inspection with readings that come in no order, one of them missing."""
    random = np.random.default_rng(3)
    heads = [
        replace(
            head,
            entropy_bits=float(random.uniform(0, 4)) if i else float("nan"),
            distance=float(random.uniform(0, 9)),
            label=LABELS[random.integers(6)] if labels else None,
            score=float(random.uniform(0.4, 1)),
        )
        for i, head in enumerate(whole.heads)
    ]
    return replace(whole, heads=tuple(heads))


def standing(page):
    """Which heads stand where, as the page names them."""
    return [
        tuple(map(int, name.removeprefix("layer ").split(";")[0].split(", head ")))
        for name in page.locator(".thumb").evaluate_all("all => all.map(b => b.title)")
    ]


def ranked(whole, values):
    order = sorted(range(len(values)), key=lambda i: (np.isnan(values[i]), values[i], i))
    return [(whole.heads[i].layer, whole.heads[i].head) for i in order]


def chosen(page):
    return tuple(page.evaluate("[inspector.state.index, inspector.state.head]"))


@pytest.mark.parametrize(
    ("order", "field"), [("entropy", "entropy_bits"), ("distance", "distance")]
)
def test_heads_stand_in_the_order_of_a_reading(open_report, order, field):
    whole = read(synthetic.inspected(layers=4, heads=5))
    page = open_report(whole).page
    page.locator("#grid-order").select_option(order)
    assert standing(page) == ranked(whole, [getattr(head, field) for head in whole.heads])
    assert page.locator(".thumb .where").first.inner_text() == "{}·{}".format(*standing(page)[0])
    page.locator("#grid-order").select_option("index")
    assert standing(page) == [(n, h) for n in range(4) for h in range(5)]
    assert not page.locator(".thumb .where").first.is_visible()


def test_agreement_is_the_divergence_of_the_chosen_rung(open_report):
    whole = synthetic.inspected(layers=3, heads=4)
    page = open_report(whole).page
    page.locator("#grid-order").select_option("agreement")
    page.locator("#grid-tone").select_option("agreement")
    for rung in ("learned", "softmax"):
        page.locator(f"tr[data-rung={rung}] button").click()
        measured = next(r for r in whole.ladder if r.name == rung).all_tokens.jsd_bits
        assert standing(page) == ranked(whole, measured.ravel())
        told = page.locator(".thumb .tone").all_inner_texts()
        assert told == [f"{value:.2f}" for value in sorted(measured.ravel())]
        assert f"divergence of the rung “{rung}”" in page.locator("#grid-tones").inner_text()
    # Its raw scores are no shares: what stands instead is named.
    page.locator("tr[data-rung=classroom] button").click()
    measured = whole.ladder[1].all_tokens.rank_correlation
    assert standing(page) == ranked(whole, measured.ravel())
    assert "rank correlation of the rung “classroom”" in page.locator("#grid-says").inner_text()


def test_labels_stand_together_the_clearest_first(open_report):
    whole = read(synthetic.inspected(layers=4, heads=5))
    page = open_report(whole).page
    page.locator("#grid-order").select_option("label")
    expected = sorted(
        range(20), key=lambda i: (LABELS.index(whole.heads[i].label), -whole.heads[i].score)
    )
    assert standing(page) == [(whole.heads[i].layer, whole.heads[i].head) for i in expected]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_band_has_its_number_and_the_ramp_s_colour(open_report, call, scheme):
    whole = read(synthetic.inspected(layers=2, heads=6))
    page = open_report(whole, scheme=scheme).page
    page.locator("#grid-tone").select_option("entropy")
    values = np.array([head.entropy_bits for head in whole.heads])
    low, high = np.nanmin(values), np.nanmax(values)
    steps = np.rint((values - low) / (high - low) * 255)
    ramp = call(
        "shared/colour",
        "(() => { document.documentElement.dataset.theme = x;"
        " return Array.from(m.currentRamp('amount')); })()",
        scheme,
    )
    bands = page.locator(".thumb .tone").evaluate_all(
        "all => all.map(b => [b.textContent, getComputedStyle(b).backgroundColor])"
    )
    assert bands[0][0] == "–"
    for (text, colour), value, at in zip(bands[1:], values[1:], steps[1:], strict=True):
        assert text == f"{value:.2f}"
        assert colour == "rgb({}, {}, {})".format(*ramp[int(at) * 3 : int(at) * 3 + 3])
    legend = page.locator("#grid-tones").inner_text()
    assert f"{low:.2f}" in legend and f"{high:.2f} bits: entropy" in legend
    page.locator("#grid-tone").select_option("none")
    assert not page.locator("#grid-tones").is_visible()
    assert page.locator(".thumb .tone:visible").count() == 0


@pytest.mark.parametrize("label", ["next", "none"])
@pytest.mark.parametrize("order", ["index", "distance"])
def test_a_filter_leaves_the_others_out_of_the_tab_order(open_report, label, order):
    whole = read(synthetic.inspected(layers=4, heads=5))
    page = open_report(whole).page
    page.locator("#grid-order").select_option(order)
    page.locator("#grid-label").select_option(label)
    kept = {(h.layer, h.head) for h in whole.heads if (h.label or "none") == label}
    faded = page.locator(".thumb").evaluate_all(
        "all => all.map(b => Boolean(b.closest('[inert]')))"
    )
    assert {place for place, out in zip(standing(page), faded, strict=True) if not out} == kept
    assert page.locator(".thumb[tabindex='0']").count() == 1
    assert f"{len(kept)} head" in page.locator("#grid-says").inner_text()
    # Walking the grid meets these and none of the others.
    page.locator(".thumb[tabindex='0']").focus()
    page.keyboard.press("Home")
    met = [chosen(page)]
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        met.append(chosen(page))
    in_row = kept if order != "index" else {place for place in kept if place[0] == met[0][0]}
    assert set(met) == in_row and len(in_row) > 1
    assert page.locator(".thumb:focus").count() == 1


def test_arrow_keys_follow_the_order_that_is_shown(open_report):
    whole = read(synthetic.inspected(layers=4, heads=5))
    page = open_report(whole, width=500).page
    page.locator("#grid-order").select_option("distance")
    line = standing(page)
    page.locator(".thumb").first.click()
    wide = page.locator(".thumb").evaluate_all(
        "all => all.filter(b => b.offsetTop === all[0].offsetTop).length"
    )
    assert 2 < wide < 20
    for key, at in [("ArrowRight", 1), ("ArrowDown", 1 + wide), ("ArrowLeft", wide),
                    ("End", 19), ("ArrowRight", 19), ("Home", 0)]:  # fmt: skip
        page.keyboard.press(key)
        assert chosen(page) == line[at]
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.keyboard.press("p")
    assert chosen(page) == line[1]
    assert page.locator(".thumb:focus[aria-pressed=true]").count() == 1


def test_the_chosen_head_is_marked_on_both_axes(open_report):
    page = open_report(synthetic.inspected(layers=3)).page
    page.locator(".thumb").nth(1 * 3 + 2).click()
    assert page.locator("#grid .here").all_inner_texts() == ["2", "1"]


@pytest.mark.parametrize("tokens", [8, 60])
def test_lines_are_drawn_from_the_weights(open_report, call, tokens):
    whole = synthetic.inspected(" ".join(["w"] * (tokens - 2)))
    A = whole.trace.layers[0].attention[0]
    levels = call(
        "attention/heads_order",
        "m.linesByLevel({rows: x.length, cols: x.length, data: Float32Array.from(x.flat())}, 1)",
        A.tolist(),
    )
    edges = [0.1, 0.25, 0.45, 0.7, 2]
    for level, low, high in zip(levels, edges[:-1], edges[1:], strict=True):
        assert level == np.argwhere((low <= A) & (high > A)).tolist()
    page = open_report(whole).page
    shot = page.locator(".thumb .shot").first
    before = shot.evaluate("s => s.style.backgroundImage")
    page.locator("#grid-glance [data-value=lines]").click()
    assert shot.evaluate("s => s.style.backgroundImage") != before
    assert page.locator("#grid-lines").is_visible() and not page.locator("#grid-lede").is_visible()


def test_without_a_rebuild_agreement_cannot_be_chosen(open_report):
    page = open_report(synthetic.not_recomputed(synthetic.inspected())).page
    for way in ("order", "tone"):
        assert page.locator(f"#grid-{way} option[value=agreement]").is_disabled()
    page.evaluate("location.hash = 'order=agreement&tone=agreement'")
    page.wait_for_function("() => inspector.state.order === 'agreement'")
    assert "not measured" in page.locator("#grid-says").inner_text()
    assert "not measured" in page.locator("#grid-tones").inner_text()
    assert standing(page) == [(n, h) for n in range(2) for h in range(3)]


def test_384_heads_keep_the_page_alive(open_report):
    page = open_report(synthetic.inspected("a b c", layers=24, heads=16, d=2)).page
    page.evaluate(
        "new PerformanceObserver((list) => (window.long ??= [])"
        ".push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' })"
    )
    for way, value in [("order", "entropy"), ("tone", "distance"), ("label", "none")]:
        page.locator(f"#grid-{way}").select_option(value)
    page.locator("#grid-glance [data-value=lines]").click()
    page.wait_for_function("() => document.querySelectorAll('.shot.lines').length === 384")
    assert max(page.evaluate("window.long ?? []"), default=0) < 400  # beside busy neighbours
    assert page.locator(".thumb[tabindex='0']").count() == 1


def test_a_head_after_another_keeps_one_tab_stop(open_report):
    page = open_report(read(synthetic.inspected(layers=3, heads=4))).page
    page.locator("#grid-order").select_option("label")
    for _ in range(5):
        page.locator("body").press("n")
        page.locator("body").press("N")
    assert page.locator(".thumb[tabindex='0'][aria-pressed=true]").count() == 1
    assert page.locator(".thumb[aria-pressed=true]").count() == 1


@pytest.mark.parametrize("tokens", [8, 60])
def test_forbidden_is_hatched_in_the_small_pictures_and_in_the_ladder(open_report, tokens):
    whole = synthetic.inspected(" ".join(["w"] * (tokens - 2)), causal=True)
    opened = open_report(whole)
    page = opened.page
    side = min(tokens, 32)
    clear = page.locator(".thumb .shot").first.evaluate(
        """async (shot) => {
            const image = new Image();
            image.src = shot.style.backgroundImage.match(/url\\("?([^")]*)/)[1];
            await image.decode();
            const canvas = document.createElement('canvas');
            canvas.width = image.width; canvas.height = image.height;
            const context = canvas.getContext('2d'); context.drawImage(image, 0, 0);
            const { data } = context.getImageData(0, 0, image.width, image.height);
            return Array.from(data).filter((_, i) => i % 4 === 3).map((alpha) => alpha === 0);
        }"""
    )
    starts = [at * tokens // side for at in range(side)] + [tokens]
    allowed = np.tril(np.ones((tokens, tokens), bool))
    heard = [
        [allowed[starts[i] : starts[i + 1], starts[j] : starts[j + 1]].any() for j in range(side)]
        for i in range(side)
    ]
    np.testing.assert_array_equal(np.reshape(clear, (side, side)), ~np.array(heard))
    assert page.locator("#grid-masked").is_visible()
    page.locator("tr[data-rung=uniform] button").click()
    keys = page.locator("#ladder-pair .gap-key")
    assert keys.all_inner_texts() == ["masked", "masked"]
    page.locator("#ladder-pair .matrix-field").first.focus()
    for key in ("Control+Home", "ArrowRight"):
        page.keyboard.press(key)
    assert "rung masked, head masked" in page.locator("#ladder-readout").inner_text()
    # Before the mask, everybody may be heard.
    page.locator("tr[data-rung=softmax] button").click()
    assert [key.is_visible() for key in keys.all()] == [False, True]


def test_nothing_is_forbidden_where_all_may_be_heard(open_report):
    page = open_report(synthetic.inspected()).page
    assert not page.locator("#grid-masked").is_visible()
    assert "--hatch" not in page.locator(".shot").first.get_attribute("style")
