"""Somebody's text as a terminal can show it without obeying it."""

from __future__ import annotations

from collections.abc import Sequence


def layer_name(site: str, layer: int) -> str:
    """Name a layer, with its site where a model has several."""
    return f"layer {layer}" if site == "self" else f"{site} layer {layer}"


def head_name(site: str, layer: int, head: int, *, sentence: bool = False) -> str:
    """Name a head as a sentence does; with a capital where it begins one."""
    name = f"{layer_name(site, layer)}, head {head}"
    return name[0].upper() + name[1:] if sentence else name


def head_number(site: str, layer: int, head: int) -> str:
    """Name a head shortly, ``5.10``, with its site where a model has several."""
    return f"{'' if site == 'self' else f'{site} '}{layer}.{head}"


def precision(stored: Sequence[str], computing: str) -> str:
    """Say what weights are stored as and what a model was run in, as the end of a sentence."""
    return f"stored as {' and '.join(stored)}, computed in {computing}"


def visible(text: str) -> str:
    """Return text with every character that does not print written as an escape.

    Control characters move a cursor, and zero-width or direction-changing ones make a text look
    like another.
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
