"""The model families as data: where each keeps its attention and how it computes it."""
