"""Why a head gives a pair of words its number, the ladder step by step, and the mix."""

import re
from dataclasses import replace

import numpy as np
import pytest
import synthetic
from page_text import numbers_of, unpacked

from inspector.analogy.classroom import article_class
from inspector.report.html.payload.build import build_payload

#: Four digits are shown of a step, four places of a bar.
DIGITS, PLACES = 6e-4, 6e-5


def number(text):
    return float(text.replace("−", "-"))


def shipped(whole, layer):
    """q, k and the site of one layer as the page was given them, in float64."""
    built = build_payload(whole, command=None, version="test")
    found = []
    for name in ("query", "key"):
        blob = next(blob for blob in built.blobs if blob.name == f"{layer}.{name}")
        numbers = numbers_of(unpacked(blob.text), blob.dtype, blob.shape)
        found.append(numbers.astype(float))
    return *found, built.header["layers"][layer]


def bring(page, selector):
    """Scroll to a part of the page that is drawn when it can be seen, and let it be drawn."""
    page.locator(selector).scroll_into_view_if_needed()
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    page.evaluate("new Promise((go) => setTimeout(go))")


def look_at(page, head, heads, row, col, layer=0):
    """Choose a head and a cell of it with the keyboard, and scroll to the reasons."""
    page.locator(".thumb").nth(layer * heads + head).click()
    page.locator("#panels .matrix-field").first.focus()
    page.keyboard.press("Control+Home")
    for key, times in (("ArrowDown", row), ("ArrowRight", col)):
        for _ in range(times):
            page.keyboard.press(key)
    bring(page, "#why")


def said(page, kind):
    return number(page.locator(f"#why-steps [data-why={kind}]").inner_text())


def dimensions(page, count):
    """Walk along the bars with the keyboard: (dimension, q, k, product) of each."""
    page.locator("#why-bars").focus()
    page.keyboard.press("Home")
    out = []
    for _ in range(count):
        text = page.locator("#why-dimension").inner_text()
        assert page.locator("#why-bars").get_attribute("aria-valuetext") == text
        out.append([number(n) for n in re.findall(r"−?\d+(?:\.\d+)?", text)])
        page.keyboard.press("ArrowRight")
    return np.array(out)


def check_steps(page, whole, q, k, site, row, col, head, layer=0):
    """Every number of the equation: beside what was shipped, and beside what was rebuilt."""
    visible = whole.rebuild.layers[layer].visible[row]
    scores = k @ q * site["scale"]
    powers = np.where(visible, np.exp(scores), 0)
    assert said(page, "dot") == pytest.approx(q @ k[col], rel=DIGITS, abs=1e-6)
    assert said(page, "scale") == pytest.approx(site["scale"], rel=DIGITS)
    assert said(page, "score") == pytest.approx(scores[col], rel=DIGITS, abs=1e-6)
    share = powers[col] / powers.sum()
    assert said(page, "share") == pytest.approx(share, rel=DIGITS)
    if visible[col]:
        assert said(page, "power") == pytest.approx(powers[col], rel=DIGITS)
        assert said(page, "total") == pytest.approx(powers.sum(), rel=DIGITS)
    model = float(whole.trace.layers[layer].attention[head, row, col])
    stated = site["arithmetic_error"][head]
    assert abs(share - model) <= stated + 2e-6
    if site["exact"]:
        assert said(page, "model") == pytest.approx(model, rel=1e-6)
        assert said(page, "difference") == pytest.approx(share - model, rel=0.06, abs=1e-7)
    else:
        assert page.locator("#why-steps [data-why=model]").count() == 0
        assert f"{stated:.1e}".replace("e-0", "e−") in page.locator("#why-steps").inner_text()


@pytest.mark.parametrize("tokens", [8, 60])
def test_the_steps_lead_from_q_and_k_to_the_share(open_report, tokens):
    whole = synthetic.inspected(" ".join(f"w{i}" for i in range(tokens - 2)), d=8)
    page = open_report(whole).page
    for layer, head, row, col in ((0, 1, 3, 5), (1, 2, 6, 0)):
        look_at(page, head, 3, row, col, layer)
        q, k, site = shipped(whole, layer)
        check_steps(page, whole, q[head, row], k[head], site, row, col, head, layer)
        rebuilt = whole.rebuild.layers[layer]
        exact = float(rebuilt.query[head, row].astype(float) @ rebuilt.key[head, col].astype(float))
        assert said(page, "dot") == pytest.approx(exact, abs=0.1)
        asked = page.locator("#why-says").inner_text()
        names = [token.text for token in whole.trace.text.tokens]
        assert f"“{names[row]}” (query, row {row})" in asked
        assert f"“{names[col]}” (key, column {col})" in asked
        assert site["key_precision"] in page.locator("#why-note").inner_text()
        assert page.locator("#why-steps [data-why=mask]").count() == 0


