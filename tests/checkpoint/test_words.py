"""Words of many scripts, written down by hand, from tokenizers of every kind."""

from __future__ import annotations

import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest
from small_tokenizers import kinds, wrapped
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import ByT5Tokenizer, CanineTokenizer

from inspector.analysis.links import words
from inspector.checkpoint.pieces import place_pieces, read_entry
from inspector.checkpoint.words import find_words
from inspector.records import Text
from inspector.referee.encoding import encode_many
from inspector.referee.text import encode

NFD = unicodedata.normalize("NFD", "Tiếng Việt rất hay")
#: A text, and its words as a person who reads the script marks them; scripts without spaces by
#: character, marks with their letter, punctuation apart.
TABLE = {
    "Latin": (
        "Don’t stop: l'été, a well-known “3.14” re-run.",
        "Don’t stop : l'été , a well - known “ 3.14 ” re - run .",
    ),
    "Latin, NFD": ("un cafe\u0301 nai\u0308f, e\u0301", "un cafe\u0301 nai\u0308f , e\u0301"),
    "Greek": ("ἐν ἀρχῇ ἦν ὁ λόγος.", "ἐν ἀρχῇ ἦν ὁ λόγος ."),
    "Cyrillic": ("Кошка сидела, й ё.", "Кошка сидела , й ё ."),
    "Hebrew": ('שלום, צה"ל בָּא', 'שלום , צה"ל בָּא'),
    "Arabic": ("مَرْحَبًا بالعالم؟", "مَرْحَبًا بالعالم ؟"),
    "Devanagari": ("नमस्ते दुनिया। हिन्दी", "नमस्ते दुनिया । हिन्दी"),
    "Thai": ("ฉันรักน้ำ", "ฉั น รั ก น้ำ"),
    "Chinese": ("我喜欢猫，你呢？", "我 喜 欢 猫 ， 你 呢 ？"),
    "Japanese": ("猫がマットに座った。", "猫 が マット に 座 っ た 。"),
    "Korean": ("고양이가 매트 위에!", "고양이가 매트 위에 !"),
    "emoji": ("hi 👩‍👩‍👧🏳️‍🌈 👍🏽🇩🇪🇫🇷", "hi 👩‍👩‍👧 🏳️‍🌈 👍🏽 🇩🇪 🇫🇷"),
    "Vietnamese, NFD": (NFD, NFD),
    "equation": ("x=3y+2.5*(z-1)", "x = 3y + 2.5 * ( z - 1 )"),
    "lines": ("two\nlines,\n\n\tand  gaps ", "two lines , and gaps"),
    # Nobody else's: a script that the annex parts by character, and one that it does not.
    "Lao and Georgian": ("ນ້ຳ გამარჯობა!", "ນ້ຳ გამარჯობა !"),
}
KINDS = kinds([text for text, _ in TABLE.values()])
CONFIG = SimpleNamespace(model_type="made", type_vocab_size=2)


def read(kind: str, text: str, pair: str | None = None) -> Text:
    return encode(text, pair, KINDS[kind], CONFIG, truncate=False)


def spelt(text: Text) -> list[str]:
    """The words of a text; what is white space, or stands nowhere, is none."""
    content = (text.words >= 0).tolist()
    return [word.text for word in words(text) if content[word.tokens[0]]]


@pytest.mark.parametrize("script", TABLE)
@pytest.mark.parametrize("kind", KINDS)
def test_words_are_those_of_the_text(kind: str, script: str) -> None:
    text, expected = TABLE[script]
    assert spelt(read(kind, text)) == expected.split()
    (batched,) = encode_many(KINDS[kind], [text], limit=None, truncate=False)
    assert spelt(batched) == expected.split()


