"""Encoders that are not built as BERT is, or place their words otherwise."""