@pytest.mark.parametrize("tokens", [8, 60])
def test_bars_show_every_dimension_in_either_order(open_report, tokens):
    whole = synthetic.inspected(" ".join(["w"] * (tokens - 2)), d=6)
    page = open_report(whole).page
    look_at(page, 1, 3, 2, 4)
    q, k, _ = shipped(whole, 0)
    q, k = q[1, 2], k[1, 4]
    products = q * k
    expected = np.column_stack([np.arange(6), q, k, products])
    np.testing.assert_allclose(dimensions(page, 6), expected, atol=PLACES)
    order = np.argsort(-products)
    page.locator("#why-order [data-value=contribution]").click()
    told = dimensions(page, 6)
    np.testing.assert_allclose(told, expected[order], atol=PLACES)
    assert (np.diff(told[:, 3]) <= 0).all()
    for kind, values in (("q", q), ("k", k), ("q × k", products)):
        heights = np.zeros(6)
        bars = page.locator(f".bar-row[data-kind='{kind}']")
        for path in bars.locator("path[d*=z]").all():
            for x, y in re.findall(r"M([\d.]+) 0V(-?[\d.]+)", path.get_attribute("d")):
                heights[int(float(x))] = -float(y)
        np.testing.assert_allclose(heights, values[order] / np.abs(values).max(), atol=PLACES)
        most = number(bars.locator(".bar-end").inner_text().removeprefix("up to ±"))
        assert most == pytest.approx(np.abs(values).max(), abs=0.0051)


def test_without_a_choice_the_largest_product_is_pointed_at(open_report):
    whole = synthetic.inspected(d=8)
    page = open_report(whole).page
    look_at(page, 0, 3, 1, 2)
    q, k, _ = shipped(whole, 0)
    largest = int(np.abs(q[0, 1] * k[0, 2]).argmax())
    assert page.locator("#why-dimension").inner_text().startswith(f"dimension {largest}: ")
    box = page.locator(".bar-row svg").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 5.5 / 8, box["y"] + 10)
    assert page.locator("#why-dimension").inner_text().startswith("dimension 5: ")


@pytest.mark.parametrize("tokens", [7, 50])
def test_a_forbidden_cell_is_forbidden_and_not_just_small(open_report, tokens):
    whole = synthetic.inspected(" ".join(["w"] * (tokens - 2)), causal=True, d=8)
    page = open_report(whole).page
    q, k, site = shipped(whole, 0)
    look_at(page, 1, 3, 2, 4)
    assert page.locator("#why-steps [data-why=mask]").inner_text() == "masked"
    assert "may not attend to" in page.locator("#why-steps").inner_text()
    assert said(page, "share") == 0
    assert said(page, "dot") == pytest.approx(q[1, 2] @ k[1, 4], rel=DIGITS)
    look_at(page, 1, 3, 4, 2)
    assert page.locator("#why-steps [data-why=mask]").inner_text() == "visible"
    check_steps(page, whole, q[1, 4], k[1], site, 4, 2, 1)


@pytest.mark.parametrize("tokens", [8, 40])
def test_heads_that_share_a_key_say_so(open_report, tokens):
    whole = synthetic.inspected(" ".join(["w"] * (tokens - 2)), heads=4, d=8, layers=1)
    layer = whole.rebuild.layers[0]
    key = layer.key[:2]
    scores = layer.query.astype(float) @ np.repeat(key, 2, axis=0).astype(float).swapaxes(1, 2)
    A = synthetic.softmax(scores * layer.scale).astype(np.float32)
    captured = replace(whole.trace.layers[0], attention=A)
    whole = replace(
        whole,
        trace=replace(whole.trace, layers=(captured,)),
        rebuild=synthetic.rebuilt(replace(layer, key=key, value=layer.value[:2], attention=A)),
    )
    page = open_report(whole).page
    q, k, site = shipped(whole, 0)
    assert k.shape[0] == 2
    for head, key, heads in ((1, 0, "0 to 1"), (2, 1, "2 to 3")):
        look_at(page, head, 4, 1, 5)
        check_steps(page, whole, q[head, 1], k[key], site, 1, 5, head)
        assert f"Heads {heads} of this layer share one k." in page.locator("#why-note").inner_text()


