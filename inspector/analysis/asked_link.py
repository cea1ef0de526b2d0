"""Which heads link two words that somebody asks about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from inspector.analysis.links import Pairs, Word, pairs_of
from inspector.analysis.merging import Merging
from inspector.errors import InputError
from inspector.parallel import parallel_map
from inspector.plain import visible
from inspector.records import AskedLink, HeadLink, Inspected, SiteName, TracedLayer

#: How many words of a text are named where one is not among them.
_NAMED = 12


def ask_link(inspected: Inspected, source: str, target: str) -> AskedLink:
    """Return every head by how much attention ``source`` gives to ``target``, the strongest first.

    A word is named as the text spells it, or but for capitals; one that occurs more than once with
    its number behind a colon, ``it:2``. Where the inspection reads single tokens, these are named.
    Of an encoder–decoder all sites count at which the one word can attend to the other.

    Raises
    ------
    InputError
        When a word is not there or occurs more than once, or when the model lets the one word give
        the other no attention.
    """
    found: list[tuple[Pairs, int, int]] = []
    #: By how many of the two words are at a site.
    refused: list[tuple[int, InputError]] = []
    trace = inspected.trace
    for site in trace.sites:
        pairs = pairs_of(trace, site, inspected.sinks, pieces=inspected.pieces)
        there = 0
        try:
            one = word_named(source, pairs.asking)
            there += 1
            found.append((pairs, one, word_named(target, pairs.attended)))
        except InputError as error:
            refused.append((there, error))
    if not found:
        # Where the one word is, it is the other that is missing.
        raise max(refused, key=lambda each: each[0])[1]
    effects = _effects(inspected)
    heads: list[HeadLink] = []
    for pairs, one, other in found:
        pair = Merging([pairs.asking[one].tokens], [pairs.attended[other].tokens])
        read = partial(_heads, pairs, pair, pairs.merging, effects)
        layers = [trace.layers[index] for index in trace.indices(pairs.site)]
        for of_layer in parallel_map(read, layers, tokens=len(pairs.asking)):
            heads += of_layer
    heads.sort(key=lambda head: -head.weight)
    pairs, one, other = next(at for at in found if at[0].site == heads[0].site)
    said, heard = pairs.asking[one], pairs.attended[other]
    if not any(head.weight for head in heads):
        raise InputError(
            f"No head gives any attention from {_quoted(said.text)} to {_quoted(heard.text)}: the "
            "model hides what comes later.",
            "Ask the other way round: the word that listens first, then the one it listens to.",
        )
    return AskedLink(said.text, heard.text, said.tokens[0], heard.tokens[0], tuple(heads))


def word_named(name: str, words: Sequence[Word]) -> int:
    """Return which of the words a name means: ``it``, or ``it:2`` for the second of its kind.

    Raises
    ------
    InputError
        When there is no such word, or more than one.
    """
    places = _spelt(name, words)
    numbered = re.fullmatch(r"(.+):(\d{1,9})", name, re.DOTALL)
    if not places and numbered:
        spelling, nth = numbered[1], int(numbered[2])
        places = _spelt(spelling, words)
        if places and not 0 < nth <= len(places):
            raise InputError(
                f"There is no {_quoted(name)}: {_quoted(spelling)} occurs {_times(len(places))}.",
                f"Use {_choices(spelling, len(places))}.",
            )
        places = places[nth - 1 : nth]
    if not places:
        there = list(dict.fromkeys(_quoted(word.text) for word in words))
        more = ", …" if len(there) > _NAMED else ""
        raise InputError(
            f"There is no word {_quoted(name)} in the text.",
            f"Its words are {', '.join(there[:_NAMED])}{more}.",
        )
    if len(places) > 1:
        raise InputError(
            f"{_quoted(name)} occurs {_times(len(places))}.",
            f"Say which: {_choices(name, len(places))}.",
        )
    return places[0]


def _spelt(name: str, words: Sequence[Word]) -> list[int]:
    """Return where a word stands as it is spelt, or, if nowhere, but for capitals."""
    exact = [place for place, word in enumerate(words) if word.text == name]
    folded = name.casefold()
    return exact or [place for place, word in enumerate(words) if word.text.casefold() == folded]


def _heads(
    pairs: Pairs,
    pair: Merging,
    merged: Merging,
    effects: dict[tuple[SiteName, int, int], float],
    layer: TracedLayer,
) -> list[HeadLink]:
    """Return what each head of a layer makes of two words, into which ``pair`` merges."""
    heads = []
    for head, weight in enumerate(pair(layer.attention)[:, 0, 0].tolist()):
        usual = pairs.usual(merged, layer.attention[head])
        at = (layer.site, layer.layer, head)
        heads.append(HeadLink(*at, weight, weight / usual if usual else None, effects.get(at)))
    return heads


def _effects(inspected: Inspected) -> dict[tuple[SiteName, int, int], float]:
    """Return the effect of every head of which it was measured."""
    measured = inspected.effects_measured
    if measured is None or measured.heads is None:
        return {}
    return {(one.site, one.layer, one.head): one.effect.size for one in measured.heads}


def _quoted(text: str) -> str:
    return f"“{visible(text)}”"


def _choices(name: str, count: int) -> str:
    return ", ".join(f"{visible(name)}:{nth}" for nth in range(1, min(count, _NAMED) + 1))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
