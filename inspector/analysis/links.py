"""The strongest links between words, or on request between tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.analysis.merging import Groups, merge_tokens
from inspector.analysis.sinks import sink_keys
from inspector.parallel import parallel_map
from inspector.records import (
    RELATIVE,
    Array,
    HeadReading,
    Link,
    Mask,
    Sink,
    SiteName,
    Text,
    Trace,
    TracedLayer,
)

#: What a head is called that looks where it looks whatever stands there.
_BY_PLACE = (*RELATIVE, "first")


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
    for place, word in enumerate(text.words.tolist()):
        if place and word >= 0 and word == text.words[place - 1]:
            groups[-1].append(place)
        else:
            groups.append([place])
    shown = text.shown
    spelt = [_spelling(text, group, shown) for group in groups]
    return tuple(
        Word(spelling, tuple(group), _content(text, group, spelling))
        for spelling, group in zip(spelt, groups, strict=True)
    )


def single_tokens(text: Text) -> tuple[Word, ...]:
    """Return every token by itself, as a reader sees it."""
    shown = text.shown
    return tuple(
        Word(name, (place,), _content(text, [place], _spelling(text, [place], shown)))
        for place, name in enumerate(shown)
    )


def strongest_links(
    trace: Trace,
    readings: tuple[HeadReading, ...],
    sinks: tuple[Sink, ...] = (),
    count: int = 5,
    *,
    pieces: bool = False,
) -> tuple[Link, ...]:
    """Return the strongest links between different content words, each at its strongest head.

    A content word is one that is not special and that holds a letter or a digit. Heads that choose
    by place, the neighbours, the word itself or the first, are left out: their links say where a
    word stands and nothing about the word. So are keys that are sinks: everybody attends to them;
    of a word of which one piece is a sink, the others count. With ``pieces`` every token is a word.
    ``count`` are returned of each site, since a link of one says nothing about another's; all
    together stand from the strongest on.
    """
    by_place = {(at.site, at.layer, at.head) for at in readings if at.label in _BY_PLACE}
    links = []
    for site in trace.sites:
        layers = [trace.layers[place] for place in trace.indices(site)]
        asking, attended = trace.texts(site)
        parts = [single_tokens(text) if pieces else words(text) for text in (asking, attended)]
        aside = sink_keys(sinks, site)
        same = asking is attended
        links += _links(layers, parts[0], parts[1], aside, by_place, count, same=same)
    links.sort(key=lambda link: -link.weight)
    return tuple(links)


def _links(
    layers: list[TracedLayer],
    asking: tuple[Word, ...],
    attended: tuple[Word, ...],
    aside: list[int],
    by_place: set[tuple[SiteName, int, int]],
    count: int,
    *,
    same: bool,
) -> list[Link]:
    """Return the strongest links of one site; ``same`` where both sides are one text."""
    kept = [[token for token in word.tokens if token not in aside] for word in attended]
    telling = [word.content and bool(rest) for word, rest in zip(attended, kept, strict=True)]
    allowed = np.outer([word.content for word in asking], telling)
    if same:
        allowed &= ~np.eye(len(asking), dtype=np.bool_)
    if not allowed.any():
        return []
    # What everybody attends to anyway is left out of its word; where nothing is left, no link ends.
    groups = (
        [word.tokens for word in asking],
        [rest or word.tokens for word, rest in zip(attended, kept, strict=True)],
    )
    strongest = parallel_map(
        lambda layer: _strongest_heads(layer, groups, by_place, allowed),
        layers,
        tokens=len(asking),
    )
    best = np.stack([weights for _, weights in strongest])
    best_layer = best.argmax(axis=0)
    strength = best.max(axis=0)
    order = np.argsort(-strength, axis=None, kind="stable")[: min(count, int((strength > 0).sum()))]
    links = []
    for place in order:
        source, target = divmod(int(place), len(attended))
        at = int(best_layer[source, target])
        head = int(strongest[at][0][source, target])
        weight = float(strength[source, target])
        usual = merge_tokens(layers[at].attention[head, None], *groups)[0, allowed]
        links.append(
            Link(
                source=asking[source].text,
                target=attended[target].text,
                source_token=asking[source].tokens[0],
                target_token=kept[target][0],
                weight=weight,
                lift=weight / float(usual.mean(dtype=np.float64)),
                site=layers[at].site,
                layer=layers[at].layer,
                head=head,
            )
        )
    return links


def _strongest_heads(
    layer: TracedLayer,
    groups: tuple[Groups, Groups],
    by_place: set[tuple[SiteName, int, int]],
    allowed: Mask,
) -> tuple[NDArray[np.intp], Array]:
    """Return for every pair of words the head of a layer that links them most, and how much.

    −1 where no link is allowed.
    """
    matrices = merge_tokens(layer.attention, *groups)
    for head in range(len(matrices)):
        if (layer.site, layer.layer, head) in by_place:
            matrices[head] = 0
    return matrices.argmax(axis=0), np.where(allowed, matrices.max(axis=0), np.float32(-1))


def _content(text: Text, group: list[int], spelling: str) -> bool:
    return not text.special[group[0]] and any(map(str.isalnum, spelling))


def _spelling(text: Text, group: list[int], shown: tuple[str, ...]) -> str:
    """Return a word as the text spells it, or its pieces where nobody can say where they stand."""
    start, end = int(text.spans[group[0], 0]), int(text.spans[group, 1].max())
    if start < 0 or text.special[group[0]]:
        return "".join(shown[place] for place in group)
    source = text.pair if text.segments[group[0]] and text.pair is not None else text.text
    return source[start:end].strip() or "".join(shown[place] for place in group)
