"""The strongest links between words, or on request between tokens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inspector.analysis.measures import parts
from inspector.analysis.merging import Merging
from inspector.analysis.sinks import sink_keys
from inspector.parallel import parallel_map
from inspector.record import record
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
)

#: Weights that are merged at once.
_TOGETHER = 2**16
#: What a head is called that looks where it looks whatever stands there.
_BY_PLACE = (*RELATIVE, "first")


@record(frozen=True, slots=True)
class Word:
    """A word of the text, or a single token, and where its tokens are."""

    text: str
    tokens: tuple[int, ...]
    #: Whether it says something: the tokenizer did not add it and it holds a letter or a digit.
    content: bool


def words(text: Text) -> tuple[Word, ...]:
    """Group the tokens of a text into its words; a special token is a word of its own."""
    groups: list[list[int]] = []
    before = -1
    for place, word in enumerate(text.words.tolist()):
        if word >= 0 and word == before:
            groups[-1].append(place)
        else:
            groups.append([place])
        before = word
    spell = _Spelling(text)
    return tuple(
        Word(spelling := spell(group), tuple(group), spell.content(group, spelling))
        for group in groups
    )


def single_tokens(text: Text) -> tuple[Word, ...]:
    """Return every token by itself, as a reader sees it."""
    spell = _Spelling(text)
    return tuple(
        Word(name, (place,), spell.content([place], spell([place])))
        for place, name in enumerate(spell.shown)
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
        links += _links(pairs_of(trace, site, sinks, pieces=pieces), trace, by_place, count)
    links.sort(key=lambda link: -link.weight)
    return tuple(links)


@record(frozen=True, slots=True)
class Pairs:
    """The words between which one site attends, and which of their links say something."""

    site: SiteName
    asking: tuple[Word, ...]
    attended: tuple[Word, ...]
    #: The tokens of each attended word that are no sinks; empty where all are.
    kept: tuple[tuple[int, ...], ...]
    #: (W, V): links between two different content words, sinks set aside.
    telling: Mask

    @property
    def merging(self) -> Merging:
        """How tokens become these words: what everybody attends to anyway is left out of its word.

        Where nothing is left, the word is whole, and no telling link ends there.
        """
        attended = [
            kept or word.tokens for word, kept in zip(self.attended, self.kept, strict=True)
        ]
        return Merging([word.tokens for word in self.asking], attended)

    def usual(self, merged: Merging, attention: Array) -> float:
        """Return one head's mean over all telling links, (T, S) → 0 to 1; 0 where there are none.

        Of one head at a time: what is merged stays in the cache.
        """
        if not self.telling.any():
            return 0.0
        return float(merged(attention[None])[0, self.telling].mean(dtype=np.float64))


def pairs_of(trace: Trace, site: SiteName, sinks: tuple[Sink, ...], *, pieces: bool) -> Pairs:
    """Return the words of a site, or with ``pieces`` its tokens."""
    of_queries, of_keys = trace.texts(site)
    read = single_tokens if pieces else words
    asking = read(of_queries)
    attended = asking if of_keys is of_queries else read(of_keys)
    aside = sink_keys(sinks, site)
    kept = tuple(tuple(token for token in word.tokens if token not in aside) for word in attended)
    ends = [word.content and bool(rest) for word, rest in zip(attended, kept, strict=True)]
    telling = np.outer([word.content for word in asking], ends)
    if attended is asking:
        telling &= ~np.eye(len(asking), dtype=np.bool_)
    return Pairs(site, asking, attended, kept, telling)


def _links(
    pairs: Pairs, trace: Trace, by_place: set[tuple[SiteName, int, int]], count: int
) -> list[Link]:
    """Return the strongest links of one site."""
    asking, attended, allowed = pairs.asking, pairs.attended, pairs.telling
    if not allowed.any():
        return []
    layers = [trace.layers[place] for place in trace.indices(pairs.site)]
    merged = pairs.merging
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
        pair = Merging([asking[source].tokens], [pairs.kept[target]])
        head = heads[at][int(pair(layers[at].attention[heads[at]]).argmax())]
        weight = float(strength[source, target])
        usual = pairs.usual(merged, layers[at].attention[head])
        links.append(
            Link(
                source=asking[source].text,
                target=attended[target].text,
                source_token=asking[source].tokens[0],
                target_token=pairs.kept[target][0],
                weight=weight,
                lift=weight / usual,
                site=layers[at].site,
                layer=layers[at].layer,
                head=head,
            )
        )
    return links


def _strongest(attention: Array, heads: list[int], merged: Merging, allowed: Mask) -> Array:
    """Return how much any of some heads of a layer links every pair of words, (W, V).

    −1 where no link is allowed. A few heads at a time: what is merged stays in the cache.
    """
    most = np.zeros(allowed.shape, dtype=attention.dtype)
    for some in parts(len(heads), attention[0].size, _TOGETHER):
        of_words = merged(attention[heads[some]])
        np.maximum(most, of_words.max(axis=0), out=most)
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


class _Spelling:
    """How the words of a text are spelt; what NumPy has of it is made Python's once."""

    def __init__(self, text: Text) -> None:
        self.shown = text.shown
        self._special = text.special.tolist()
        self._spans = text.spans.tolist()
        self._sources = [text.text if text.pair is None else text.pair, text.text]
        self._first = (text.segments == 0).tolist()

    def __call__(self, group: list[int]) -> str:
        """Return a word as the text spells it, or its pieces where nobody can say where it is."""
        start, end = self._spans[group[0]][0], max(self._spans[place][1] for place in group)
        spelt = ""
        if start >= 0 and not self._special[group[0]]:
            spelt = self._sources[self._first[group[0]]][start:end].strip()
        return spelt or "".join(self.shown[place] for place in group)

    def content(self, group: list[int], spelling: str) -> bool:
        """Say whether the word says something."""
        return not self._special[group[0]] and any(map(str.isalnum, spelling))
