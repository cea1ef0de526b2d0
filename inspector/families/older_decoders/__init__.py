"""Decoders of the years before Llama's manner became everyone's, each built in its own."""
