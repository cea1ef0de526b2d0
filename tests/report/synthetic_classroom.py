"""Three words of a sentence, with random numbers of their own."""

import numpy as np

from inspector.analogy.three_words import ThreeWords


def three_words(seed=3):
    random = np.random.default_rng(seed)
    return ThreeWords(
        sentence="The cat sat",
        model="a model",
        layer=3,
        head=1,
        words=("it", "cat", "mat"),
        states=(random.normal(size=(3, 40)) * 2).astype(np.float32),
        query=random.normal(size=(3, 8)).astype(np.float32),
        key=random.normal(size=(3, 8)).astype(np.float32),
        weights=np.full((3, 3), 0.25, np.float32),
    )
