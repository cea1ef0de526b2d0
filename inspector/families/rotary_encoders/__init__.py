"""Encoders, and a decoder built as one is, whose positions turn queries and keys."""
