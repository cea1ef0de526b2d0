"""Encoders: every token attends to every other."""
