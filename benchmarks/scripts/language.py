"""The smallest honest script that gets a text's attention out of a language model's folder.

``python language.py FOLDER TEXT``: transformers, eager, float32; one row is printed, and the
token that comes next. It is what the start of ``inspect "…" --model smollm2`` is measured against.
"""

import sys
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, text = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
kind: Any = AutoModelForCausalLM
model = kind.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
inputs = tokenizer(text, return_tensors="pt")
with torch.inference_mode():
    given = model(**inputs, output_attentions=True)
print(given.attentions[0][0, 0, 1].tolist())
print(tokenizer.decode(given.logits[0, -1].argmax()))