@pytest.mark.parametrize("tokens", [8, 40])
def test_where_there_is_no_q_and_no_k_a_sentence_says_why(open_report, tokens):
    whole = synthetic.inspected(" ".join(["w"] * (tokens - 2)))
    page = open_report(synthetic.not_recomputed(whole)).page
    bring(page, "#why")
    assert "attention of this family is not rebuilt yet" in page.locator("#why-says").inner_text()
    assert not page.locator("#why-body").is_visible()
    layers = tuple(replace(c, attention=np.roll(c.attention, 1, 2)) for c in whole.trace.layers)
    page = open_report(replace(whole, trace=replace(whole.trace, layers=layers))).page
    bring(page, "#why")
    assert "not the softmax of the rebuilt scores" in page.locator("#why-says").inner_text()
    assert not page.locator("#why-body").is_visible()


@pytest.mark.parametrize("tokens", [8, 40])
@pytest.mark.parametrize("beside", synthetic.BESIDE)
def test_what_stands_beside_q_and_k_has_a_step(open_report, beside, tokens):
    text = " ".join(f"w{i}" for i in range(tokens - 2))
    whole = synthetic.inspected(text, causal=True, beside=beside)
    page = open_report(whole).page
    head, row, col = 1, 6, 2
    look_at(page, head, 3, row, col)
    rebuilt = whole.rebuild.layers[0]
    scaled = rebuilt.query[head, row].astype(float) @ rebuilt.key[head, col].astype(float) / 2
    capped = 1.5 * np.tanh(scaled / 1.5) if beside == "softcap" else scaled
    # q and k travel in steps that move a score by 1/300, root mean square.
    near = {"rel": 5e-3, "abs": 5e-3}
    if beside == "softcap":
        assert said(page, "scaled") == pytest.approx(scaled, **near)
    if beside in ("by_key", "by_distance", "vectors"):
        parts, distance = rebuilt.bias, col - row + tokens - 1
        if parts.vectors is not None:
            place = parts.vectors.rows[distance]
            added = parts.vectors.keys[head, place] @ rebuilt.query[head, row] / 2
            added += parts.vectors.queries[head, place] @ rebuilt.key[head, col] / 2
        elif parts.by_key is not None:
            added = parts.by_key[head, col]
        else:
            added = parts.by_distance[head, distance]
        assert said(page, "scaled") == pytest.approx(scaled, **near)
        assert said(page, "added") == pytest.approx(float(added), **near)
        assert said(page, "score") == pytest.approx(scaled + float(added), **near)
    else:
        assert said(page, "score") == pytest.approx(capped, **near)
    A = whole.trace.layers[0].attention[head]
    assert said(page, "share") == pytest.approx(float(A[row, col]), rel=2e-2)
    if beside == "sink":
        sunk = said(page, "sink") / said(page, "total")
        assert sunk == pytest.approx(1 - float(A[row].sum()), abs=5e-3)
    own = page.evaluate(f"Array.from(inspector.attention('self', 0, {head}).data)")
    np.testing.assert_allclose(np.reshape(own, A.shape), A, atol=5e-3)


def test_a_part_of_a_pair_explains_the_cell_that_its_matrix_shows(open_report):
    whole = synthetic.inspected("a b c", pair="d e", d=8)
    page = open_report(whole).page
    look_at(page, 0, 3, 0, 1)
    page.locator("#head-between [data-value=BA]").click()
    bring(page, "#why")
    assert "(query, row 5) attend to “a” (key, column 1)" in page.locator("#why-says").inner_text()


@pytest.mark.parametrize("size", [1, 1e3])
def test_explaining_survives_scores_of_any_size(call, size):
    random = np.random.default_rng(3)
    q, k = size * random.normal(size=5), random.normal(size=(7, 5))
    for col in range(7):
        got = call(
            "attention/why",
            "m.explain(x[0], x[1], x[2], 2, (j) => j !== 3)",
            [q.tolist(), k.ravel().tolist(), col],
        )
        scores = np.where(np.arange(7) == 3, -np.inf, 2 * (k @ q))
        np.testing.assert_allclose(got["row"], synthetic.softmax(scores), atol=1e-12)
        assert got["share"] == got["row"][col] and got["masked"] is (col == 3)
        assert got["power"] / got["total"] == pytest.approx(got["share"])
        assert got["dot"] == pytest.approx(k[col] @ q)
        assert (got["shift"] == 0) is bool(np.abs(scores.max()) <= 600)


