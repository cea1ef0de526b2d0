"""Decoders that are not built as Llama is."""
