"""Between which tokens a model writes: where a text begins and ends, and how much of it fits."""

from __future__ import annotations

from inspector.checkpoint.json_file import read_object
from inspector.errors import InputError, ModelError
from inspector.record import record
from inspector.records import Checkpoint, Text, Token
from inspector.writing.letters import Vocabulary

FILE = "generation_config.json"


@record(frozen=True, slots=True)
class Edges:
    """The entries of the vocabulary between which a model writes."""

    #: Behind any of these a text is over.
    ends: tuple[int, ...]
    #: What the decoder of an encoder–decoder reads first; None where the files do not say.
    begins: int | None


def read_edges(checkpoint: Checkpoint) -> Edges:
    """Return where a checkpoint begins and ends what it writes: generation_config.json first.

    Raises
    ------
    ModelError
        When that file cannot be read, or gives anything but entries of the vocabulary.
    """
    path = None if checkpoint.folder is None else checkpoint.folder / FILE
    said = read_object(path) if path is not None and path.exists() else {}

    def entries(name: str) -> tuple[int, ...]:
        found = said.get(name)
        if found is None:
            found = getattr(checkpoint.config, name, None)
        several = found if isinstance(found, list) else [] if found is None else [found]
        if not all(isinstance(entry, int) and not isinstance(entry, bool) for entry in several):
            raise ModelError(
                f"The {name} of {checkpoint.title} is {found!r}, and it is a number or several.",
                f"Correct it in {FILE} or config.json.",
            )
        return tuple(several)

    begins = entries("decoder_start_token_id") or entries("bos_token_id")
    return Edges(entries("eos_token_id"), begins[0] if begins else None)


def beginning(checkpoint: Checkpoint, vocabulary: Vocabulary) -> Text:
    """Return what a decoder reads before it has written anything: one token.

    Raises
    ------
    ModelError
        When the files do not say which.
    """
    begins = read_edges(checkpoint).begins
    piece = None if begins is None else vocabulary.piece(begins)
    if begins is None or piece is None:
        raise ModelError(
            f"The files of {checkpoint.title} do not say with which token its decoder begins.",
            f"Put decoder_start_token_id into its {FILE}, or give a beginning with --target.",
        )
    return Text.of((Token(begins, piece, word=None, special=True, segment=0, span=None),), "")


def refuse_window(text: Text, what: str, tokens: int, window: int | None) -> None:
    """Refuse to write more than fits behind a text.

    Raises
    ------
    InputError
        When the text and what is written would be longer than the model's window.
    """
    if window is None or len(text) + tokens <= window:
        return
    room = window - len(text)
    raise InputError(
        f"The {what} has {len(text)} tokens and {window} fit into the model: {tokens} more do not.",
        f"Use --generate {room} at most." if room > 0 else f"Shorten the {what}.",
    )


def refuse_padding(text: Text, checkpoint: Checkpoint) -> None:
    """Refuse to write behind a padding token where places are counted among the words.

    Such a token takes no place while a text is read at once, and takes one in transformers' own
    ``generate``, which reads a token at a time: what comes behind it has two answers.

    Raises
    ------
    ModelError
        When the text has one.
    """
    model = checkpoint.model
    if model is None:
        return
    tables = (model.decoder or model.stack).embeddings
    if tables.counted == "ids" and (text.ids == tables.padding).any():
        raise ModelError(
            f"What {checkpoint.title} writes behind its padding token, {tables.padding}, has two "
            "answers: the places of the words behind it are counted in two ways.",
            "Begin with another token: decoder_start_token_id in its config.json says which.",
        )
