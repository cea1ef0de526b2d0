"""Small random models with peft's adapters on them, saved as peft saves them."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from small_models import perturb, tokenizer

from inspector.families.small import SMALL

# Not in `make lowest`.
peft = pytest.importorskip("peft")

__all__ = ["CLASSES", "Adapted", "adapted", "change_config", "read_by_peft", "save_base"]

#: By model_type, the class that the base is saved as.
CLASSES = {
    "llama": "LlamaForCausalLM",
    "gpt2": "GPT2LMHeadModel",
    "bert": "BertForMaskedLM",
    "t5": "T5ForConditionalGeneration",
}


@dataclass(frozen=True)
class Adapted:
    """An adapter's folder, that of its base, and peft's own model of the two."""

    folder: Path
    base: Path
    model: Any


def save_base(model_type: str, folder: Path, dtype: Any = torch.float32, **options: Any) -> Path:
    torch.manual_seed(0)
    kind: Any = getattr(transformers, CLASSES[model_type])
    config = transformers.AutoConfig.for_model(model_type, **SMALL[model_type] | options)
    model = kind._from_config(config, dtype=torch.float32)
    perturb(model, seed=7)
    model.tie_weights()
    folder.mkdir(parents=True)
    model.to(dtype).save_pretrained(folder)
    tokenizer(folder).save_pretrained(folder)
    return folder


def adapted(
    model_type: str,
    place: Path,
    *,
    as_class: str | None = None,
    base: Path | None = None,
    options: dict[str, Any] | None = None,
    **lora: Any,
) -> Adapted:
    """Put an adapter with random numbers on a random base, or on one that is there."""
    base = base or save_base(model_type, place / "base", **options or {})
    kind: Any = getattr(transformers, as_class or CLASSES[model_type])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(1)
        model = kind.from_pretrained(base, attn_implementation="eager", dtype=torch.float32)
        model = peft.get_peft_model(model, peft.LoraConfig(**lora)).eval()
        generator = torch.Generator().manual_seed(9)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.requires_grad:
                    near = 1.0 if "magnitude" in name else 0.3
                    noise = near * torch.randn(parameter.shape, generator=generator)
                    parameter.add_(noise.abs() if "magnitude" in name else noise)
        model.save_pretrained(place / "adapter")
    return Adapted(place / "adapter", base, model)


def read_by_peft(found: Adapted, as_class: str) -> Any:
    """What peft reads from the two folders."""
    kind: Any = getattr(transformers, as_class)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind.from_pretrained(found.base, attn_implementation="eager", dtype=torch.float32)
        return peft.PeftModel.from_pretrained(model, str(found.folder)).eval()


def change_config(folder: Path, **values: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
