"""Three words of a real sentence as a class of three: the bridge from the classroom to the ladder.

Their cards are what a layer's projections receive, X, and then what one head's queries ask for and
its keys offer: the rungs ``softmax``, ``scaled`` and ``heads`` on three words alone. With three
columns instead of all a row's weights keep their proportions and add up to 1.
"""

from __future__ import annotations

from inspector.record import record
from inspector.records import Array, RebuiltLayer, Text

#: The sentence of the documentation; who asks stands first among the words.
SENTENCE = "The cat sat on the mat because it was tired"
WORDS = ("it", "cat", "mat")
#: Of the bundled model: “it” gives half of its attention to “cat” there.
LAYER = 3
HEAD = 1


@record(frozen=True, slots=True)
class ThreeWords:
    """Three words of a sentence, as one layer and one head of a model see them."""

    sentence: str
    model: str
    layer: int
    head: int
    words: tuple[str, ...]
    #: (3, D) X: what the layer's projections receive.
    states: Array
    #: (3, d) each: what the head's queries ask for, and what its keys offer.
    query: Array
    key: Array
    #: (3, 3) what the head gives each of them, among all tokens of the sentence.
    weights: Array


def three_words(model: str, text: Text, layer: RebuiltLayer) -> ThreeWords:
    """Take the three words out of the layer, rebuilt on ``SENTENCE``.

    Raises
    ------
    ValueError
        When the model's tokenizer has no piece for one of the words.
    """
    at = [text.pieces.index(word) for word in WORDS]
    return ThreeWords(
        sentence=text.text,
        model=model,
        layer=LAYER,
        head=HEAD,
        words=WORDS,
        states=layer.states[at],
        query=layer.query[HEAD, at],
        key=layer.key[HEAD, at],
        weights=layer.attention[HEAD][at][:, at],
    )
