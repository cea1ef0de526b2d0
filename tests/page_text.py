"""What a page's blobs say, read by Python's own Ascii85 in another alphabet."""

import base64
import zlib

_OURS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%()*+,-./:;=?@[]^_{|}"
_THEIRS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"


def bytes_of(text: str) -> bytes:
    """The bytes that a page's text stands for."""
    return base64.b85decode(text.translate(str.maketrans(_OURS, _THEIRS)))


def unpacked(text: str) -> bytes:
    """The same, inflated."""
    return zlib.decompress(bytes_of(text), wbits=-15)