@pytest.mark.parametrize("script", TABLE)
@pytest.mark.parametrize("slow", [ByT5Tokenizer(), CanineTokenizer()])
def test_models_of_bytes_and_characters_have_words_too(slow: object, script: str) -> None:
    text, expected = TABLE[script]
    assert spelt(encode(text, None, slow, CONFIG, truncate=False)) == expected.split()
    (batched,) = encode_many(slow, [text], limit=None, truncate=False)
    assert spelt(batched) == expected.split()


def test_a_slow_tokenizer_reads_pairs_and_cut_texts() -> None:
    found = encode("ab 我", "c dé", ByT5Tokenizer(), CONFIG, truncate=False)
    assert spelt(found) == ["ab", "我", "c", "dé"]
    assert found.segments.tolist() == [0] * 7 + [1] * 6
    cut = encode("我你", None, ByT5Tokenizer(model_max_length=5), CONFIG, truncate=True)
    assert cut.spans.tolist() == [[0, 1]] * 3 + [[1, 2], [-1, -1]]


@pytest.mark.parametrize(
    ("pieces", "numbers"),
    [
        (["▁un", "tie", "▁kn", "ot"], [0, 0, 1, 1]),
        (["un", "##tie", "kn", "##ot"], [0, 0, 1, 1]),
        (["un", "tie</w>", "kn", "ot</w>"], [0, 0, 1, 1]),
        (["un@@", "tie", "kn@@", "ot"], [0, 0, 1, 1]),
        (["un", "tie", "kn", "ot"], [-1, -1, -1, -1]),
    ],
)
def test_pieces_that_stand_nowhere_are_grouped_by_their_names(
    pieces: list[str], numbers: list[int]
) -> None:
    found = place_pieces(["a text of other words"], pieces, [0] * 4, [False] * 4, None)
    assert found.words.tolist() == numbers
    assert (found.spans == -1).all()
    # Found in the text, they are its words whatever their names and case.
    found = place_pieces(
        ["Untie, KNÓT"], [*pieces[:2], ",", *pieces[2:]], [0] * 5, [False] * 5, None
    )
    assert found.words.tolist() == [0, 0, 1, 2, 2]
    assert found.spans.tolist() == [[0, 2], [2, 5], [5, 6], [7, 9], [9, 11]]


def test_a_piece_that_reaches_over_words_makes_them_one() -> None:
    scored = [("<unk>", 0.0), *((letter, -9.0) for letter in "▁thecatssmo.")]
    made = Tokenizer(models.Unigram([*scored, ("▁the▁cat", -1.0), ("t.", -1.0)], unk_id=0))
    made.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    found = encode("the cats sat. so", None, wrapped(made), CONFIG, truncate=False)
    assert found.pieces[:2] == ("▁the▁cat", "s")
    assert spelt(found) == ["the cats", "sat.", "so"]
    both = place_pieces(
        ["ab cd ef"], "wxyz", [0] * 4, [False] * 4, [(0, 1), (1, 4), (4, 5), (6, 8)]
    )
    assert both.words.tolist() == [0, 0, 0, 1]


def test_a_pairs_words_are_counted_on() -> None:
    found = read("WordPiece", "re-run", "hi hi")
    assert [w for w in dict.fromkeys(found.words.tolist()) if w >= 0] == [0, 1, 2, 3, 4]
    assert found.words[found.segments == 1].max() == 4


@pytest.mark.parametrize("kind", KINDS)
def test_words_that_are_given_are_read_as_plain_text_is(kind: str) -> None:
    """The tree's words, the text's pieces: no space is put in twice."""
    given = ["the", "cat", "do", "n't", "Ho\u0302 Chi\u0301", "."]
    tokenizer = kinds([*(text for text, _ in TABLE.values()), *given])[kind]
    (plain,) = encode_many(tokenizer, [" ".join(given)], limit=None, truncate=False)
    (tree,) = encode_many(tokenizer, [given], limit=None, truncate=False)
    assert tree.pieces == plain.pieces
    of = [
        "".join(tree.text[a:b] for a, b in np.unique(tree.spans[tree.words == at], axis=0))
        for at in range(len(given))
    ]
    assert [one.replace(" ", "") for one in of] == [one.replace(" ", "") for one in given]


