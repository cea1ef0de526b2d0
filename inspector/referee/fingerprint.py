"""Which model this is: one number for its weights, its config and its tokenizer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import torch

from inspector.referee.loading import LoadedModel

#: What a config says of where it came from and not of what the model does.
_INCIDENTAL = ("_name_or_path", "transformers_version", "_attn_implementation", "dtype")


def fingerprint(loaded: LoadedModel) -> str:
    """Return SHA-256 over every weight, the config and the tokenizer, as hexadecimal digits."""
    digest = hashlib.sha256()
    for name, tensor in sorted(loaded.model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    config = loaded.model.config.to_dict()
    kept = {name: value for name, value in config.items() if name not in _INCIDENTAL}
    digest.update(json.dumps(kept, sort_keys=True, default=str).encode())
    digest.update(_tokenizer(loaded.tokenizer).encode())
    return digest.hexdigest()


def _tokenizer(tokenizer: Any) -> str:
    if not tokenizer.is_fast:
        return json.dumps([type(tokenizer).__name__, sorted(tokenizer.get_vocab().items())])
    said = json.loads(tokenizer.backend_tokenizer.to_str())
    # How the last call cut and padded.
    said.pop("truncation", None)
    said.pop("padding", None)
    return json.dumps(said, sort_keys=True)
