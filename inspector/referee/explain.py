"""In plain words why transformers could not load a model."""

from __future__ import annotations

import re

from inspector.checkpoint.sources import Source
from inspector.errors import InspectorError, MachineError, ModelError


def explain(source: Source, error: Exception) -> InspectorError:
    """Say in one sentence why transformers could not load ``source``."""
    chain = list(_chain(error))
    names = {type(link).__name__ for link in chain}
    if any(isinstance(link, MemoryError) for link in chain):
        return MachineError(
            f"There is not enough memory to load {source.title}.", "Choose a smaller model."
        )
    if source.local:
        return ModelError(
            f"The model in {source.path} cannot be loaded: {_cause(chain)}",
            "Check that config.json, tokenizer and weights are complete and belong together.",
        )
    if names & {"RepositoryNotFoundError", "GatedRepoError"}:
        return ModelError(
            f"The hub has no model {source.path} that can be read from here.",
            "Check the spelling; for a private or gated model log in with hf auth login.",
        )
    if names & {
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
    return ModelError(
        f"The model {source.path} cannot be loaded: {_cause(chain)}",
        "Choose a text model with a tokenizer and safetensors weights.",
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _cause(chain: list[BaseException]) -> str:
    """Return the first sentence of the innermost error: the outer ones only wrap it."""
    text = " ".join(str(chain[-1]).split()) or type(chain[-1]).__name__
    sentence = re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]
    limit = 200
    if len(sentence) > limit:
        sentence = sentence[:limit].rstrip() + "…"
    return sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."
