"""Sentences that nobody writes: every script, markup, controls, marks without letters, and lengths.

Each goes through the whole program with one of four kinds of tokenizer. It must end verified; with
a page in which no script and no element is that a harmless sentence has not; with JSON that is
valid. Or it is refused, where there is a reason to.
"""

from __future__ import annotations

import json
import random
import unicodedata
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from hostile.judging import wrong_changes, wrong_end, wrong_json
from hostile.kind import Thing
from hostile.models import READERS, WINDOW
from hostile.program import End, look, run

NAME = "sentences"
FEW = 20
MANY = 500

_PIECES = [
    "the cat", "it's", "don't—stop", "naïve café", "e\u0301a\u0327\u0308", "Tiê\u0301ng Viê\u0323t",
    "我们今天去公园", "東京に行きます", "ภาษาไทยไม่มีช่องว่าง", "हिन्दी में क्षत्रिय", "தமிழ்", "שָׁלוֹם עולם",
    "مرحبا بالعالم", "\u202eabc\u202c", "👩‍👩‍👧‍👦", "🏳️‍🌈🇩🇪", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ﷺ", "ǅ ﬁ ß İ ı", "\u200b",
    "\u200d", "\ufeff", "a\u00adb", "\x00", "\x07", "\x1b[2J\x1b[31m", "\x1b]0;title\x07", "\r",
    "\n", "\n\n", "\t", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\ufffd", "\uffff",
    "\U0010ffff", "\ue000", "\u0301", "\u20dd", "</script>", "<script>alert(1)</script>", "<!--",
    "<!--<script>", "-->", "]]>", "<![CDATA[", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "\"><b>", "'><b>", "&lt;b&gt;", "&#60;b>", "javascript:alert(1)",
    "{{7*7}}", "{% raw %}", "${7*7}", "</title>", "</textarea>", "<style>", "[CLS]", "[SEP]",
    "[MASK]", "[PAD]", "[UNK]", "<s>", "</s>", "<pad>", "<|endoftext|>", "<0x0A>", "▁", "Ġ",
    "##ing", "[bold red]", "[/]", "[link=file:///]", "%s%n", "$HOME", "`id`", "\\", "\\u0000",
    "\\x", "NaN", "Infinity", "null", "__proto__", "constructor", "1e309", "-0.0", "0x1F",
    "3.14159", "x=y+z*2", "http://example.org/?a=b&c=d#e", "a@b.c", "C:\\x", "/etc/passwd",
    "--json", "-", ".", "…", "!?", "“quoted”", "‘’", "a.b.c", "U.S.A.", "'", '"', "word" * 30,
    "a" * 200, "ß" * 70, "我" * 70,
]  # fmt: skip
_BETWEEN = ["", " ", " ", " ", "  ", "\n", "\t", "\u00a0", "\u3000", "."]
#: What a page says that has no sentence of anybody in it.
_HARMLESS = "the cat sat on the mat"


@dataclass
class Sentence(Thing):
    """A sentence, and how the program is asked about it."""

    text: str
    model: Path
    options: tuple[str, ...]


def make(seed: int, place: Path, good: Path) -> Sentence:
    """Put a sentence together from pieces and characters, chosen by ``seed``."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret with it
    text = ""
    for _ in range(chance.choice([1, 1, 2, 3, 4, 6, 9])):
        part = _PIECES if chance.random() < 0.8 else [_characters(chance)]
        text += chance.choice(part) + chance.choice(_BETWEEN)
    if chance.random() < 0.03:
        # What a shell makes of bytes that are no UTF-8.
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(["\udcff", "\ud800", "\udce9"]) + text[at:]
    options = ["--truncate"] * (chance.random() < 0.6) + ["--pieces"] * (chance.random() < 0.2)
    options += ["--json"] * (chance.random() < 0.5)
    reader = chance.choice(READERS)
    return Sentence(f"{reader} {options} {text!r}", place, text, good / reader, tuple(options))


def judge(sentence: Sentence) -> str | None:
    """Inspect it."""
    here = sentence.place / "here"
    here.mkdir()
    end = run(_arguments(sentence.text, sentence.model, sentence.options), here)
    wrong = wrong_end(end, _codes(sentence)) or wrong_changes(
        {}, look(here), {"attention.html"} if end.code == 0 else set()
    )
    if wrong is None and end.code == 0:
        return _wrong_result(sentence, end, (here / "attention.html").read_text("utf-8"))
    return wrong or ("something was printed" if end.out else None)


def _arguments(text: str, model: Path, options: tuple[str, ...]) -> list[str]:
    return ["show", "--model", str(model), *options, "--", text]


def _characters(chance: random.Random) -> str:
    """A few characters out of all that Unicode has, or out of one of its blocks."""
    first = chance.randrange(0x20, chance.choice([0x3000, 0x3000, 0x2_0000, 0x11_0000]))
    last = chance.choice([first + 128, 0x11_0000])
    found = (chr(chance.randrange(first, last)) for _ in range(chance.randint(1, 8)))
    return "".join(c for c in found if c <= "\U0010ffff" and not "\ud800" <= c <= "\udfff")


def _codes(sentence: Sentence) -> set[int]:
    """Say which ends are right, by the text alone."""
    text = sentence.text
    if not text.strip() or any("\ud800" <= c <= "\udfff" for c in text):
        return {2}
    # A token is a byte at the least, once a tokenizer has normalised the text; four are special.
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", text))
    fits = max(len(normal.encode()), len(text.encode())) * 3 < WINDOW - 4
    seen = any(unicodedata.category(c)[0] in "LNPS" for c in text)
    return {0} if seen and (fits or "--truncate" in sentence.options) else {0, 2}


def _wrong_result(sentence: Sentence, end: End, page: str) -> str | None:
    if "--json" in sentence.options:
        wrong = wrong_json(end.out)
        if wrong is not None:
            return wrong
        verdict = json.loads(end.out)["verification"]["verdict"]
        if verdict not in ("verified", "rounding"):
            return f"the verdict is {verdict}"
    elif "verified" not in end.out and "rounding" not in end.out:
        return "nothing says that it is verified"
    return _wrong_page(_Elements(page), _harmless(sentence.model, "--pieces" in sentence.options))


class _Elements(HTMLParser):
    """What a browser would find in a page: its elements, its scripts, its data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.scripts: list[str] = []
        self.data: list[tuple[str, str]] = []
        self._now: dict[str, str | None] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(sorted(name for name, _ in attrs))))
        if tag == "script":
            self._now = dict(attrs)
            self._body = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._now is not None:
            kind = self._now.get("type")
            if kind is None or self._now.get("id") == "script":
                self.scripts.append(self._body)
            else:
                self.data.append((kind, self._body))
            self._now = None

    def handle_data(self, data: str) -> None:
        if self._now is not None:
            self._body += data


def _wrong_page(page: _Elements, harmless: _Elements) -> str | None:
    if page.scripts != harmless.scripts:
        return "a script got into the page"
    if more := page.elements - harmless.elements:
        return f"elements got into the page: {sorted(more)}"
    if any("<" in body for _, body in page.data):
        return "the page's data hold what may end them"
    headers = [body for kind, body in page.data if kind == "application/json"]
    if len(headers) != 1:
        return f"the page has {len(headers)} headers"
    return wrong_json(headers[0] + "\n")


@cache
def _harmless(model: Path, pieces: bool) -> _Elements:
    """Return the page of a harmless sentence with the same model."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as made:
        here = Path(made) / "here"
        here.mkdir()
        options: Any = ("--pieces",) if pieces else ()
        end = run(_arguments(_HARMLESS, model, options), here)
        assert end.code == 0, end.err
        return _Elements((here / "attention.html").read_text("utf-8"))
