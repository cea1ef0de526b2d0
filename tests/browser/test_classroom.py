"""The living classroom: every change beside the page that Python writes of the changed class."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from complaints import complaints
from synthetic_classroom import three_words

from inspector.analogy.classroom import article_class, study
from inspector.report.html.classroom_page import render_classroom

FIRST = article_class()
HOSTILE = "</script><b>\u202eשלום\u200b &'\"`"

#: What Python writes of a class, beside what stands on the page: text, and the colour of a cell.
DIFFERENT = """(html) => {
  const other = new DOMParser().parseFromString(html, 'text/html'), wrong = [];
  const told = (node) => node.textContent.replace(/[ \\n]+/g, ' ').trim();
  const heat = (cell) => [told(cell), /\\b(h[0-9]|own)\\b/.exec(cell.className)?.[0]].join();
  const parts = {
    '#counts': told, '#alike': told, '#alike-softmax': told, '#shapes': told, '#root': told,
    '#circles tr > *': told, '#profiles caption, #profiles th, #profiles td': told,
    '#profiles rect': (bar) => Number(bar.getAttribute('width')).toFixed(6),
  };
  // What is said above the interactions is about the student who was looked at last.
  if (inspector.state.pair[0] === 0) parts['#bonds'] = told;
  for (const id of ['r', 't', 'a', 'aq', 'change']) {
    parts[`#table-${id} th, #table-${id} caption`] = told;
    parts[`#table-${id} tbody td`] = heat;
  }
  for (const [where, what] of Object.entries(parts)) {
    const [ours, theirs] = [document, other].map((d) => [...d.querySelectorAll(where)].map(what));
    if (!ours.length) wrong.push([where, 'nothing']);
    if (ours.length !== theirs.length) wrong.push([where, ours.length, theirs.length]);
    else ours.forEach((x, i) => { if (x !== theirs[i]) wrong.push([where, i, x, theirs[i]]); });
  }
  return wrong;
}"""


WORDS = three_words()


@pytest.fixture
def room(open_html):
    html = render_classroom(FIRST, own_table=False, words=WORDS)
    opened = open_html(html)
    page = opened.page

    def is_as(students, traits, table):
        other = render_classroom(study(students, traits, np.array(table)), own_table=False)
        assert page.evaluate(DIFFERENT, other) == []

    return SimpleNamespace(page=page, opened=opened, is_as=is_as)


def state(page):
    return page.evaluate("({ ...inspector.state })")


def test_marks_that_are_changed_make_the_class_that_python_studies(room):
    page = room.page
    students, traits, Q = list(FIRST.students), list(FIRST.traits), FIRST.table.tolist()
    room.is_as(students, traits, Q)
    # The arrow keys, one step up and one fine step down; what moved is underlined, the rest not.
    mark = page.get_by_label("Monika, travelling", exact=True)
    mark.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowDown")
    Q[0][2] = 0.4
    assert mark.input_value() == "0.4"
    room.is_as(students, traits, Q)
    moved = page.evaluate("""() => [...document.querySelectorAll('#table-r tbody td')]
      .flatMap((cell, at) => cell.classList.contains('moved') ? [at] : [])""")
    travel = [i for i in range(6) if Q[i][2]]
    assert moved == sorted([*travel, *(6 * i for i in travel[1:])])
    # Typed, negative; what is no number is refused and forgotten.
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel") == "Phoebe, travelling"
    page.keyboard.press("Control+A")
    page.keyboard.type("-2.25")
    Q[1][2] = -2.25
    room.is_as(students, traits, Q)
    page.keyboard.press("Control+A")
    page.keyboard.type("1001")
    assert "It is still 100." in page.locator("#marks-says").inner_text()
    page.keyboard.press("Tab")
    assert page.get_by_label("Phoebe, travelling", exact=True).input_value() == "100"
    Q[1][2] = 100
    room.is_as(students, traits, Q)
    assert complaints(page) == []


def test_who_is_there_can_be_changed_and_the_address_keeps_it(room):
    page = room.page
    students, traits, Q = list(FIRST.students), list(FIRST.traits), FIRST.table.tolist()
    # Somebody new, by the keyboard, with a hostile name: text like any other.
    page.locator("#add-student").press("Enter")
    assert page.evaluate("document.activeElement.value") == "student 7"
    page.keyboard.insert_text(HOSTILE)
    students.append(HOSTILE)
    page.get_by_label(f"{HOSTILE}, cooking", exact=True).fill("3")
    Q.append([0, 0, 0, 0, 0, 0, 3])
    room.is_as(students, traits, Q)
    page.locator("#add-trait").click()
    page.keyboard.insert_text("Monika")
    traits.append("Monika")
    page.get_by_label("Ross, Monika", exact=True).fill("1.5")
    Q = [[*row, 1.5 * (name == "Ross")] for name, row in zip(students, Q, strict=True)]
    room.is_as(students, traits, Q)
    page.get_by_label("Name of student 1", exact=True).fill("Ross")
    assert "still called Monika" in page.locator("#marks-says").inner_text()
    page.get_by_role("button", name="Remove Phoebe").press("Enter")
    del students[1], Q[1]
    page.get_by_role("button", name="Remove MS").click()
    del traits[1]
    Q = [row[:1] + row[2:] for row in Q]
    room.is_as(students, traits, Q)
    assert complaints(page) == []
    # The address brings it back, in another tab; so does going back to it.
    page.wait_for_function("() => location.hash.includes('students=')")
    link = page.url
    page.locator("#reset").click()
    room.is_as(FIRST.students, FIRST.traits, FIRST.table)
    page.wait_for_function("() => location.hash === ''")
    page.evaluate("link => { location.hash = new URL(link).hash; }", link)
    room.is_as(students, traits, Q)
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    room.is_as(students, traits, Q)
    # Hostile addresses are refused in a sentence, which shows nothing of them.
    for hostile in (
        "marks=<b>",
        "students=A,A&traits=x&marks=1;2",
        "students=%E0%A4,B&traits=x&marks=1;2",
    ):
        page.evaluate("hash => { location.hash = hash; }", hostile)
        page.wait_for_function("() => !document.getElementById('address-says').hidden")
        assert "cannot be shown" in page.locator("#address-says").inner_text()
        assert "<b>" not in page.locator("#address-says").inner_text()
        room.is_as(FIRST.students, FIRST.traits, FIRST.table)


def test_a_cell_of_r_unfolds_into_its_products_under_pointer_and_keys(room):
    page = room.page
    table = page.locator("#table-r")
    rows = lambda: page.locator("#unfold tbody tr").all_inner_texts()  # noqa: E731
    number = lambda text: float(text.replace("−", "-"))  # noqa: E731

    def unfolded(i, j):
        assert state(page)["pair"] == [i, j]
        *lines, last = [row.replace("\t", " ").split() for row in rows()]
        Q = FIRST.table
        assert [line[0] for line in lines] == list(FIRST.traits)
        for k, line in enumerate(lines):
            assert [number(line[at]) for at in (1, 3, 4)] == [Q[i][k], Q[j][k], Q[i][k] * Q[j][k]]
        assert number(last[1]) == FIRST.interactions[i][j]

    # At first the strongest interaction of the first student.
    unfolded(0, 5)
    table.locator("tbody tr").nth(1).locator("td").nth(3).hover()
    unfolded(1, 3)
    assert page.locator("#bonds").inner_text().startswith("Phoebe’s strongest")
    # One stop for the Tab key; the arrow keys stay inside.
    assert table.locator("td[tabindex='0']").count() == 1
    table.locator("td[tabindex='0']").focus()
    for key, cell in {
        "ArrowDown": (2, 3), "ArrowLeft": (2, 2), "End": (2, 5), "ArrowRight": (2, 5),
        "ArrowUp": (1, 5), "Home": (1, 0),
    }.items():  # fmt: skip
        page.keyboard.press(key)
        unfolded(*cell)


def test_three_words_climb_three_rungs(room):
    page = room.page

    def numbers(where):
        cells = page.locator(f"{where} tbody td").all_inner_texts()
        return np.array([float(text.replace("−", "-")) for text in cells]).reshape(3, 3)

    def softmax(scores):
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    X, q, k = (each.astype(np.float64) for each in (WORDS.states, WORDS.query, WORDS.key))
    steps = page.locator("#words-step button")
    for at, scores in enumerate([X @ X.T, X @ X.T / np.sqrt(40), q @ k.T / np.sqrt(8)]):
        steps.nth(at).click()
        np.testing.assert_allclose(numbers("#words-r"), scores, atol=0.0051)
        np.testing.assert_allclose(numbers("#words-a"), softmax(scores), atol=0.0051)
    assert page.locator("#words-offers").is_visible()
    # A query changed, by the keyboard; the key of the same word stays as it was.
    shown = page.evaluate("inspector.state.learned.shown")
    strongest = np.argsort(-(np.abs(q).sum(axis=0) * np.abs(k).sum(axis=0)), kind="stable")[:6]
    assert shown == strongest.tolist()
    page.get_by_label(f"it, dimension {shown[0]}", exact=True).first.fill("3")
    q[0][shown[0]] = 3
    np.testing.assert_allclose(numbers("#words-r"), q @ k.T / np.sqrt(8), atol=0.0051)
    # The unfolded cell: what is shown and what is not come to the sum.
    said = [
        row.replace("\t", " ") for row in page.locator("#words-unfold tbody tr").all_inner_texts()
    ]
    product = q[0] * k[1]
    rest = product.sum() - product[shown].sum()
    assert float(said[6].split()[-1].replace("−", "-")) == pytest.approx(rest, abs=0.0051)
    assert float(said[8].split()[-1].replace("−", "-")) == pytest.approx(
        product.sum() / np.sqrt(8), abs=0.0051
    )
    share = np.abs(product[shown]).sum() / np.abs(product).sum()
    assert f"{round(100 * share)} % of what is added up" in page.locator("#words-told").inner_text()
    assert complaints(page) == []
    page.locator("#words-reset").click()
    np.testing.assert_allclose(
        numbers("#words-r"), WORDS.query @ WORDS.key.T / np.sqrt(8), atol=0.0051
    )


def test_it_moves_shortly_and_not_at_all_where_motion_is_not_wanted(room):
    page = room.page
    longest = """() => { document.querySelector('#marks-view .mark').dispatchEvent(
        new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
      getComputedStyle(document.querySelector('#table-r td.moved')).backgroundColor;
      const ends = document.getAnimations().map((a) => a.effect.getComputedTiming().endTime);
      return Math.max(0, ...ends); }"""
    assert 0 < page.evaluate(longest) <= 200
    page.wait_for_function("() => document.getAnimations().length === 0")
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(longest) == 0


def test_a_class_too_large_to_be_changed_is_shown_as_it_is(open_html):
    names = [f"s{i}" for i in range(25)]
    large = study(names, ["x"], np.arange(1.0, 26)[:, None])
    page = open_html(render_classroom(large, own_table=True)).page
    assert page.locator("input").count() == 0
    assert "up to 24 students" in page.locator("#who").inner_text()
    assert page.locator("#table-r tbody tr").count() == 25


def test_without_a_script_the_page_is_read_as_it_is(chromium, tmp_path):
    path = tmp_path / "class.html"
    path.write_text(render_classroom(FIRST, own_table=False, words=WORDS), encoding="utf-8")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert "Joey (5.5)" in page.locator("#bonds").inner_text()
    assert page.locator("#table-t td").first.is_visible()
    assert page.locator("#words-view table").count() == 3
    assert not page.locator("#marks-buttons").is_visible()
    context.close()


def test_a_page_that_was_changed_by_hand_says_so(open_html):
    html = render_classroom(FIRST, own_table=False)
    marred = html.replace("A class that listens to itself", "A class that sleeps")
    page = open_html(marred).page
    assert "is damaged: parts of it were changed" in page.locator("#notice").inner_text()
    header = json.dumps(FIRST.table.tolist()[0], separators=(",", ":"))
    assert header in html
    page = open_html(
        html.replace(header, header.replace("2.0", "3.0")), wait="html[data-broken]"
    ).page
    assert "does not match its checksum" in page.locator("#notice").inner_text()