def test_nothing_is_white_space_or_lost() -> None:
    for text, _ in TABLE.values():
        found = find_words(text)
        kept = "".join(text[start:end] for start, end in found)
        assert kept == "".join(c for c in text if not c.isspace())
    assert find_words("") == []
    assert find_words("ab", [1]) == [(0, 1), (1, 2)]


# --- pieces as text -------------------------------------------------------------------------


def test_pieces_read_as_their_text() -> None:
    found = read("byte-level BPE", "Don’t 我")
    assert found.pieces[-3:] == ("æ", "Ī", "ĳ")
    assert "|".join(found.shown) == "D|o|n|’ 1/3|’ 2/3|’ 3/3|t| |我 1/3|我 2/3|我 3/3"
    assert read("WordPiece", "Hi été").shown == ("[CLS]", "H", "i", "é", "t", "é", "[SEP]")
    bytes_of_one = read("SentencePiece BPE", "hi 鬱")
    assert bytes_of_one.pieces[-1] == "<0xB1>"
    assert "|".join(bytes_of_one.shown) == "<s>| |h|i| |鬱 1/3|鬱 2/3|鬱 3/3"
    assert read("byte-level BPE", "e\u0301\n").shown == ("e", "◌\u0301 1/2", "◌\u0301 2/2", "\n")


def test_a_piece_of_two_characters_parts_says_so() -> None:
    found = place_pieces(
        ["我你"], ["a", "b", "c"], [0, 0, 0], [False] * 3, [(0, 1), (0, 2), (1, 2)]
    )
    text = Text(
        text="我你",
        ids=np.arange(3),
        pieces=("a", "b", "c"),
        words=found.words,
        spans=found.spans,
        segments=np.zeros(3, dtype=np.int64),
        special=np.zeros(3, dtype=np.bool_),
    )
    assert text.shown == ("我 1/2", "我 2/2 你 1/2", "你 2/2")
    assert found.words.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("piece", "decoded", "shown"),
    [
        ("æĪ", "�", "0xE6 0x88"),
        ("Ġæ", " �", "0xE6"),
        ("<0xE6>", "�", "0xE6"),
        ("\xe6", "", "0xE6"),
        ("Ġcat", " cat", " cat"),
        ("▁cat", "cat", "cat"),
        ("ï¿½", "�", "�"),
        ("", "", ""),
    ],
)
def test_candidates_that_are_part_of_a_character(piece: str, decoded: str, shown: str) -> None:
    assert read_entry(piece, decoded) == shown


# --- special --------------------------------------------------------------------------------


def test_special_is_what_the_vocabulary_calls_special() -> None:
    found = read("WordPiece", "hi [SEP] hi [MASK] [UNK]")
    assert [p for p, s in zip(found.pieces, found.special, strict=True) if s] == [
        "[CLS]",
        "[SEP]",
        "[SEP]",
    ]
    assert found.spans[found.special].tolist() == [[-1, -1], [3, 8], [-1, -1]]
    assert found.separator == len(found) - 1
    chat = read("SentencePiece BPE", "<s>hi</s>hi")
    assert chat.special.tolist()[:2] == [True, True]
    assert spelt(chat) == ["hi", "hi"]
    # A special token ends the word before it, whatever it is made of.
    around = place_pieces(
        ["abXcd"], ["ab", "X", "cd"], [0] * 3, [False, True, False], [(0, 2), (2, 3), (3, 5)]
    )
    assert around.words.tolist() == [0, -1, 1]
    (batched,) = encode_many(KINDS["WordPiece"], ["hi [SEP] a"], limit=None, truncate=False)
    assert batched.special.tolist() == [True, False, False, True, False, True]
