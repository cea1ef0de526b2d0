"""Every kind of page, looked over by axe-core for what a pointer or an eye would not miss."""

import pytest
import synthetic
from complaints import complaints

from inspector.analogy.classroom import article_class
from inspector.report.html.page import render_classroom

KINDS = {
    "plain": synthetic.inspected("the cat sat on a mat"),
    "pair": synthetic.inspected("the cat sat", pair="on a mat"),
    "causal": synthetic.inspected("the cat sat on a mat", causal=True),
    "mismatch": synthetic.mismatched(synthetic.inspected("the cat sat on a mat")),
    "not recomputed": synthetic.not_recomputed(synthetic.inspected("the cat sat on a mat")),
    "captured": synthetic.captured(synthetic.inspected("the cat sat on a mat")),
    "predicting": synthetic.predicting(synthetic.inspected("the cat sat on a mat")),
    "long": synthetic.inspected(" ".join(["the cat sat on"] * 15)),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_complain_about_in_a_report(open_report, kind, scheme):
    assert complaints(open_report(KINDS[kind], scheme=scheme, width=1280).page) == []


def test_nothing_to_complain_about_on_a_narrow_screen(open_report):
    assert complaints(open_report(KINDS["plain"], width=360).page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_to_complain_about_in_the_classroom(open_html, scheme):
    html = render_classroom(article_class(), own_table=False)
    assert complaints(open_html(html, wait="main", scheme=scheme).page) == []
