"""In plain words why transformers could not read, build or run a model.

What can be checked is checked before, in ``checkpoint/``, and says what is wrong. What is left is
told by what was being done; the library's own words stand in the traceback, which only ``--debug``
prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from inspector.checkpoint.encoded import SEE
from inspector.checkpoint.folder import damaged_json
from inspector.checkpoint.sources import Source
from inspector.errors import InspectorError, MachineError, ModelError

#: The package's own folder.
_HERE = str(Path(__file__).parent.parent)


@contextmanager
def explained(
    source: Source,
    folder: Path | None,
    what: str,
    culprit: Callable[[], ModelError | None] = lambda: None,
) -> Iterator[None]:
    """Turn whatever transformers raises in the block into a sentence that begins with ``what``.

    ``culprit`` is asked whether it can name the cause.

    Raises
    ------
    InspectorError
        In place of the library's error, Rust's panics among them, which are no ``Exception``.
    """
    try:
        yield
    except (InspectorError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise _explain(source, folder, what, culprit, error) from error


def out_of_memory(error: BaseException) -> bool:
    """Say whether memory ran out; on the CPU torch says so with a plain RuntimeError."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        words in str(error) for words in ("allocate memory", "bad_alloc")
    )


def raised_here(error: BaseException) -> bool:
    """Say whether an error was raised by this package's own code, and not by a library's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.startswith(_HERE)


def _explain(
    source: Source,
    folder: Path | None,
    what: str,
    culprit: Callable[[], ModelError | None],
    error: BaseException,
) -> InspectorError:
    chain = _chain(error)
    names = {type(link).__name__ for link in chain}
    if any(isinstance(link, MemoryError | torch.OutOfMemoryError) for link in chain):
        return MachineError(
            f"There is not enough memory to load {source.title}.", "Choose a smaller model."
        )
    if names & {"RepositoryNotFoundError", "GatedRepoError"}:
        return ModelError(
            f"The hub has no model {source.path} that can be read from here.",
            "Check the spelling; for a private or gated model log in with hf auth login.",
        )
    if not source.local and names & {
        "ConnectError",
        "ConnectionError",
        "ConnectTimeout",
        "LocalEntryNotFoundError",
        "OfflineModeIsEnabled",
        "ProxyError",
        "ReadTimeout",
    }:
        return ModelError(
            f"The model {source.path} is not on this machine and the hub cannot be reached.",
            "Check the network, give a local folder, or leave --model out: "
            "the bundled model needs no network.",
        )
    if folder is not None and (damage := damaged_json(folder)) is not None:
        return damage
    return culprit() or ModelError(f"{what}.", SEE)


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain
