"""Encoder–decoders."""
