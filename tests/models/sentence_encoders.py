"""Models as sentence-transformers saves them, and its own reading of them: the oracle."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from inspector.records import Array

#: What a pooling's config says of each way, older files in flags.
FLAGS = {
    "mean": "pooling_mode_mean_tokens",
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean_sqrt_len": "pooling_mode_mean_sqrt_len_tokens",
}
NEWER = {"mean": "mean", "cls": "cls", "max": "max", "mean_sqrt_len": "mean_sqrt_len_tokens"}


def flagged(kind: str) -> dict[str, Any]:
    return {flag: name == kind for name, flag in FLAGS.items()}


def add_pooling(folder: Path, config: dict[str, Any], *, normalised: bool, width: int = 24) -> Path:
    """Write into a model's folder what makes a sentence encoder of it."""
    kinds = ["Transformer", "Pooling", *(["Normalize"] if normalised else [])]
    modules = [
        {
            "idx": at,
            "name": str(at),
            "path": f"{at}_{kind}" if at else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for at, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    said = {"word_embedding_dimension": width} | config
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(said))
    return folder


class Encoder:
    """sentence-transformers' own pass of a folder."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from sentence_transformers import SentenceTransformer, util

            self._model = SentenceTransformer(str(folder), device="cpu")
        self._cosine = util.cos_sim

    def encode(self, text: str) -> Array:
        values: Array = np.asarray(self._model.encode(text))
        return values

    def cosine(self, first: str, second: str) -> float:
        return float(self._cosine(*(self._model.encode(text) for text in (first, second))))
