"""bertviz's pages in a real browser, offline: the tokens and the lines that it draws."""

import numpy as np
import pytest

import inspector
from inspector.records import Text, Token, Trace, TracedLayer
from inspector.report.export.bertviz_views import write_views

HOSTILE = "</script><!-- \"quoted\" 'text' שלום\u200b 👩‍👩‍👧 <b>bold</b> ${1}"
TOKENS = [
    "</script><script>window.hit=1</script>",
    "<!-- <script>",
    "<img src=x onerror=window.hit=1>",
    "\"'`${window.hit=1}\\u003c &lt;",
    "שלום \u202eevil",
]
DRAWN = "#vis svg line"


def hostile_run():
    """A tokenizer might make any string a token; BERT's makes words."""
    random = np.random.default_rng(3)
    count = len(TOKENS)
    layers = tuple(
        TracedLayer("self", n, np.zeros((count, 2)), weights.astype(np.float32), None)
        for n, weights in enumerate(random.dirichlet(np.ones(count), (2, 3, count)))
    )
    tokens = tuple(Token(i, text, i, False, 0, None) for i, text in enumerate(TOKENS))
    return Trace(Text.of(tokens, " ".join(TOKENS)), layers)


@pytest.fixture
def open_views(open_html, tmp_path):
    def go(run):
        paths = write_views(run, tmp_path / "views.html")
        return {
            kind: open_html(path.read_bytes().decode(), wait=DRAWN).page
            for kind, path in paths.items()
        }

    return go


def opacities(page, selector, shape):
    """The opacity of each line, in the order in which bertviz draws them."""
    found = page.eval_on_selector_all(
        selector, "lines => lines.map(line => +line.getAttribute('stroke-opacity'))"
    )
    return np.array(found).reshape(shape).astype(np.float32)


def texts(page, selector):
    return page.eval_on_selector_all(selector, "all => all.map(one => one.textContent)")


def check_head_view(page, run, tokens):
    for side in ("left", "right"):
        assert texts(page, f"#{side} text") == tokens
    heads, count = run.layers[0].attention.shape[:2]
    assert texts(page, "#layer option") == [str(layer.layer) for layer in run.layers]
    for layer in run.layers:
        page.select_option("#layer", str(layer.layer))
        # All heads are on, and bertviz divides by how many there are.
        shown = opacities(page, "#attention line", (heads, count, count)) * heads
        np.testing.assert_allclose(shown, layer.attention, rtol=1e-6)
    # Only one head: the weight itself.
    page.locator("#vis svg > g:last-of-type rect").nth(1).dblclick()
    shown = opacities(page, "#attention line", (heads, count, count))
    np.testing.assert_array_equal(shown[1], run.layers[-1].attention[1])
    assert not shown[[0, 2]].any()


def check_model_view(page, run, tokens):
    weights = np.stack([layer.attention for layer in run.layers])
    np.testing.assert_array_equal(opacities(page, DRAWN, weights.shape), weights)
    page.locator("#attn_background_1_2 ~ rect").click()
    assert "Layer 1, Head 2" in texts(page, "text.detail")
    assert texts(page, "g.detail text.token") == [*tokens, *tokens]
    shown = opacities(page, "g.detail line", weights.shape[2:])
    np.testing.assert_array_equal(shown, weights[1, 2])


@pytest.mark.parametrize("sentence", [None, HOSTILE])
def test_the_tokens_and_the_attention_are_the_models(open_views, bundled, cat, sentence):
    found = cat if sentence is None else inspector.inspect(sentence, model=bundled)
    tokens = [token.text for token in found.tokens]
    views = open_views(found.trace)
    check_head_view(views["bertviz_head"], found.trace, tokens)
    check_model_view(views["bertviz_model"], found.trace, tokens)
    for page in views.values():
        assert page.title().startswith(found.trace.text.text[:40])


def test_hostile_tokens_are_only_text(open_views):
    run = hostile_run()
    views = open_views(run)
    check_head_view(views["bertviz_head"], run, TOKENS)
    check_model_view(views["bertviz_model"], run, TOKENS)
    for page in views.values():
        assert page.evaluate("window.hit") is None
        assert page.locator("img, b").count() == 0
        assert page.locator("script").count() == 4


def test_a_pair_can_be_looked_at_by_halves(open_views, bundled):
    found = inspector.inspect("The cat sat", pair="It was tired", model=bundled)
    tokens = [token.text for token in found.tokens]
    start = tokens.index("[SEP]") + 1
    page = open_views(found.trace)["bertviz_head"]
    page.select_option("#filter", label="Sentence B -> Sentence A")
    assert texts(page, "#left text") == tokens[start:]
    assert texts(page, "#right text") == tokens[:start]
    part = found.trace.layers[0].attention[:, start:, :start]
    shown = opacities(page, "#attention line", part.shape) * 12
    np.testing.assert_allclose(shown, part, rtol=1e-6)


@pytest.mark.parametrize("view", ["bertviz_head", "bertviz_model"])
def test_the_policy_refuses_every_request(open_html, tmp_path, cat, view):
    source = write_views(cat.trace, tmp_path / "views.html")[view].read_text()
    page = open_html(source, wait=DRAWN, quiet=False).page
    refused = page.evaluate(
        """() => new Promise(done => {
            const seen = [];
            document.addEventListener("securitypolicyviolation", event => {
                seen.push(event.effectiveDirective);
                if (seen.length === 2) done(seen.sort());
            });
            setTimeout(() => done(seen.sort()), 5000);
            fetch("https://example.org/").catch(() => null);
            const script = document.createElement("script");
            script.textContent = "window.hit = 1";
            document.body.append(script);
        })"""
    )
    assert refused == ["connect-src", "script-src-elem"]
    assert page.evaluate("window.hit") is None
