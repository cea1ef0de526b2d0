"""What is said of a corpus: in sentences, in the terminal, as JSON."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import synthetic_corpus
from rich.console import Console

from inspector.records.corpus import CorpusResult, HeadStatistics, RelationFindings
from inspector.report.corpus_words import finding_claims, head_claims, ladder_means, resting_words
from inspector.report.export.corpus_summary import summarise_corpus
from inspector.report.terminal.corpus import print_corpus


def heads(*rows: tuple) -> HeadStatistics:
    """A table by hand: layer, head, statistic, value, low, high, null."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return HeadStatistics(
        np.full(len(rows), "self"), *columns, np.full(len(rows), 100, dtype=np.int64)
    )


def findings(*rows: tuple) -> RelationFindings:
    return synthetic_corpus.table(RelationFindings, rows)


def test_a_claim_holds_the_numbers_of_the_clearest_head() -> None:
    table = heads(
        (0, 0, "previous", 0.5, 0.45, 0.55, 0.1),
        (0, 1, "previous", 0.912, 0.905, 0.919, 0.051),
        (0, 2, "previous", 0.95, 0.02, 0.99, 0.1),
        (0, 2, "separator", 0.8, 0.79, 0.81, np.nan),
    )
    (claim,) = head_claims(table)
    assert claim.words == (
        "2 of 3 heads give at least 40 % of their attention to the previous token, the most "
        "clearly layer 0, head 1: 91.2 % (90.5–91.9 %), by chance 5.1 %."
    )
    assert (claim.head, claim.statistic) == (("self", 0, 1), "previous")
    assert "1 on the last separator" in (resting_words(table) or "")


def test_one_head_gives() -> None:
    (claim,) = head_claims(heads((0, 0, "next", 0.5, 0.45, 0.55, 0.1)))
    assert claim.words.startswith("1 of 1 heads gives at least 40 % of its attention")


FOUND = ("det", "dependent→head", "self", 1, 2, 1, 0.8, 0.75, 0.85, 0.6, 0.2, 0.15, 0.25, 412)
CLEARER = ("obj", "head→dependent", "self", 0, 1, -2, 0.7, 0.6, 0.8, 0.4, 0.3, 0.18, 0.4, 90)
SAME = ("det:*", "dependent→head", "self", 1, 2, 1, 0.8, 0.75, 0.85, 0.6, 0.2, 0.14, 0.25, 412)
NOT = ("case", "dependent→head", "self", 1, 0, 1, 0.9, 0.85, 0.95, 0.88, 0.02, 0.0, 0.04, 500)
NOTHING = ("vocative", "dependent→head", "self", 1, 0, 1, *(np.nan,) * 7, 0)


def test_only_what_holds_on_held_out_sentences_is_claimed_the_surest_first() -> None:
    claims = finding_claims(findings(FOUND, SAME, NOT, NOTHING, CLEARER))
    assert [claim.about for claim in claims] == ["obj", "det"]
    assert claims[1].words == (
        "Layer 1, head 2 finds 80.0 % (75.0–85.0 %) of 412 arcs, the best fixed offset (+1 word) "
        "60.0 %: 20.0 points more (15.0–25.0)."
    )
    assert "(−2 words)" in claims[0].words
    assert claims[1].detail == "determiner · dependent→head"


def test_the_ladder_is_the_mean_over_heads_with_references_last() -> None:
    table = heads(
        (0, 0, "uniform_jsd_bits", 0.3, 0.3, 0.3, np.nan),
        (0, 1, "uniform_jsd_bits", 0.4, 0.4, 0.4, np.nan),
        (0, 0, "learned_jsd_bits", 0.2, 0.2, 0.2, np.nan),
        (0, 1, "learned_jsd_bits", np.nan, np.nan, np.nan, np.nan),
        (0, 0, "classroom_jsd_bits", np.nan, np.nan, np.nan, np.nan),
    )
    assert list(ladder_means(table)) == ["learned", "uniform"]
    assert ladder_means(table) == pytest.approx({"learned": 0.2, "uniform": 0.35})


def printed(result: CorpusResult, width: int = 80) -> str:
    stream = io.StringIO()
    print_corpus(Console(file=stream, width=width), result, {"atlas": "corpus/atlas.html"})
    return stream.getvalue()


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("treebank", [False, True])
def test_a_screenful(full: bool, treebank: bool) -> None:
    result = synthetic_corpus.corpus(full=full, treebank=treebank)
    text = printed(result)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 45
    assert "2,001 sentences, 29,312 tokens · 160 sentences a second · 40.2 s in all" in text
    assert "Left out, 3: longer than the window of 512 tokens (first: keys.conllu:1204)" in text
    assert "Atlas: corpus/atlas.html" in text
    assert ("Syntax" in text) == treebank
    assert ("From the classroom" in text) == full
    for claim in head_claims(result.heads):
        (line,) = (line for line in text.splitlines() if line.strip().startswith(claim.about))
        _, layer, head = claim.head
        assert f"layer {layer}, head {head}" in line
        assert f"{100 * claim.interval.low:.1f}–{100 * claim.interval.high:.1f}" in line
    for rung, bits in ladder_means(result.heads).items():
        assert any(line.split()[0] == rung and line.endswith(f"{bits:.3f}")
                   for line in map(str.rstrip, text.splitlines()) if line)  # fmt: skip


def test_what_was_not_found_is_said() -> None:
    result = replace(synthetic_corpus.corpus(), findings=findings(NOT, NOTHING))
    assert "0 of 2 relations and directions are above the offset" in " ".join(
        printed(result).split()
    )


def test_what_was_on_disk_has_no_rate() -> None:
    result = synthetic_corpus.corpus(treebank=False)
    facts = replace(result.facts, sentences_this_run=0)
    text = printed(replace(result, facts=facts))
    assert "a second" not in text and "2,001 were on disk" in text


def test_text_is_only_text() -> None:
    bad = "[bold]\x1b[31m\u202e"
    result = synthetic_corpus.corpus(labels=(bad,), files=(bad,))
    text = printed(result)
    assert "\x1b" not in text and "\u202e" not in text
    assert "[bold]" in text


def test_the_summary_is_json_and_holds_labels_findings_and_the_ladder() -> None:
    result = replace(synthetic_corpus.corpus(full=True), findings=findings(FOUND, NOT, NOTHING))
    told = json.loads(json.dumps(summarise_corpus(result, {"atlas": "a.html"}), allow_nan=False))
    assert told["corpus"]["sentences"] == 2001
    assert [one["found"] for one in told["findings"]] == [True, False, False]
    assert told["findings"][0]["offset"] == 1 and told["findings"][2]["accuracy"] is None
    table = result.heads
    expected = [
        (table.layer[i], table.head[i], table.statistic[i])
        for i in range(len(table))
        if table.statistic[i] in synthetic_corpus.SHARES
        and table.value[i] >= 0.4
        and table.low[i] > table.null[i]
    ]  # fmt: skip
    assert [(o["layer"], o["head"], o["statistic"]) for o in told["labelled"]] == expected
    assert set(told["ladder"]) == {*synthetic_corpus.RUNGS, "uniform", "layer_mean"}
    assert summarise_corpus(synthetic_corpus.corpus(treebank=False), {})["findings"] is None
