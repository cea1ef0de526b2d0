"""Where a model's name leads and what may be read there: no torch, no transformers."""
