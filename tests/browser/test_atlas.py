"""The atlas in a real browser: its numbers beside the records, its links, keys and sizes."""

import re
from dataclasses import replace

import numpy as np
import pytest
import synthetic_corpus
from complaints import complaints
from playwright.sync_api import expect

from inspector.records.corpus import RelationFindings
from inspector.report.html.atlas_page import render_atlas

PLAIN = synthetic_corpus.corpus()
FULL = synthetic_corpus.corpus(full=True)
BARE = synthetic_corpus.corpus(layers=2, heads=3, treebank=False)
SITES = synthetic_corpus.corpus(sites=("encoder", "decoder", "cross"), layers=3, heads=4)
MANY = synthetic_corpus.corpus(layers=32, heads=32, treebank=False)
HOSTILE = "</script><img src=x onerror=window.hit=1> zero\u200bwidth \u202eturned " + "W" * 300


@pytest.fixture
def atlas(open_html):
    def go(result, *, at="", **how):
        opened = open_html(render_atlas(result), wait="html[data-ready]", **how)
        if at:
            opened.page.goto(opened.address + at)
            opened.page.reload()
            opened.page.wait_for_selector("html[data-ready]", state="attached")
        return opened.page

    return go


def to_table(page):
    """The table is drawn when it is near."""
    page.locator("#table").scroll_into_view_if_needed()
    page.wait_for_selector("#table-rows tr")


def shown(value, places=3):
    return f"{value:.{places}f}".replace("-", "−") if not np.isnan(value) else "–"


def row_of(table, layer, head, statistic, site="self"):
    here = (table.layer == layer) & (table.head == head) & (table.site == site)
    (row,) = np.flatnonzero(here & (table.statistic == statistic))
    return row


def cell(page, text):
    return page.locator(f'#grid [role=gridcell][aria-label^="{text}:"]')


@pytest.mark.parametrize("statistic", ["next", "entropy_bits", "same_word_moved"])
def test_the_grid_shows_the_numbers_of_the_table(atlas, statistic):
    page, table = atlas(PLAIN), PLAIN.heads
    page.select_option("#measure", statistic)
    for layer, head in [(0, 0), (2, 7), (5, 11)]:
        i = row_of(table, layer, head, statistic)
        here = cell(page, f"layer {layer}, head {head}")
        assert here.locator(".number").inner_text() == shown(table.value[i], 2)
        said = here.get_attribute("aria-label")
        assert f"{shown(table.value[i])}" in said
        assert f"95 % interval {shown(table.low[i])} to {shown(table.high[i])}" in said
        assert ("by chance" in said) == (not np.isnan(table.null[i]))
        if not np.isnan(table.null[i]):
            assert f"by chance {shown(table.null[i])}" in said


def test_above_chance_is_the_value_less_its_null_and_blank_without_one(atlas):
    page, table = atlas(PLAIN), PLAIN.heads
    page.select_option("#measure", "previous")
    page.get_by_role("button", name="above chance").click()
    i = row_of(table, 1, 4, "previous")
    number = cell(page, "layer 1, head 4").locator(".number")
    assert number.inner_text() == shown(table.value[i] - table.null[i], 2)
    page.select_option("#measure", "separator")
    assert number.inner_text() == ""
    assert "No head has a chance level here" in page.locator("#measure-says").inner_text()


def test_every_number_can_be_asked_for_as_it_is_in_the_records(atlas):
    page, table = atlas(SITES), SITES.heads
    rows = range(0, len(table), 11)
    asked = [
        [str(table.statistic[i]), str(table.site[i]), int(table.layer[i]), int(table.head[i])]
        for i in rows
    ]
    got = page.evaluate(
        "asked => asked.map((a) => { const e = inspector.entry(...a);"
        " return [e.value, e.low, e.high, Number.isNaN(e.null) ? null : e.null, e.n]; })",
        asked,
    )
    for i, numbers in zip(rows, got, strict=True):
        expected = [getattr(table, n)[i] for n in ("value", "low", "high", "null", "n")]
        numbers[3] = np.nan if numbers[3] is None else numbers[3]
        np.testing.assert_allclose(numbers, expected, rtol=1e-6, equal_nan=True)


