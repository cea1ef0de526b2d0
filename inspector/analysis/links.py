"""The strongest links between words, or on request between tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.analysis.merging import Merging
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
        same = asking is attended
        read = single_tokens if pieces else words
        parts = [read(asking)]
        parts.append(parts[0] if same else read(attended))
        aside = sink_keys(sinks, site)
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
    merged = Merging(*groups)
    heads = [
        [
            head
            for head in range(len(layer.attention))
            if (layer.site, layer.layer, head) not in by_place
        ]
        for layer in layers
    ]
    best = np.stack(
        parallel_map(
            lambda of: _strongest(of[0].attention, of[1], merged, allowed),
            zip(layers, heads, strict=True),
            tokens=len(asking),
        )
    )
    strength = best.max(axis=0)
    links = []
    for place in _largest(strength.ravel(), count):
        source, target = divmod(int(place), len(attended))
        at = int(best[:, source, target].argmax())
        pair = Merging([groups[0][source]], [groups[1][target]])
        head = heads[at][int(pair(layers[at].attention[heads[at]]).argmax())]
        weight = float(strength[source, target])
        usual = merged(layers[at].attention[head, None])[0, allowed]
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


def _strongest(attention: Array, heads: list[int], merged: Merging, allowed: Mask) -> Array:
    """Return how much any of some heads of a layer links every pair of words, (W, V).

    −1 where no link is allowed. Head by head: what is merged stays in the cache.
    """
    most = np.zeros(allowed.shape, dtype=attention.dtype)
    for head in heads:
        np.maximum(most, merged(attention[head, None])[0], out=most)
    most[~allowed] = -1
    return most


def _largest(strength: Array, count: int) -> NDArray[np.intp]:
    """Return where the largest few stand that are above 0, from the largest on."""
    count = min(count, int((strength > 0).sum()))
    if not count:
        return np.empty(0, dtype=np.intp)
    # What is as large as the last of them is left to the order of the text.
    most = np.flatnonzero(strength >= np.partition(strength, -count)[-count])
    return most[np.argsort(-strength[most], kind="stable")[:count]]


def _content(text: Text, group: list[int], spelling: str) -> bool:
    return not text.special[group[0]] and any(map(str.isalnum, spelling))


def _spelling(text: Text, group: list[int], shown: tuple[str, ...]) -> str:
    """Return a word as the text spells it, or its pieces where nobody can say where they stand."""
    start, end = int(text.spans[group[0], 0]), int(text.spans[group, 1].max())
    if start < 0 or text.special[group[0]]:
        return "".join(shown[place] for place in group)
    source = text.pair if text.segments[group[0]] and text.pair is not None else text.text
    return source[start:end].strip() or "".join(shown[place] for place in group)