# --- the ladder ------------------------------------------------------------------------------

MEASURES = ("jsd_bits", "rank_correlation", "top1_agreement")


def expected_point(whole, rung, measure, scope, layer, head, side="all_tokens"):
    values = getattr(getattr(next(r for r in whole.ladder if r.name == rung), side), measure)
    if scope == "head":
        return values[layer, head]
    found = values[layer] if scope == "layer" else values
    return found.mean() if not np.isnan(found).all() else np.nan


@pytest.mark.parametrize("measure", MEASURES)
def test_the_chart_s_points_lie_where_the_measures_are(open_report, measure):
    whole = synthetic.inspected(layers=3, heads=4)
    page = open_report(whole).page
    page.locator(".thumb").nth(2 * 4 + 1).click()
    page.locator(f"#ladder-measure [data-value={measure}]").click()
    page.locator("#ladder-tokens [data-value=content]").click()
    bring(page, "#ladder-chart")
    ends = [
        (float(e.get_attribute("y")) - 4, number(e.inner_html()))
        for e in page.locator("#ladder-chart .scale-end").all()
    ]
    (y0, low), (y1, high) = ends

    def value(y):
        return low + (y - y0) / (y1 - y0) * (high - low)

    for scope in ("head", "layer", "all"):
        page.locator(f"#ladder-scope [data-value={scope}]").click()
        points = page.locator(f"#ladder-chart circle.{scope}")
        found = {
            p.get_attribute("data-rung"): value(float(p.get_attribute("cy"))) for p in points.all()
        }
        rungs = [*synthetic.RUNGS, "model"]
        if measure == "jsd_bits":
            rungs.remove("classroom")
        assert list(found) == rungs
        for rung in rungs:
            expected = expected_point(whole, rung, measure, scope, 2, 1, "content")
            assert found[rung] == pytest.approx(expected, abs=1e-4)
            described = page.locator("#ladder-chart svg").first.get_attribute("aria-label")
            assert f"{expected:.3f}" in described
        for reference in synthetic.REFERENCES:
            line = page.locator(f"#ladder-chart line.{reference}").first
            expected = expected_point(whole, reference, measure, scope, 2, 1, "content")
            assert value(float(line.get_attribute("y1"))) == pytest.approx(expected, abs=1e-4)
        first = page.locator("tr[data-rung=learned] .value").nth(MEASURES.index(measure))
        learned = expected_point(whole, "learned", measure, scope, 2, 1, "content")
        assert number(first.inner_text().removesuffix(" bits")) == pytest.approx(learned, abs=6e-4)


def test_the_ladder_is_climbed_by_buttons_and_by_keys(open_report):
    page = open_report(synthetic.inspected()).page
    rung = "inspector.state.rung"
    assert page.evaluate(rung) == "classroom"
    page.locator("#rung-on").click()
    assert page.evaluate(rung) == "share"
    assert page.locator("#rung-text h3").inner_text() == "2 · Shares"
    told = page.locator("#rung-text").inner_text()
    assert "what share adds" in told and "formula of share" in told
    page.locator("#rung-back").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate(rung) == "strangers"
    assert page.locator("#rung-back").get_attribute("aria-disabled") == "true"
    page.locator(".tick[aria-pressed=true]").focus()
    seen = []
    for _ in range(9):
        seen.append(page.evaluate(rung))
        assert page.locator(".tick[tabindex='0']").count() == 1
        page.keyboard.press("ArrowRight")
    # This family has neither positions nor a mask; the last rung is the end.
    assert seen == [*synthetic.RUNGS, "model", "model"]
    assert page.locator("#rung-on").get_attribute("aria-disabled") == "true"
    assert page.locator("tr[data-rung=model].chosen").count() == 1
    page.keyboard.press("Home")
    assert page.evaluate(rung) == "strangers"
    box = page.locator("#ladder-chart svg").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 3.5 / 8, box["y"] + 30)
    assert page.evaluate(rung) == "softmax"


def test_the_stepper_names_a_rung_s_numbers_and_the_references(open_report):
    whole = synthetic.inspected()
    page = open_report(whole).page
    page.locator(".thumb").nth(4).click()
    page.locator(".tick[data-rung=scaled]").click()
    told = page.locator("#rung-text").inner_text()
    for name, scope in (("this head", "head"), ("its layer", "layer"), ("all heads", "all")):
        assert f"{name} {expected_point(whole, 'scaled', 'jsd_bits', scope, 1, 1):.3f}" in told
    for name, rung in (("uniform", "uniform"), ("average head", "layer_mean")):
        assert f"{name} {expected_point(whole, rung, 'jsd_bits', 'head', 1, 1):.3f}" in told
    page.locator(".tick[data-rung=classroom]").click()
    assert "not defined here, since raw scores are not probabilities" in (
        page.locator("#rung-text").inner_text()
    )


