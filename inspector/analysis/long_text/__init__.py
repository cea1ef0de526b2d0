"""Readings of a text too long for its attention to be kept."""
