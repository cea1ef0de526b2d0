"""A small treebank made by hand, whole and damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.corpus.treebank.conllu import (
    ROOT,
    BrokenSentence,
    TreebankSentence,
    parse_conllu,
)
from inspector.errors import InputError

TREEBANK = Path(__file__).with_name("treebank.conllu")
#: One good sentence before and one after the damaged one, which begins on line 5.
BEFORE = b"1\tOne\t_\t_\t_\t_\t0\troot\t_\t_\n2\t.\t_\t_\t_\t_\t1\tpunct\t_\t_\n\n\n"
GOOD = [
    b"1\tAnn\t_\t_\t_\t_\t2\tnsubj\t_\t_",
    b"2\tsees\t_\t_\t_\t_\t0\troot\t_\t_",
    b"3\tBob\t_\t_\t_\t_\t2\tobj\t_\t_",
]


def damaged(line: int, new: bytes) -> bytes:
    return BEFORE + b"\n".join([*GOOD[:line], new, *GOOD[line + 1 :]]) + b"\n\n" + BEFORE


def read(data: bytes, *, strict: bool = False) -> list[TreebankSentence | BrokenSentence]:
    return list(parse_conllu(iter(data.splitlines(keepends=True)), "f.conllu", strict=strict))


def test_the_hand_made_treebank_is_read_as_it_was_meant() -> None:
    sentences = read(TREEBANK.read_bytes(), strict=True)
    assert sentences[0] == TreebankSentence(
        row=0,
        line=1,
        text="The tired cat sleeps.",
        words=("The", "tired", "cat", "sleeps", "."),
        heads=(2, 2, 3, ROOT, 3),
        relations=("det", "amod", "nsubj", "root", "punct"),
    )
    assert [sentence.line for sentence in sentences] == [1, 9, 18, 28, 31, 43]
    assert [sentence.row for sentence in sentences] == [0, 1, 2, 3, 4, 5]


def test_multiword_tokens_and_empty_nodes_are_no_words() -> None:
    sentences = read(TREEBANK.read_bytes(), strict=True)
    assert isinstance(sentences[1], TreebankSentence)
    assert sentences[1].words == ("Do", "n't", "feed", "the", "cat")
    assert sentences[1].heads == (2, 2, ROOT, 4, 2)
    assert isinstance(sentences[2], TreebankSentence)
    assert sentences[2].words == ("Ann", "sees", "Bob", "and", "Eve", "Joe")
    assert sentences[2].heads == (1, ROOT, 1, 4, 1, 4)


def test_line_ends_a_byte_order_mark_and_a_missing_last_line_change_nothing() -> None:
    data = TREEBANK.read_bytes()
    expected = read(data, strict=True)
    assert read(data.replace(b"\n", b"\r\n"), strict=True) == expected
    assert read(b"\xef\xbb\xbf" + data, strict=True) == expected
    assert read(data.rstrip(b"\n"), strict=True) == expected


def test_a_sentence_without_text_says_none() -> None:
    assert [
        sentence.text for sentence in read(BEFORE) if isinstance(sentence, TreebankSentence)
    ] == [None]


def test_two_roots_are_a_forest_and_are_read() -> None:
    first, *_ = read(GOOD[0].replace(b"\t2\t", b"\t0\t") + b"\n" + GOOD[1])
    assert isinstance(first, TreebankSentence)
    assert first.heads == (ROOT, ROOT)


def test_no_more_of_a_file_is_read_than_the_sentence_needs() -> None:
    taken = []

    def lines() -> Iterator[bytes]:
        for line in TREEBANK.read_bytes().splitlines(keepends=True):
            taken.append(line)
            yield line

    next(parse_conllu(lines(), "f.conllu", strict=True))
    assert len(taken) == 8


@pytest.mark.parametrize(
    ("line", "new", "at", "reason"),
    [
        (2, b"3\tBob\t_\t_\t_\t_\t2\tobj\t_", 7, "it has 9 columns, not 10"),
        (0, b"Ann", 5, "it has one column, not 10"),
        (0, b"1 Ann _ _ _ _ 2 nsubj _ _", 5, "it has one column, not 10"),
        (1, b"3\tsees\t_\t_\t_\t_\t0\troot\t_\t_", 6, "the word's number is “3”, not 2"),
        (2, b"1\tBob\t_\t_\t_\t_\t2\tobj\t_\t_", 7, "the word's number is “1”, not 3"),
        (1, b"02\tsees\t_\t_\t_\t_\t0\troot\t_\t_", 6, "the word's number is “02”, not 2"),
        (1, b"2\t\t_\t_\t_\t_\t0\troot\t_\t_", 6, "the word has no form"),
        (0, b"1\tAnn\t_\t_\t_\t_\t_\tnsubj\t_\t_", 5, "the head is “_”, not a number"),
        (0, b"1\tAnn\t_\t_\t_\t_\t-1\tnsubj\t_\t_", 5, "the head is “-1”, not a number"),
        (0, b"1\tAnn\t_\t_\t_\t_\t2.5\tnsubj\t_\t_", 5, "the head is “2.5”, not a number"),
        ("0", "٢".encode(), 5, "the head is “٢”, not a number"),
        (0, b"1\tAnn\t_\t_\t_\t_\t4\tnsubj\t_\t_", 5, "the head is “4”, and the last word is"),
        ("0", b"9" * 5000, 5, "the head is “9999999999999999999…”, and the last word is number 3"),
        (0, b"1\tAnn\t_\t_\t_\t_\t2\t_\t_\t_", 5, "the word has no relation"),
        (0, b"1\tAnn\t_\t_\t_\t_\t2\t\t_\t_", 5, "the word has no relation"),
        (0, b"1\tAnn\t_\t_\t_\t_\t1\tnsubj\t_\t_", 5, "the heads from this word on lead in a"),
        (1, b"2\tsees\t_\t_\t_\t_\t3\troot\t_\t_", 5, "the heads from this word on lead in a"),
        (2, b"3\tB\xffob\t_\t_\t_\t_\t2\tobj\t_\t_", 7, "it is not valid UTF-8 at byte 3"),
        (2, b"# text = B\xffob", 7, "it is not valid UTF-8 at byte 10"),
        (0, b"1\tA\t_\t_\t_\t_\t\x1b[31m\tnsubj\t_\t_", 5, r"the head is “\x1b[31m”, not a number"),
    ],
)
def test_a_broken_sentence_is_named_and_the_others_are_read(
    line: int | str, new: bytes, at: int, reason: str
) -> None:
    # A number as text: only the head is replaced.
    whole = new if isinstance(line, int) else GOOD[0].replace(b"\t2\t", b"\t" + new + b"\t")
    data = damaged(int(line), whole)
    before, broken, after = read(data)
    assert isinstance(before, TreebankSentence)
    assert isinstance(after, TreebankSentence)
    assert (before.row, after.row) == (0, 2)
    assert isinstance(broken, BrokenSentence)
    assert (broken.row, broken.line) == (1, at)
    assert broken.reason.startswith(reason)
    with pytest.raises(InputError) as error:
        read(data, strict=True)
    assert error.value.message == f"f.conllu, line {at}: {broken.reason}."


def test_comments_without_a_word_are_no_sentence() -> None:
    assert read(b"# newdoc\n\n" + BEFORE)[0] == BrokenSentence(
        0, 1, "there is no word in the sentence"
    )
