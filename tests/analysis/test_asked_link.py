"""Which heads link two words: beside plain loops over the model's own attention."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from seq2seq_models import SOURCE, random_encoder_decoder

import inspector
from inspector.commands.show import show
from inspector.errors import InputError
from inspector.session import Inspection

#: "suitcase" and "unbelievably" are several tokens; "it" stands twice.
SENTENCE = "The trophy was unbelievably big, so it did not fit and it stayed"


@pytest.fixture(scope="module")
def found() -> Inspection:
    return inspector.inspect(SENTENCE, prove=False)


def tokens_of(found: Inspection, word: str, nth: int = 0) -> list[int]:
    """The tokens of a word by where it stands in the text, without anything under test."""
    start = [at.start() for at in re.finditer(rf"\b{word}\b", SENTENCE)][nth]
    spans = [(at, one.span) for at, one in enumerate(found.tokens) if one.span and not one.special]
    return [at for at, span in spans if start <= span[0] < span[1] <= start + len(word)]


@pytest.mark.parametrize(
    ("source", "target", "its", "others"),
    [
        ("it:2", "trophy", ("it", 1), ("trophy", 0)),
        ("unbelievably", "FIT", ("unbelievably", 0), ("fit", 0)),
        ("fit", "unbelievably", ("fit", 0), ("unbelievably", 0)),
    ],
)
def test_every_head_by_the_weight_of_the_pair(
    found: Inspection,
    source: str,
    target: str,
    its: tuple[str, int],
    others: tuple[str, int],
) -> None:
    rows, cols = tokens_of(found, *its), tokens_of(found, *others)
    assert rows and cols
    heads = found.heads_for(source, target)
    assert {(one.layer, one.head) for one in heads} == {(n, h) for n in range(6) for h in range(12)}
    assert [one.weight for one in heads] == sorted((one.weight for one in heads), reverse=True)
    for one in heads:
        attention = found.attention(one.layer, one.head)
        expected = sum(float(attention[i, j]) for i in rows for j in cols) / len(rows)
        assert one.weight == pytest.approx(expected, abs=1e-6)
        assert one.effect is None


def test_the_lift_is_beside_the_heads_other_links() -> None:
    """Single tokens, so that a plain mean over pairs of words is all there is to it."""
    text = "Dogs chase small cats"
    found = inspector.inspect(text, prove=False)
    assert len(found.tokens) == 6
    heads = found.heads_for("cats", "Dogs")
    for one in heads[:5]:
        attention = found.attention(one.layer, one.head)
        others = [attention[i, j] for i in range(1, 5) for j in range(1, 5) if i != j]
        assert one.lift == pytest.approx(attention[4, 1] / np.mean(others), rel=1e-5)


@pytest.mark.parametrize(
    ("source", "target", "says"),
    [
        ("it", "trophy", "“it” occurs twice."),
        ("it:3", "trophy", "There is no “it:3”: “it” occurs twice."),
        ("it:0", "trophy", "There is no “it:0”: “it” occurs twice."),
        ("cow", "trophy", "There is no word “cow” in the text."),
        ("trophy", "c\x1bow:2", "There is no word “c\\x1bow:2” in the text."),
        ("", "trophy", "There is no word “” in the text."),
    ],
)
def test_a_word_that_is_not_plain_is_refused(
    found: Inspection, source: str, target: str, says: str
) -> None:
    with pytest.raises(InputError) as refused:
        found.heads_for(source, target)
    assert refused.value.message == says
    if "it:" not in says and source == "it":
        assert refused.value.hint == "Say which: it:1, it:2."


def test_single_tokens_are_named_where_they_are_kept_apart() -> None:
    apart = inspector.inspect(SENTENCE, prove=False, pieces=True)
    pieces = [one.text for one in apart.tokens]
    assert len(tokens_of(apart, "unbelievably")) > 1
    with pytest.raises(InputError):
        apart.heads_for("unbelievably", "fit")
    first = apart.heads_for("fit", "trophy")[0]
    weight = apart.attention(first.layer, first.head)[pieces.index("fit"), pieces.index("trophy")]
    assert first.weight == pytest.approx(float(weight), abs=1e-6)


def test_the_command_says_it_and_the_json_has_every_head() -> None:
    asked = ["Dogs chase small cats", "--link", "cats", "dogs", "--no-proof", "--no-report"]
    said = CliRunner().invoke(show, asked)
    assert said.exit_code == 0
    heads = inspector.inspect("Dogs chase small cats", prove=False).heads_for("cats", "Dogs")
    assert "Which heads link cats → Dogs" in said.output
    assert f"layer {heads[0].layer}, head {heads[0].head}" in said.output
    printed = CliRunner().invoke(show, [*asked, "--json", "--effects"])
    told = json.loads(printed.output)
    link = told["link"]
    assert [(one["layer"], one["head"]) for one in link] == [(h.layer, h.head) for h in heads]
    effects = {
        (o["layer"], o["head"]): o["shift"] for o in json.loads(printed.output)["effects"]["heads"]
    }
    assert all(one["effect"] == effects[one["layer"], one["head"]] for one in link)


def test_of_several_sites_the_words_stand_where_the_strongest_head_has_them(tmp_path: Path) -> None:
    """“sat” is in both texts, at other places: the page opens at the right ones."""
    model = random_encoder_decoder("bart", tmp_path / "bart")
    found = inspector.inspect(
        SOURCE, target="we are here and the cat sat", model=model, prove=False
    )
    asked = found.with_link("sat", "cat").link_asked
    assert asked is not None
    strongest = asked.heads[0]
    assert strongest.site == "decoder"
    asking, heard = found.trace.texts(strongest.site)
    assert asking.tokens[asked.source_token].text.strip() == "sat"
    assert heard.tokens[asked.target_token].text.strip() == "cat"
    weights = found.attention(strongest.layer, strongest.head, strongest.site)
    assert strongest.weight == pytest.approx(
        float(weights[asked.source_token, asked.target_token]), abs=1e-6
    )
    # The word that is there is not the one that is missing.
    with pytest.raises(InputError, match="no word “xyz”"):
        found.heads_for("we", "xyz")
