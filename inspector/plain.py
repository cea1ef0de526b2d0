"""Somebody's text as a terminal can show it without obeying it."""

from __future__ import annotations


def layer_name(site: str, layer: int) -> str:
    """Name a layer, with its site where a model has several."""
    return f"layer {layer}" if site == "self" else f"{site} layer {layer}"


def visible(text: str) -> str:
    """Return text with every character that does not print written as an escape.

    Control characters move a cursor, and zero-width or direction-changing ones make a text look
    like another.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
