"""Small models that chat: chat templates as they are in use, and checkpoints that have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from small_tokenizers import kinds
from transformers import LlamaConfig, LlamaForCausalLM

#: In the manner of the templates in use, by what is peculiar to each.
TEMPLATES = {
    "turns in brackets": (
        "{% for message in messages %}"
        "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "a system of its own": (
        "{%- if messages[0]['role'] != 'system' -%}<|im_start|>system\nBe kind.<|im_end|>\n"
        "{%- endif -%}\n"
        "{%- for message in messages %}\n"
        "    {{- '<|im_start|>' + message.role + '\n' + message.content | trim + '<|im_end|>' }}\n"
        "{%- endfor %}\n"
        "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\n' }}\n{%- endif %}\n"
    ),
    "the beginning written": (
        "{{ bos_token }}{% for message in messages %}"
        "{% if message['role'] == 'system' %}{{ '<<SYS>> ' + message['content'] + ' <</SYS>> ' }}"
        "{% elif message['role'] == 'user' %}{{ '[INST] ' + message['content'].strip() + ' [/INST]'"
        "}}{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}"
    ),
    "loops and names": (
        "{% set state = namespace(first=true) %}"
        "{% for message in messages %}\n"
        "    {% if loop.index > 9 %}{% break %}{% endif %}\n"
        "    {% if state.first %}{{ strftime_now('%Y') }} {% endif %}\n"
        "    {% set state.first = false %}\n"
        "    {% generation %}{{ message | tojson }}{% endgeneration %}\n"
        "{% endfor %}{{ [1, 2] | tojson(indent=1) }} {{ cls_token is defined }}"
    ),
    "said twice": "{{ messages[-1].content }}|{{ messages[-1].content | upper }}|end",
    "what is said is read": (
        "{% set said = messages[-1].content %}"
        "{% if said.startswith('/') %}command {% endif %}{{ said | length }}: {{ said }}<|im_end|>"
    ),
}


def chat_model(
    folder: Path, template: Any = TEMPLATES["turns in brackets"], kind: str = "SentencePiece BPE"
) -> Path:
    """Save a small random decoder whose tokenizer, of a kind, has a chat template."""
    lines = ["What is the capital of France? Be kind.", "[INST] <<SYS>> 0123456789 |:{}\"'_-"]
    tokenizer = kinds([*lines, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ<>/!é"])[kind]
    marks = {"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]}
    tokenizer.add_special_tokens(marks if kind.startswith("Sent") else marks | {"bos_token": "<s>"})
    tokenizer.chat_template = template
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=24, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        bos_token_id=1, eos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(4)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
