"""What a long text costs where nothing of its attention is shown: the model's plain forward.

``python long_text.py FOLDER FILE``: tokenize a file, run the language model of a folder on it with
transformers' default attention (sdpa), and name the next token.
"""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_num_threads(2)
folder, file = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
ids = tokenizer(Path(file).read_text(encoding="utf-8"), return_tensors="pt").input_ids
with torch.inference_mode():
    print(repr(tokenizer.decode(model(ids).logits[0, -1].argmax())))
