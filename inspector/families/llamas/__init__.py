"""Llama, and the decoders that have taken over how it is built."""
