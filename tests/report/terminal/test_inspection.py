"""The screenful, as it is printed into a pipe."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import inspector
from inspector.records import Share
from inspector.referee.loading import LoadedModel
from inspector.report.terminal.inspection import print_answer, print_files, print_verdict
from inspector.session import Inspection


def printed(found: Inspection, width: int = 80) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    print_answer(console, found)
    print_files(console, {"report": "attention.html"})
    print_verdict(console, found)
    return stream.getvalue()


def test_a_screenful(cat: Inspection) -> None:
    text = printed(cat)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 40
    assert "✓ verified  72 of 72 heads" in text
    assert "Report: attention.html" in text
    assert "Embedding: 384 numbers, mean over tokens, unit length, in --json\n" in text
    assert cat.verification.end_to_end is not None
    error = cat.verification.end_to_end.embedding_max_abs_error
    assert f", embedding {error:.1e}\n" in text
    for rung in cat.ladder:
        lines = [line for line in text.splitlines() if line.startswith(rung.name)]
        if not rung.applies:
            assert lines == []
            continue
        assert rung.all_tokens is not None
        bits = rung.all_tokens.means()["jsd_bits"]
        assert ("none: raw scores" if bits is None else f"{bits:.3f}") in lines[0]
    link = cat.links[0]
    assert f"{link.source} → {link.target}" in text
    assert f"layer {link.layer}, head {link.head}" in text
    assert "× the head's average" in text
    (row,) = (
        line for line in text.splitlines() if line.startswith(f"{link.source} → {link.target} ")
    )
    assert row.split()[3:5] == [f"{link.weight:.2f}", f"{link.lift:.1f}"]


def test_both_texts_of_a_pair_stand_above(bundled: LoadedModel) -> None:
    found = inspector.inspect("the cat sat", pair="on the mat", model=bundled)
    text = printed(found)
    assert text.startswith("the cat sat\non the mat\n")
    assert found.similarity is not None
    (said,) = (line for line in text.splitlines() if line.startswith("Similarity: "))
    assert said == (
        f"Similarity: cosine {found.similarity.cosine:.3f}, each text alone "
        "(mean over tokens, unit length)"
    )
    assert "Embedding: " not in text


def test_the_finding_is_of_these_numbers(cat: Inspection) -> None:
    text = " ".join(printed(cat).split())
    said = "learned comes closest: 0.332 bits, closer than attending to every token equally (0.341)"
    assert said in text


def shares(**bits: float) -> tuple[Share, ...]:
    return tuple(Share(name, "", np.full((1, 1), value), value) for name, value in bits.items())


def contributed(found: Inspection) -> list[str]:
    """What is printed under the heading of the shares."""
    lines = [line.rstrip() for line in printed(found).splitlines()]
    start = next(i for i, line in enumerate(lines) if line.startswith("What each idea"))
    return lines[start : lines.index("", start)]


def test_shares_are_one_bar_in_three_fills(cat: Inspection) -> None:
    assert contributed(replace(cat, shares=shares(learned=0.3, heads=0.2, scale=0.1))) == [
        "What each idea contributes to closing the gap of 0.600 bits (Shapley values)",
        "████████████▓▓▓▓▓▓▓▓░░░░  █ learned 0.300 · ▓ heads 0.200 · ░ scale 0.100",
    ]


def test_what_made_things_worse_has_a_sign_and_no_length(cat: Inspection) -> None:
    assert contributed(replace(cat, shares=shares(learned=0.4, heads=-0.1, scale=0.2))) == [
        "What each idea contributes to closing the gap of 0.500 bits (Shapley values)",
        "████████████████░░░░░░░░  █ learned 0.400 · ░ scale 0.200  worse with heads",
        "−0.100",
    ]
    assert contributed(replace(cat, shares=shares(learned=-0.25, heads=-1e-9)))[1:] == [
        "▓ heads 0.000  worse with learned −0.250"
    ]


def test_without_shares_there_is_no_heading(cat: Inspection) -> None:
    assert "What each idea" not in printed(replace(cat, shares=()))


def test_the_shares_are_of_this_sentence(cat: Inspection) -> None:
    heading, line = contributed(cat)
    for share in cat.shares:
        assert f"{share.ingredient} {share.bits:.3f}" in line
    assert f"{sum(share.bits for share in cat.shares):.3f}" in heading


def test_how_subwords_are_combined_is_said_where_they_are(bundled: LoadedModel) -> None:
    sentence = "untie the knottiness"
    whole = inspector.inspect(sentence, model=bundled)
    apart = inspector.inspect(sentence, model=bundled, pieces=True)
    text = printed(whole)
    assert "Strongest attention between words" in text
    assert "Subwords are combined: attention received is summed, attention given is averaged." in (
        " ".join(text.split())
    )
    assert "##" not in text
    text = printed(apart)
    assert "Strongest attention between tokens" in text
    assert "combined" not in text
    # A piece reads as it stands in the text, whatever its vocabulary calls it.
    assert "ss → knot " in text
    assert "##" not in text
    assert "combined" not in printed(inspector.inspect("The cat sat", model=bundled))


def test_a_mismatch_is_named(cat: Inspection) -> None:
    check = cat.verification.layers[2]
    heads = list(check.head_verdicts)
    heads[5] = "mismatch"
    wrong = replace(check, verdict="mismatch", head_verdicts=tuple(heads))
    layers = (*cat.verification.layers[:2], wrong, *cat.verification.layers[3:])
    verification = replace(cat.verification, verdict="mismatch", layers=layers)
    text = printed(replace(cat, verification=verification))
    assert "✗ mismatch" in text
    assert "layer 2 head 5" in text
    assert "verified" not in text


@pytest.mark.parametrize("text", ["[bold]not markup[/bold]", "\x1b[31mred", "a\u202eb\u200bc"])
def test_text_is_only_text(bundled: LoadedModel, text: str) -> None:
    shown = printed(inspector.inspect(text, model=bundled))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    if "\x1b" in text:
        assert r"\x1b[31mred" in shown
    elif "[bold]" in text:
        assert "[bold]not markup[/bold]" in shown
    else:
        assert r"a\u202eb\u200bc" in shown


def test_a_very_long_word_keeps_the_table_in_shape(bundled: LoadedModel) -> None:
    found = inspector.inspect(f"the {'cat' * 100} sat on the mat", model=bundled)
    table = printed(found).split("Strongest attention")[1]
    assert max(map(len, table.splitlines())) <= 80
