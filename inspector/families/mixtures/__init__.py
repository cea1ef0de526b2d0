"""Decoders whose feed-forwards are mixtures of experts."""
