"""The model families as data: where each keeps its attention and which dialect it speaks."""
