"""A model's folder looked over before transformers sees it: what is there, and whether it fits.

In the order in which a reader would ask: is it a model's folder at all, is everything there, is it
of a kind that is read here, is every file whole, do config and weights belong together, and are the
weights numbers. The first "no" is a sentence.
"""

from __future__ import annotations

from pathlib import Path

from inspector.checkpoint.agreement import hold
from inspector.checkpoint.config import ADAPTER_FILE, FILE, Config, read_config
from inspector.checkpoint.json_file import read_object, regular_size, unreadable
from inspector.checkpoint.weights import INDEX, SINGLE, Weights, read_weights, refuse_not_finite
from inspector.errors import ModelError
from inspector.record import record

#: Where sentence-transformers used to put the model itself, beside files of its own.
OLD_LAYOUT = "0_Transformer"
TOKENIZER_CONFIG = "tokenizer_config.json"

#: What a tokenizer may be read from.
TOKENIZERS = (
    "tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model",
    "sentencepiece.bpe.model", "spm.model", "source.spm", "sentencepiece.model",
)  # fmt: skip
#: Tokenizers that know bytes or characters only, and need no file.
_WITHOUT_FILE = ("ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer")
_WITHOUT_FILE_TYPES = ("canine", "perceiver")
_SAVE = "Save the model and its tokenizer there with save_pretrained()."


@record(frozen=True, slots=True)
class CheckpointFiles:
    """What a model's folder holds, checked: its config and its weights, not yet read."""

    folder: Path
    config: Config
    weights: Weights


def model_folder(folder: Path) -> Path:
    """Return the folder that holds the model itself: a part of it in an old layout."""
    inner = folder / OLD_LAYOUT
    return inner if not _holds_weights(folder) and (inner / FILE).is_file() else folder


def read_folder(folder: Path, *, published: bool = False) -> CheckpointFiles:
    """Look a model's folder over, and open its files.

    ``published`` says that the hash of the weights is known to be right: they are not gone through.

    Raises
    ------
    ModelError
        At the first thing that is missing, damaged, or of a kind that is not read.
    """
    _refuse_other_kinds(folder)
    if not (folder / FILE).exists():
        raise ModelError(f"The model folder {folder} has no {FILE}.", _SAVE)
    config = read_config(folder)
    if not _holds_weights(folder):
        raise ModelError(
            f"The model folder {folder} has no safetensors weights: looked for {SINGLE} and "
            f"{INDEX}.",
            'Save them so: model.save_pretrained("folder"), which writes safetensors.',
        )
    _check_tokenizer(folder, config)
    weights = read_weights(folder)
    hold(config, weights.entries)
    if not published:
        refuse_not_finite(weights)
    return CheckpointFiles(folder, config, weights)


def damaged_json(folder: Path) -> ModelError | None:
    """Return what is wrong with the first damaged JSON file of a folder, or None.

    Asked when transformers could not read the folder: most of these files only it reads.
    """
    for path in sorted(folder.glob("*.json")):
        try:
            read_object(path)
        except ModelError as error:
            return error
    return None


def _refuse_other_kinds(folder: Path) -> None:
    try:
        names = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise unreadable(folder, error) from error
    if ADAPTER_FILE in names:
        raise ModelError(
            f"The folder {folder} holds an adapter ({ADAPTER_FILE}), which changes the weights of "
            "its base model; it is merged only into a whole model, and only from a local folder.",
            "Give a folder with --model; an adapter of an adapter, or one of the hub that is not "
            "downloaded, is first to be merged with merge_and_unload() of peft.",
        )
    gguf = sorted(name for name in names if name.lower().endswith(".gguf"))
    if gguf and not _holds_weights(folder):
        raise ModelError(
            f"The model folder {folder} holds its weights as a GGUF file.",
            f"With --model give the file itself, {folder / gguf[0]}.",
        )


def _holds_weights(folder: Path) -> bool:
    return any((folder / name).exists() for name in (SINGLE, INDEX))


def _check_tokenizer(folder: Path, config: Config) -> None:
    said = {}
    if (folder / TOKENIZER_CONFIG).exists():
        said = read_object(folder / TOKENIZER_CONFIG)
        longest = said.get("model_max_length")
        if longest is not None and (
            isinstance(longest, bool) or not isinstance(longest, int | float)
        ):
            found = Config(folder / TOKENIZER_CONFIG, config.model_type, said)
            raise found.wrong("model_max_length", "and it is a number")
    found_names = [name for name in TOKENIZERS if (folder / name).exists()]
    for name in found_names:
        regular_size(folder / name)
    kind = said.get("tokenizer_class") or config.values.get("tokenizer_class")
    needs_none = kind in _WITHOUT_FILE or config.model_type in _WITHOUT_FILE_TYPES
    if not found_names and not needs_none:
        raise ModelError(
            f"The model folder {folder} has no tokenizer: looked for {', '.join(TOKENIZERS)}.",
            _SAVE,
        )
