"""Bytes as text that a page can carry: five characters for four bytes, where base64 takes 5⅓.

As Ascii85 groups them (Adobe, PostScript Language Reference, 3.13.3), without its special cases
and with characters that mean nothing in HTML, in an attribute or in a JavaScript string.
``assets/shared/base85.js`` reads it.
"""

from __future__ import annotations

import numpy as np

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%()*+,-./:;=?@[]^_{|}"

_CHARACTERS = np.frombuffer(ALPHABET.encode(), np.uint8)


def encode(data: bytes) -> str:
    """Return the text for some bytes: the last few, n of them, become n + 1 characters."""
    spare = -len(data) % 4
    words = np.frombuffer(data + bytes(spare), ">u4").astype(np.uint32)
    text = np.empty((len(words), 5), np.uint8)
    for place in range(4, -1, -1):
        words, digit = np.divmod(words, np.uint32(85))
        text[:, place] = _CHARACTERS[digit]
    whole = text.tobytes()
    return whole[: len(whole) - spare].decode("ascii")
