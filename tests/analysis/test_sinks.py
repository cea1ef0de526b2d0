"""What is set aside as a sink, by plain loops, by hand, and in a model with one planted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from plain_attention import small_layer
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import LlamaConfig, LlamaModel, PreTrainedTokenizerFast

import inspector
from inspector.analysis.heads import read_heads
from inspector.analysis.links import strongest_links
from inspector.analysis.notices import notices
from inspector.analysis.sinks import find_sinks
from inspector.commands import main
from inspector.records import Rebuild, Sink, Text, Token, Trace, TracedLayer
from inspector.report.export.summary import summarise
from inspector.report.html.payload.build import build_payload
from inspector.session import Inspection

NOTHING = Rebuild("none", (), (), "made by hand")
SENTENCE = "The tower stands in the city of light and rain"


def words(count: int) -> Text:
    """``count`` words of a letter, none of them special."""
    tokens = tuple(
        Token(at, chr(97 + at), at, False, 0, (2 * at, 2 * at + 1)) for at in range(count)
    )
    return Text.of(tokens, " ".join(chr(97 + at) for at in range(count)))


def causal(rows: np.ndarray) -> np.ndarray:
    """Rows that see nothing behind them and sum to 1."""
    seen = np.tril(rows)
    return seen / seen.sum(axis=-1, keepdims=True)


def traced(*layers: np.ndarray, states: np.ndarray | None = None) -> Trace:
    count = layers[0].shape[-1]
    hidden = np.ones((count, 3)) if states is None else states
    return Trace(
        words(count),
        tuple(TracedLayer("self", at, hidden, one, None) for at, one in enumerate(layers)),
    )


def resting(count: int, share: float, key: int = 0) -> np.ndarray:
    """One causal head whose every query gives ``share`` to a key, where it can see it."""
    rows = causal(np.ones((count, count)))
    for query in range(key + 1, count):
        rows[query] *= (1 - share) / (1 - rows[query, key])
        rows[query, key] = share
    return rows[None]


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_counted_one_by_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    layers, attentions = [], []
    for _ in range(2):
        layer = small_layer(tokens=6, heads=2)
        rows = random.dirichlet(np.ones(6), size=(2, 6))
        rows[:, :, 2] += 3
        attentions.append(causal(rows))
        visible = np.tril(np.ones((6, 6), dtype=np.bool_))
        layers.append(replace(layer, visible=visible, attention=attentions[-1]))
    rebuilt = Rebuild("weights", tuple(layers), tuple(layers), None)
    found = {sink.index: sink for sink in find_sinks(traced(*attentions), rebuilt)}
    assert 2 in found
    weights, moved = [], []
    for layer, attention in zip(layers, attentions, strict=True):
        width = layer.output_projection.weight.shape[1] // 2
        for head in range(2):
            wo = layer.output_projection.weight[:, head * width : (head + 1) * width]
            value = layer.value[head * len(layer.value) // 2]
            for query in (3, 4, 5):
                each = [attention[head, query, k] * np.linalg.norm(wo @ value[k]) for k in range(6)]
                weights.append(attention[head, query, 2])
                moved.append(each[2] / sum(each))
    assert found[2].share == pytest.approx(np.mean(weights))
    assert found[2].value_weighted_share == pytest.approx(np.mean(moved))
    assert found[2].token == "c"


@pytest.mark.parametrize(("share", "sinks"), [(0.31, [0]), (0.29, [])])
def test_three_tenths_make_a_sink(share: float, sinks: list[int]) -> None:
    found = find_sinks(traced(resting(12, share)), NOTHING)
    assert [sink.index for sink in found] == sinks
    assert all(sink.value_weighted_share is None for sink in found)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 40])
def test_an_even_spread_has_no_sink(count: int) -> None:
    even = causal(np.ones((1, count, count)))
    assert find_sinks(traced(even), NOTHING) == ()
    assert find_sinks(traced(np.full((1, count, count), 1 / count)), NOTHING) == ()


def test_what_a_position_gives_itself_makes_no_sink() -> None:
    alone = np.eye(8)[None] * 0.9 + causal(np.ones((1, 8, 8))) * 0.1
    assert find_sinks(traced(alone), NOTHING) == ()


def test_one_query_is_not_everybody() -> None:
    rows = causal(np.ones((1, 8, 8)))
    rows[0, 7] = [0.0] * 6 + [0.9, 0.1]
    assert find_sinks(traced(rows), NOTHING) == ()


@pytest.mark.parametrize(
    ("share", "norm", "sinks"),
    [(0.19, 2.5, [0, 5]), (0.19, 1.0, [0]), (0.12, 2.5, [0]), (0.35, 1.0, [0, 5])],
)
def test_a_second_sink_is_known_by_its_share_and_its_norm(
    share: float, norm: float, sinks: list[int]
) -> None:
    rows = resting(12, 0.5)[0]
    for query in range(6, 12):
        rest = [key for key in range(query + 1) if key not in (0, 5)]
        rows[query, 5] = share
        rows[query, rest] = (0.5 - share) / len(rest)
    states = np.ones((12, 3))
    states[5] *= norm
    found = find_sinks(traced(rows[None], states=states), NOTHING)
    assert [sink.index for sink in found] == sinks


def test_a_large_state_alone_is_no_second_sink() -> None:
    states = np.ones((12, 3))
    states[5] *= 9
    found = find_sinks(traced(resting(12, 0.2, key=5), states=states), NOTHING)
    assert found == ()


def test_links_to_sinks_are_none_and_a_words_other_pieces_count() -> None:
    """``ab`` is one word, and only its first piece is a sink."""
    tokens = tuple(Token(at, p, w, False, 0, s) for at, (p, w, s) in enumerate([
        ("a", 0, (0, 1)), ("b", 0, (1, 2)), ("c", 1, (3, 4)), ("d", 2, (5, 6))]))  # fmt: skip
    rows = np.array([[1, 0, 0, 0], [0.9, 0.1, 0, 0], [0.6, 0.3, 0.1, 0], [0.5, 0.1, 0.3, 0.1]])
    trace = Trace(
        Text.of(tokens, "ab c d"), (TracedLayer("self", 0, np.ones((4, 2)), rows[None], None),)
    )
    sink = Sink("self", 0, "a", 0.6, None)
    links = strongest_links(trace, (), (sink,))
    found = {(at.source, at.target): at for at in links}
    assert found["c", "ab"].weight == pytest.approx(0.3)
    assert found["d", "c"].weight == pytest.approx(0.3)
    assert found["d", "ab"].weight == pytest.approx(0.1)
    assert found["c", "ab"].target_token == 1
    # Of links between different words: c and d to ab, d to c, and three that see nothing.
    usual = (0.3 + 0.1 + 0.3) / 6
    assert found["c", "ab"].lift == pytest.approx(0.3 / usual)
    pieces = strongest_links(trace, (), (sink,), 9, pieces=True)
    assert all(link.target_token != 0 for link in pieces)
    assert strongest_links(trace, (), (Sink("cross", 0, "a", 0.6, None),))[0].weight > 0.8


def test_heads_that_rest_on_the_first_position_have_no_links() -> None:
    """Half of every row goes to the first position and most of the rest to ``c``."""
    rows = np.array([[[0.5, 0.05, 0.4, 0.05]] * 4])
    trace = traced(rows)
    readings = read_heads(trace, NOTHING)
    assert readings[0].label == "first"
    assert strongest_links(trace, readings) == ()
    assert strongest_links(trace, ())


# --- a model with a planted sink and no token that begins a text ------------------------------


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    """A small llama whose heads, but the last of each layer, rest on the word "The"."""
    folder = tmp_path_factory.mktemp("planted") / "llama"
    names = ["<unk>", *dict.fromkeys(SENTENCE.split())]
    made = Tokenizer(models.WordLevel({n: at for at, n in enumerate(names)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(names), hidden_size=24, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=64,
        bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model = LlamaModel(config)
    with torch.no_grad():
        table = model.embed_tokens.weight
        table[:, 22:] = torch.tensor([0.0, 1.0])
        table[names.index("The")] = 0
        table[names.index("The"), 22] = 1
        for layer in model.layers:
            for head in range(3):
                # The pair of numbers that positions turn least.
                layer.self_attn.q_proj.weight[6 * head + 2, 23] = 0.8
                layer.self_attn.k_proj.weight[6 * head + 2, 22] = 0.8
            for projection in (layer.self_attn.q_proj, layer.self_attn.k_proj):
                projection.weight[18:] = torch.randn(6, 24) * 4
                projection.weight[18:, 22:] = 0
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>").save_pretrained(folder)
    return inspector.inspect(SENTENCE, model=folder)


def test_the_first_word_of_a_causal_model_is_its_sink(planted: Inspection) -> None:
    assert planted.verification.verdict == "verified"
    assert not planted.trace.text.special.any()
    (sink,) = planted.sinks
    size = len(planted.tokens)
    weights = [
        layer.attention[head, query, 0]
        for layer in planted.trace.layers
        for head in range(4)
        for query in range(1, size)
    ]
    assert (sink.site, sink.index, sink.token) == ("self", 0, "The")
    assert sink.share == pytest.approx(float(np.mean(weights)), abs=1e-6)
    assert sink.share > 0.5


def test_its_links_say_something(planted: Inspection) -> None:
    assert planted.links
    resting = {(h.layer, h.head) for h in planted.heads if h.label == "first"}
    assert len(resting) >= 6
    for link in planted.links:
        assert link.target != "The"
        assert (link.layer, link.head) not in resting


def test_programs_and_pages_are_told(planted: Inspection) -> None:
    found = json.loads(json.dumps(summarise(planted, {}), allow_nan=False))
    (sink,) = found["sinks"]
    assert list(sink) == ["site", "index", "token", "share", "value_weighted_share"]
    assert (sink["site"], sink["index"], sink["token"]) == ("self", 0, "The")
    assert 0 < sink["value_weighted_share"] < 1
    assert found["notices"] == []
    header = build_payload(planted, command=None, version="0").header
    assert header["sinks"] == found["sinks"]
    assert header["notices"] == []


# --- notices ----------------------------------------------------------------------------------


def beginning(*spans: tuple[int, int] | None) -> Text:
    tokens = tuple(Token(1, "<s>", None, True, 0, span) for span in spans)
    return Text.of((*tokens, Token(5, "Hi", 0, False, 0, (6, 8))), "<s><s>Hi")


def test_a_doubled_beginning_gets_a_notice() -> None:
    (added,) = notices(beginning(None, (0, 3)))
    assert added == (
        "The model reads <s> twice at the beginning: the tokenizer puts it before a text that has "
        "it already."
    )
    (typed,) = notices(beginning((0, 3), (3, 6)))
    assert typed.endswith("the text has it twice.")
    assert notices(beginning(None)) == ()
    other = Token(2, "</s>", None, True, 0, (0, 4))
    assert notices(Text.of((*beginning(None).tokens[:1], other), "</s>")) == ()
    assert notices(Text.of((Token(1, "<s>", None, True, 0, None),), "")) == ()


def test_a_doubled_beginning_is_told_everywhere() -> None:
    found = inspector.inspect("[CLS] a cat")
    assert found.notices == notices(found.trace.text)
    assert summarise(found, {})["notices"] == list(found.notices)
    assert inspector.inspect("a [CLS] cat").notices == ()


@pytest.mark.parametrize("proof", [[], ["--no-proof"]])
def test_a_rendered_chat_template_begins_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    proof: list[str],
) -> None:  # fmt: skip
    """It writes the beginning that the tokenizer then puts before it once more."""
    monkeypatch.chdir(tmp_path)
    names = ["<unk>", "<s>", "[INST]", "[/INST]", *["the", "cat", "sat", "on", "a", "mat"]]
    made = Tokenizer(models.WordLevel({n: at for at, n in enumerate(names)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.add_special_tokens(["<s>"])
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", names.index("<s>"))]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        unk_token="<unk>",
        bos_token="<s>",
        chat_template="{{ bos_token }}[INST] {{ messages[0].content }} [/INST]",
    )
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(names), hidden_size=24, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=64,
        bos_token_id=1, eos_token_id=None,
    )  # fmt: skip
    LlamaModel(config).save_pretrained(tmp_path / "chat")
    tokenizer.save_pretrained(tmp_path / "chat")
    said = [{"role": "user", "content": "the cat sat on a mat"}]
    text = tokenizer.apply_chat_template(said, tokenize=False)
    assert text == "<s>[INST] the cat sat on a mat [/INST]"

    assert main([text, "--model", "chat", "--device", "cpu", *proof]) == 0
    notice = "The model reads <s> twice at the beginning: the tokenizer puts it before"
    assert notice in " ".join(capsys.readouterr().out.split())
    assert notice in (tmp_path / "attention.html").read_text().replace("\\u003c", "<").replace(
        "\\u003e", ">"
    )
    assert main([text, "--model", "chat", "--device", "cpu", "--json", "--no-report", *proof]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["notices"][0].startswith(notice)
    assert [token["word"] for token in found["tokens"][:3]] == [None, None, 0]
    assert all("<s>" not in (link["source"], link["target"]) for link in found["links"])