def test_a_head_chosen_anywhere_is_marked_everywhere(atlas):
    page = atlas(FULL)
    cell(page, "layer 2, head 3").click()
    assert page.locator("#one-title").inner_text() == "Layer 2, head 3"
    assert page.locator("#grid [aria-selected=true]").count() == 1
    assert cell(page, "layer 2, head 3").get_attribute("aria-selected") == "true"
    assert page.locator("#examples-says").inner_text().startswith("Layer 2, head 3")
    to_table(page)
    row = page.locator("#table-rows tr.chosen")
    assert row.locator("th").inner_text() == "2·3"
    page.locator("#table-rows").get_by_role("button", name="layer 0, head 5", exact=True).click()
    assert page.locator("#one-title").inner_text() == "Layer 0, head 5"
    assert page.locator("#ladder-own").inner_text() == "Layer 0, head 5"
    assert cell(page, "layer 0, head 5").get_attribute("tabindex") == "0"
    finding = page.locator("#relations-rows tr").first
    finding.get_by_role("button").click()
    layer, head = finding.locator("td").first.inner_text().split("·")
    assert page.locator("#one-title").inner_text() == f"Layer {layer}, head {head}"
    assert finding.get_attribute("class").split() == ["found", "chosen"]


def test_the_head_in_numbers(atlas):
    page, table = atlas(PLAIN), PLAIN.heads
    cell(page, "layer 4, head 9").click()
    rows = page.locator("#one-rows tr:not(.group)")
    assert rows.count() == len(synthetic_corpus.BASIC)
    for at, statistic in enumerate(synthetic_corpus.BASIC):
        i = row_of(table, 4, 9, statistic)
        words = rows.nth(at).inner_text()
        assert shown(table.value[i]) in words
        assert f"{shown(table.low[i])}–{shown(table.high[i])}" in words
        assert ("chance" in words) == (not np.isnan(table.null[i]))


def test_a_claim_leads_to_its_head_and_measure(atlas):
    page = atlas(PLAIN)
    claim = page.locator(".claim").nth(1)
    claim.click()
    site, layer, head = claim.get_attribute("data-head").split(".")
    state = page.evaluate("inspector.state")
    assert state["measure"] == claim.get_attribute("data-measure")
    assert page.locator("#one-title").inner_text() == f"Layer {layer}, head {head}"
    assert site == "self" and page.locator("#measure").input_value() == state["measure"]


def test_the_keys_walk_through_the_grid_and_choose(atlas):
    page = atlas(SITES)
    first = page.locator("#grid [tabindex='0']")
    assert first.count() == 1
    cell(page, "encoder layer 0, head 0").click()
    for key, where in [
        ("ArrowRight", "Encoder layer 0, head 1"),
        ("ArrowDown", "Encoder layer 1, head 1"),
        ("End", "Encoder layer 1, head 3"),
        ("ArrowRight", "Encoder layer 1, head 3"),
        ("ArrowDown", "Encoder layer 2, head 3"),
        ("ArrowDown", "Decoder layer 0, head 3"),
        ("Home", "Decoder layer 0, head 0"),
        ("ArrowUp", "Encoder layer 2, head 0"),
    ]:
        page.keyboard.press(key)
        assert page.locator("#one-title").inner_text() == where
    assert page.locator("#grid [tabindex='0']").count() == 1
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('#over') !== null")


@pytest.mark.parametrize("order", ["descending", "ascending"])
def test_the_table_is_sorted_by_its_heads(atlas, order):
    page, table = atlas(PLAIN), PLAIN.heads
    to_table(page)
    for _ in range(1 if order == "descending" else 2):
        page.locator("#table-head").get_by_role("button", name="next token").click()
    header = page.locator("#table-head th[aria-sort]")
    assert header.count() == 1 and header.get_attribute("aria-sort") == order
    assert page.evaluate("document.activeElement.dataset.key") == "next"
    rows = np.flatnonzero(table.statistic == "next")
    rows = rows[np.argsort(table.value[rows] * (-1 if order == "descending" else 1), kind="stable")]
    expected = [f"{table.layer[i]}·{table.head[i]}" for i in rows]
    assert page.locator("#table-rows th").all_inner_texts() == expected


def test_the_table_is_filtered_by_layer_and_label(atlas):
    page, heads = atlas(PLAIN), PLAIN.heads
    to_table(page)
    page.select_option("#filter-label", "next")
    named = heads.labelled() & (heads.statistic == "next")
    assert page.locator("#table-rows tr").count() == named.sum()
    layer = int(heads.layer[named][0])
    page.select_option("#filter-row", f"self.{layer}")
    assert page.locator("#table-rows tr").count() == (named & (heads.layer == layer)).sum()
    page.select_option("#filter-label", "none")
    nobody = set(range(12)) - set(heads.head[heads.labelled() & (heads.layer == layer)])
    assert page.locator("#table-rows th").all_inner_texts() == [
        f"{layer}·{h}" for h in sorted(nobody)
    ]


