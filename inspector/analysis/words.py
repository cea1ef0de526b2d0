"""Word pieces merged into words, and the strongest links between them.

Attention *into* a word is the sum over its pieces, attention *out of* a word their mean, so that
the rows of the merged matrix still sum to 1 (Clark et al. 2019, "What Does BERT Look At?"). On
request every token stands for itself and nothing is merged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inspector.records import Array, HeadReading, Link, Run, Text

#: Labels of heads that choose by place.
_BY_PLACE = ("previous", "next", "self")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text, or a single token, and where its tokens are."""

    text: str
    tokens: tuple[int, ...]
    #: Whether it says something: the tokenizer did not add it and it holds a letter or a digit.
    content: bool


def words(text: Text) -> tuple[Word, ...]:
    """Group the tokens of a text into its words; a special token is a word of its own."""
    groups: list[list[int]] = []
    for place, token in enumerate(text.tokens):
        before = text.tokens[place - 1] if place else None
        if before is not None and token.word is not None and token.word == before.word:
            groups[-1].append(place)
        else:
            groups.append([place])
    spelt = [_spelling(text, group) for group in groups]
    return tuple(
        Word(spelling, tuple(group), _content(text, group, spelling))
        for spelling, group in zip(spelt, groups, strict=True)
    )


def single_tokens(text: Text) -> tuple[Word, ...]:
    """Return every token by itself, under the tokenizer's own name for it."""
    return tuple(
        Word(token.text, (place,), _content(text, [place], _spelling(text, [place])))
        for place, token in enumerate(text.tokens)
    )


def merge_pieces(attention: Array, merged: tuple[Word, ...]) -> Array:
    """Merge attention between tokens, (H, T, T), into attention between words, (H, W, W)."""
    firsts = [word.tokens[0] for word in merged]
    counts = np.array([len(word.tokens) for word in merged], dtype=attention.dtype)
    into: Array = np.add.reduceat(attention, firsts, axis=2)
    out_of: Array = np.add.reduceat(into, firsts, axis=1)
    return out_of / counts[:, None]


def strongest_links(
    run: Run, readings: tuple[HeadReading, ...], count: int = 5, *, pieces: bool = False
) -> tuple[Link, ...]:
    """Return the strongest links between different content words, each at its strongest head.

    A content word is one that the tokenizer did not add and that holds a letter or a digit. Heads
    that look at the neighbours or at the word itself, whatever it is, are left out: their links
    say where a word stands and nothing about the word. With ``pieces`` every token is a word.
    """
    merged = single_tokens(run.text) if pieces else words(run.text)
    content = np.array([word.content for word in merged])
    allowed = np.outer(content, content) & ~np.eye(len(merged), dtype=np.bool_)
    if not allowed.any():
        return ()
    by_place = {(at.site, at.layer, at.head) for at in readings if at.label in _BY_PLACE}
    by_layer = []
    usual = []
    for layer in run.layers:
        matrices = merge_pieces(layer.attention, merged)
        usual.append(matrices[:, allowed].mean(axis=1, dtype=np.float64))
        for head in range(len(matrices)):
            if (layer.site, layer.layer, head) in by_place:
                matrices[head] = 0
        by_layer.append(matrices)
    best_head = np.stack([matrices.argmax(axis=0) for matrices in by_layer])
    best = np.where(allowed, np.stack([matrices.max(axis=0) for matrices in by_layer]), -1.0)
    best_layer = best.argmax(axis=0)
    strength = best.max(axis=0)
    order = np.argsort(-strength, axis=None, kind="stable")[: min(count, int((strength > 0).sum()))]
    links = []
    for place in order:
        source, target = divmod(int(place), len(merged))
        at = int(best_layer[source, target])
        head = int(best_head[at, source, target])
        weight = float(strength[source, target])
        links.append(
            Link(
                source=merged[source].text,
                target=merged[target].text,
                source_token=merged[source].tokens[0],
                target_token=merged[target].tokens[0],
                weight=weight,
                lift=weight / float(usual[at][head]),
                site=run.layers[at].site,
                layer=run.layers[at].layer,
                head=head,
            )
        )
    return tuple(links)


def _content(text: Text, group: list[int], spelling: str) -> bool:
    return not text.tokens[group[0]].special and any(map(str.isalnum, spelling))


def _spelling(text: Text, group: list[int]) -> str:
    """Return a word as the text spells it, or the pieces where no tokenizer says where it stood."""
    first, last = text.tokens[group[0]], text.tokens[group[-1]]
    if first.span is None or last.span is None:
        return "".join(text.tokens[place].text for place in group)
    spelt = text.pair if first.segment and text.pair is not None else text.text
    return spelt[first.span[0] : last.span[1]]
