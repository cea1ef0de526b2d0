"""The three words of the classroom's page are the bundled model's own."""

import numpy as np

from inspector.analogy.three_words import HEAD, LAYER, SENTENCE, WORDS, three_words


def test_the_words_are_what_the_model_holds_of_them(cat):
    layer = cat.rebuild.from_weights[LAYER]
    found = three_words("title", cat.trace.text, layer)
    at = [[token.text for token in cat.tokens].index(word) for word in WORDS]
    assert (found.sentence, found.words) == (SENTENCE, ("it", "cat", "mat"))
    # The layer's input, which this family's projections receive as it is.
    np.testing.assert_array_equal(found.states, cat.trace.layers[LAYER].hidden[at])
    model = cat.attention(LAYER, HEAD)
    np.testing.assert_allclose(found.weights, model[np.ix_(at, at)], atol=1e-5)
    # Among the three alone a row keeps its proportions.
    scores = found.query @ found.key.T / np.sqrt(found.query.shape[1])
    alone = np.exp(scores)
    alone /= alone.sum(axis=1, keepdims=True)
    part = model[np.ix_(at, at)]
    np.testing.assert_allclose(alone, part / part.sum(axis=1, keepdims=True), atol=1e-4)