def test_findings_stand_beside_their_offset_and_what_is_not_found_is_said(atlas):
    page, found = atlas(PLAIN), PLAIN.findings
    order = np.argsort(-found.difference, kind="stable")
    rows = page.locator("#relations-rows tr")
    assert rows.count() == len(found)
    for at, i in enumerate(order):
        words = rows.nth(at).inner_text()
        assert found.relation[i] in words and found.direction[i] in words
        assert shown(found.accuracy[i]) in words and shown(found.baseline[i]) in words
        assert f"{found.n[i]:,}" in words
        assert ("not found" in words) == (not found.difference_low[i] > 0)
        assert ("✓" in words) == bool(found.difference_low[i] > 0)
    says = page.locator("#relations-says").inner_text()
    missing = np.flatnonzero(~(found.difference_low > 0))
    assert says.startswith(f"{len(found) - len(missing)} of {len(found)} ")
    for i in missing:
        assert f"{found.relation[i]} ({found.direction[i]})" in says


def test_a_finding_without_arcs_has_no_number_and_is_last(atlas):
    row = ("vocative", "head→dependent", "self", 0, 0, 1, *(np.nan,) * 7, 0)
    found = {n: np.insert(getattr(PLAIN.findings, n), 0, v)
             for n, v in zip(RelationFindings.__dataclass_fields__, row, strict=True)}  # fmt: skip
    page = atlas(replace(PLAIN, findings=RelationFindings(**found)))
    for name in ("Difference", "Head accuracy"):
        page.locator("#relations-head").get_by_role("button", name=name).click()
        assert "vocative" in page.locator("#relations-rows tr").last.inner_text()
    assert "NaN" not in page.locator("main").inner_text()


def test_the_address_brings_the_view_back(atlas):
    page = atlas(
        PLAIN,
        at="#head=self.3.8&measure=distance&over=beyond&sort=next&order=descending&label=next",
    )
    assert page.locator("#one-title").inner_text() == "Layer 3, head 8"
    assert page.locator("#measure").input_value() == "distance"
    assert page.locator("#filter-label").input_value() == "next"
    assert page.locator("#over [aria-pressed=true]").inner_text() == "above chance"
    cell(page, "layer 1, head 2").click()
    expect(page).to_have_url(re.compile("head=self.1.2"))
    page.evaluate("location.hash = '#head=self.0.1&measure=nonsense&row=__proto__&group=toString'")
    expect(page.locator("#one-title")).to_have_text("Layer 0, head 1")
    state = page.evaluate("inspector.state")
    assert state["group"] == "attention" and state["row"] == ""
    assert page.evaluate("inspector.state.measure") in synthetic_corpus.BASIC


def test_an_example_shades_words_and_offers_the_command(atlas):
    page = atlas(PLAIN)
    cell(page, "layer 0, head 0").click()
    first = PLAIN.examples[0]
    card = page.locator(".example").first
    words = card.locator(".subword")
    assert [w.strip() for w in words.all_inner_texts()] == [t.text for t in first.text.tokens]
    names = [token.text for token in first.text.tokens]
    assert card.locator(".example-link").inner_text() == (
        f"{names[first.query]} → {names[first.key]} {first.weight:.2f}"
    )
    assert words.nth(first.query).get_attribute("class").split() == ["subword", "query"]
    for at, weight in enumerate(first.weights):
        assert words.nth(at).get_attribute("title").startswith(shown(round(weight, 4)))
    assert f"inspect '{first.text.text}'" in card.inner_text()
    assert card.locator("a").count() == 0


def test_an_example_opens_its_report_where_there_is_one(atlas):
    result = synthetic_corpus.corpus(layers=2, heads=2, report="examples/1-2 a.html")
    page = atlas(result)
    page.locator("#measure").select_option("previous")
    cell(page, "layer 1, head 1").click()
    example = next(e for e in result.examples if (e.layer, e.head) == (1, 1))
    link = page.locator(".example a").first
    assert link.get_attribute("href") == (
        f"./examples/1-2%20a.html#index=1&head=1&pinned={example.query}"
    )
    assert page.locator(".example code").count() == 0


def test_the_ladder_is_there_where_it_was_measured(atlas):
    page, table = atlas(FULL), FULL.heads
    rows = page.locator("#ladder-rows tr")
    assert rows.locator("th").all_inner_texts() == [
        *synthetic_corpus.RUNGS,
        "uniform",
        "layer mean",
    ]
    for at, rung in enumerate((*synthetic_corpus.RUNGS, "uniform", "layer_mean")):
        mean = table.value[table.statistic == f"{rung}_jsd_bits"].mean()
        assert rows.nth(at).locator("td").nth(1).inner_text() == shown(mean)
    assert atlas(PLAIN).locator("#ladder").is_hidden()