def test_labels_do_not_hide_each_other(call):
    wishes = [190, 192, 50, 191, 52]
    got = call("report/charts/ladder", "m.spreadOut(x, 15, 192)", wishes)
    assert min(np.diff(np.sort(got))) >= 15 and max(got) <= 192
    assert np.argsort(got).tolist() == np.argsort(wishes).tolist()


# --- the mix ---------------------------------------------------------------------------------

LEVELS = {
    "close friend": "close friends",
    "formal acquaintance": "acquaintances",
    "hardly any interaction": "hardly any",
}


def test_levels_are_the_classroom_s(call):
    classroom = article_class()
    for i, row in enumerate(classroom.interactions):
        got = call(
            "attention/closeness", "m.closeness(x[0], x[1], null)", [np.maximum(row, 0).tolist(), i]
        )
        assert got == [level and LEVELS[level] for level in classroom.closeness[i]]


def levels_of(amounts, i, visible):
    """The classroom's rule, for the keys that are not masked."""
    others = np.array([j != i and visible[j] for j in range(len(amounts))])
    share = amounts / amounts[others].sum()
    even = 1 / others.sum()

    def level(share):
        if share >= 1.5 * even:
            return "close friends"
        return "acquaintances" if share >= 0.5 * even else "hardly any"

    return {j: level(share[j]) for j in np.flatnonzero(others)}


@pytest.mark.parametrize("causal", [False, True])
def test_words_are_grouped_by_what_they_moved(open_report, causal):
    text = "the cat sat on a mat"
    whole = synthetic.inspected(text, causal=causal, d=8)
    page = open_report(whole).page
    page.locator(".thumb").nth(1).click()
    page.locator("#sentence .token").nth(5).click()
    layer = whole.rebuild.layers[0]
    moved = layer.value[1].astype(float) @ layer.output_projection.weight[:, 8:16].T
    A = whole.trace.layers[0].attention[1, 5].astype(float)
    amounts = np.where(layer.visible[5], A * np.linalg.norm(moved, axis=1), 0)
    expected = levels_of(amounts, 5, layer.visible[5])
    names = [token.text for token in whole.trace.text.tokens]
    found, attention, level = {}, {}, None
    for row in page.locator("#mix-rows tr").all():
        level = row.get_attribute("data-level") or level
        if row.locator("td").count():
            name = row.locator("th").inner_text().removesuffix(" (itself)")
            found[name] = level
            attention[name] = row.locator(".value-attention").inner_text()
    for j, name in enumerate(names):
        wanted = None if j == 5 else expected.get(j, "masked")
        assert found[name] == wanted
        share = A[j]
        assert attention[name] == (
            "attention < 1 %" if 0 < share < 0.01 else f"attention {round(share * 100)} %"
        )
    told = page.locator("#mix-says").inner_text()
    close = [j for j, level in expected.items() if level == "close friends"]
    first = max(close, key=lambda j: amounts[j])
    assert f"“{names[5]}” takes in most from “{names[first]}”" in told
    others = sum(level == "hardly any" for level in expected.values())
    assert (f"hardly anything from {others} other" in told) is (others > 0)


def test_a_first_word_that_hears_only_itself_takes_from_nobody(open_report):
    page = open_report(synthetic.inspected(causal=True)).page
    page.locator("#sentence .token").nth(0).click()
    assert "takes in nothing from others" in page.locator("#mix-says").inner_text()


@pytest.mark.parametrize("tokens", [8, 150])
def test_without_a_rebuild_or_the_interactions_the_mix_says_so(open_report, tokens):
    whole = synthetic.inspected(" ".join(["w"] * (tokens - 2)))
    page = open_report(whole).page
    page.locator("#sentence .token").nth(3).click()
    told = page.locator("#mix-says").inner_text()
    assert ("classroom’s side is not shown" in told) is (tokens > 128)
    page = open_report(synthetic.not_recomputed(whole)).page
    page.locator("#sentence .token").nth(3).click()
    assert page.locator("#mix-rows .level").count() == 0
    assert "cannot be shown" in page.locator("#mix-says").inner_text()