def test_without_a_treebank_there_are_no_relations(atlas):
    page = atlas(BARE)
    assert page.locator("#relations").count() == 0
    assert "Syntax" not in page.locator("main").inner_text()


def test_a_hostile_corpus_is_only_text(atlas):
    result = synthetic_corpus.corpus(
        layers=2, heads=2, sentences=(HOSTILE,), labels=(HOSTILE, "det"), files=(HOSTILE,)
    )
    page = atlas(replace(result, facts=replace(result.facts, command=HOSTILE)), width=390)
    to_table(page)
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.querySelectorAll('img, main script').length") == 0
    assert "zero‹U+200B›width" in page.locator(".example").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [360, 3840])
@pytest.mark.parametrize("result", [FULL, SITES, MANY], ids=["full", "sites", "many"])
def test_no_page_is_wider_than_its_window(atlas, result, width):
    page = atlas(result, width=width)
    to_table(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_thousand_heads(atlas):
    page = atlas(MANY)
    assert page.locator("#grid [role=gridcell]").count() == 1024
    to_table(page)
    rows = page.locator("#table-rows tr")
    drawn = rows.count()
    assert 0 < drawn < 1024
    page.locator("#table-more").click()
    assert rows.count() == 2 * drawn
    assert page.evaluate("document.activeElement.closest('tr')") is not None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("result", [FULL, BARE, SITES], ids=["full", "bare", "sites"])
def test_nothing_to_complain_about(atlas, result, scheme):
    page = atlas(result, scheme=scheme)
    to_table(page)
    assert complaints(page) == []


def test_nothing_to_complain_about_on_a_narrow_screen(atlas):
    page = atlas(FULL, width=360)
    to_table(page)
    assert complaints(page) == []


def test_a_damaged_atlas_says_so(open_html):
    html = render_atlas(BARE).replace('id="blob-value"', 'id="gone"')
    page = open_html(html, wait="html[data-broken]", quiet=False).page
    assert "damaged: the numbers called “value” are missing" in page.locator("#notice").inner_text()
    assert not page.locator("main").is_visible()


def test_without_script_the_findings_can_be_read(chromium, tmp_path):
    path = tmp_path / "off.html"
    path.write_text(render_atlas(PLAIN), encoding="utf-8")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert "JavaScript" in page.locator("noscript").inner_text()
    assert page.locator(".claim").first.is_visible()
    context.close()


@pytest.mark.parametrize("relation", ["obj dependent→head", "obl:* head→dependent"])
def test_a_relation_s_example_is_an_arc_of_the_treebank(atlas, relation):
    """And not what the head gives most to: “Four → [CLS]” is no object of a verb."""
    page = atlas(FULL)
    (arc,) = (one for one in FULL.examples if one.measure == relation)
    cell(page, f"layer {arc.layer}, head {arc.head}").click()
    page.locator("#examples").scroll_into_view_if_needed()
    page.locator("#measure").select_option("entropy_bits")
    expect(page.locator("#examples-says")).not_to_contain_text("treebank")
    assert page.locator(".example").count() == 2
    page.locator("#measure").select_option(relation)
    expect(page.locator("#examples-says")).to_contain_text(f"an arc of the treebank, {relation}:")
    card = page.locator(".example")
    assert card.count() == 1
    names = [token.text for token in arc.text.tokens]
    assert card.locator(".example-link").inner_text() == (
        f"{names[arc.query]} → {names[arc.key]} {arc.weight:.2f}"
    )
    assert card.locator(".query").inner_text() == names[arc.query]


def test_another_head_leads_to_the_one_that_a_relation_s_example_is_of(atlas):
    page = atlas(FULL)
    arc = next(one for one in FULL.examples if one.measure == "nsubj dependent→head")
    cell(page, f"layer {arc.layer}, head {(arc.head + 1) % 12}").click()
    page.locator("#measure").select_option("nsubj dependent→head")
    page.locator("#examples").scroll_into_view_if_needed()
    lead = page.locator("#examples-says").get_by_role("button")
    assert page.locator(".example").count() == 0
    assert lead.inner_text() == f"layer {arc.layer}, head {arc.head}"
    lead.click()
    expect(page.locator("#one-title")).to_have_text(f"Layer {arc.layer}, head {arc.head}")
    expect(page.locator(".example")).to_have_count(1)


def test_a_relation_that_has_no_example_says_so(atlas):
    kept = tuple(one for one in PLAIN.examples if one.measure is None)
    page = atlas(replace(PLAIN, examples=kept))
    page.locator("#measure").select_option("det head→dependent")
    page.locator("#examples").scroll_into_view_if_needed()
    says = page.locator("#examples-says")
    expect(says).to_contain_text("No sentence was kept for det head→dependent")
    assert page.locator(".example").count() == 0
