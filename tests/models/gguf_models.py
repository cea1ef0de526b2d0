"""GGUF files written as llama.cpp's converter writes them, from transformers' models.

Names come from the ``gguf`` package's own table; what is done to the tensors is written here from
the converter's point of view, and what a vocabulary's keys say from llama.cpp's documentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from forward_models import random_model
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

Tensor = NDArray[Any]

#: Wide enough for every kind of block but the largest, whose rows are 256 numbers.
VOCABULARY = 512
_SIZES = {
    "vocab_size": VOCABULARY, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
    "pad_token_id": 2, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
_GEMMA = _SIZES | {"head_dim": 32}
_GEMMA2 = _GEMMA | {
    "query_pre_attn_scalar": 32, "sliding_window": 4, "attn_logit_softcapping": 3.0,
    "final_logit_softcapping": 2.0, "num_hidden_layers": 4,
}  # fmt: skip
_FALCON = _SIZES | {"alibi": False, "num_key_value_heads": 4, "ffn_hidden_size": 96}

#: Family and config by name: the architectures, and what else their files may hold.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", _SIZES),
    "llama with biases": ("llama", _SIZES | {"attention_bias": True, "mlp_bias": True}),
    "llama, tied": ("llama", _SIZES | {"tie_word_embeddings": True}),
    "llama, wide heads": ("llama", _SIZES | {"head_dim": 32, "rope_theta": 500.0}),
    "llama linear": (
        "llama", _SIZES | {"rope_scaling": {"rope_type": "linear", "factor": 3.0}},
    ),
    "llama yarn": (
        "llama",
        _SIZES | {
            "rope_scaling": {
                "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16,
            },
        },
    ),
    "llama 3": (
        "llama",
        _SIZES | {
            "rope_theta": 500000.0,
            "rope_scaling": {
                "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
            },
        },
    ),
    "qwen2": ("qwen2", _SIZES),
    "qwen3": ("qwen3", _SIZES | {"head_dim": 32}),
    "gemma": ("gemma", _GEMMA),
    "gemma2": ("gemma2", _GEMMA2),
    # Of as many layers as those of 27 billion parameters, whose scale is another.
    "gemma2, the large": (
        "gemma2",
        _GEMMA2 | {"num_hidden_layers": 46, "query_pre_attn_scalar": 16},
    ),
    "gemma3, the large": (
        "gemma3_text",
        _GEMMA
        | {
            "query_pre_attn_scalar": 16, "sliding_window": 4, "num_hidden_layers": 62,
            "rope_parameters": {
                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            },
        },
    ),
    "gemma3": (
        "gemma3_text",
        _GEMMA | {
            "query_pre_attn_scalar": 32, "sliding_window": 4, "num_hidden_layers": 7,
            "rope_theta": 1e6, "rope_local_base_freq": 10000.0,
        },
    ),
    "phi3": ("phi3", _SIZES),
    "phi3, near-sighted": ("phi3", _SIZES | {"sliding_window": 4}),
    "phi3, partly turned": ("phi3", _SIZES | {"partial_rotary_factor": 0.5}),
    "gpt2": (
        "gpt2",
        {
            "vocab_size": VOCABULARY, "n_embd": 64, "n_layer": 3, "n_head": 4, "n_positions": 64,
            "n_inner": 96, "bos_token_id": 1, "eos_token_id": 2,
        },
    ),
    "falcon": ("falcon", _FALCON),
    "falcon, a head of its own": ("falcon", _FALCON | {"tie_word_embeddings": False}),
    "falcon, newer": (
        "falcon", _FALCON | {"new_decoder_architecture": True, "num_kv_heads": 2},
    ),
    "falcon, newest": (
        "falcon",
        _FALCON | {
            "new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1,
        },
    ),
    "bloom": (
        "bloom",
        {
            "vocab_size": VOCABULARY, "hidden_size": 64, "n_layer": 3, "n_head": 4,
            "bos_token_id": 1, "eos_token_id": 2,
        },
    ),
}  # fmt: skip

#: What the converter calls families whose names differ.
_ARCHITECTURES = {"gemma3_text": "gemma3"}
Kinds = Callable[[str], gguf.GGMLQuantizationType]


def plain(_name: str) -> gguf.GGMLQuantizationType:
    return gguf.GGMLQuantizationType.F32


def blocks(kind: gguf.GGMLQuantizationType) -> Kinds:
    """Matrices in blocks of a kind, and the rest as it is, as llama.cpp does it."""

    def of(name: str) -> gguf.GGMLQuantizationType:
        small = "norm" in name or name.endswith(".bias") or "position" in name
        return gguf.GGMLQuantizationType.F32 if small else kind

    return of


def made(name: str, **more: Any) -> Any:
    model_type, options = MODELS[name]
    return random_model(model_type, options | more)


def write(model: Any, path: Path, kinds: Kinds = plain, **vocabulary: Any) -> Path:
    """Write a model, and byte-level BPE as its vocabulary where no other is given."""
    config = model.config
    name = _ARCHITECTURES.get(config.model_type, config.model_type)
    writer = gguf.GGUFWriter(str(path), name)
    writer.add_name("a small random model")
    _add_config(writer, config, name)
    add_vocabulary(writer, **({"kind": "gpt2"} | vocabulary))
    architecture = next(at for at, known in gguf.MODEL_ARCH_NAMES.items() if known == name)
    table = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    for ours, tensor in model.state_dict().items():
        if ours == "lm_head.weight" and config.tie_word_embeddings:
            continue
        known = ours.removeprefix("transformer.") if name == "bloom" else ours
        theirs = table.get_name(known, try_suffixes=(".weight", ".bias"))
        assert theirs is not None, ours
        changed = _converted(tensor.numpy(), theirs, config)
        add_tensor(writer, theirs, changed, kinds(theirs))
    if (rope := config.to_dict().get("rope_parameters")) and rope.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", _llama3_factors(config, rope))
    return close(writer)


def add_tensor(
    writer: gguf.GGUFWriter, name: str, tensor: Tensor, kind: gguf.GGMLQuantizationType
) -> None:
    tensor = np.ascontiguousarray(tensor)
    if kind == gguf.GGMLQuantizationType.Q4_K:  # the package only reads it
        writer.add_tensor(name, _q4_k(tensor), raw_dtype=kind)
    elif kind == gguf.GGMLQuantizationType.F32:
        writer.add_tensor(name, tensor.astype(np.float32))
    else:
        writer.add_tensor(name, gguf.quantize(tensor.astype(np.float32), kind), raw_dtype=kind)


def close(writer: gguf.GGUFWriter) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Path(writer.path or "")


def _add_config(writer: gguf.GGUFWriter, config: Any, name: str) -> None:
    writer.add_context_length(getattr(config, "max_position_embeddings", 64))
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(
        next(
            (
                size
                for key in ("ffn_hidden_size", "n_inner", "intermediate_size")
                if (size := getattr(config, key, None))
            ),
            4 * config.hidden_size,
        )
    )
    heads = config.num_attention_heads
    writer.add_head_count(heads)
    if name == "falcon":
        newer = config.new_decoder_architecture
        writer.add_head_count_kv(config.num_kv_heads if newer or not config.multi_query else 1)
    elif name not in ("gpt2", "bloom"):
        writer.add_head_count_kv(config.num_key_value_heads)
    if (eps := getattr(config, "rms_norm_eps", None)) is not None:
        writer.add_layer_norm_rms_eps(eps)
    else:
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    if name != "phi3" and getattr(config, "head_dim", None):
        writer.add_key_length(size)
        writer.add_value_length(size)
    if (window := getattr(config, "sliding_window", None)) is not None:
        writer.add_sliding_window(window)
    elif name == "phi3":
        writer.add_sliding_window(0)
    if name == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    rope = config.to_dict().get("rope_parameters") or {}
    rope = rope.get("full_attention", rope)
    if rope and name != "falcon":
        writer.add_rope_freq_base(rope["rope_theta"])
    if name in ("llama", "phi3"):
        writer.add_rope_dimension_count(int(size * rope.get("partial_rotary_factor", 1)))
    if rope.get("rope_type") in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
        if rope["rope_type"] == "yarn":
            writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])


def _converted(tensor: Tensor, name: str, config: Any) -> Tensor:
    """Do to a tensor what the converter does before it writes it."""
    heads = config.num_attention_heads
    if config.model_type == "llama" and (".attn_q." in name or ".attn_k." in name):
        count = heads if ".attn_q." in name else config.num_key_value_heads
        halves = tensor.reshape(count, 2, len(tensor) // count // 2, *tensor.shape[1:])
        return halves.swapaxes(1, 2).reshape(tensor.shape)
    if config.model_type.startswith("gemma") and name.endswith("norm.weight"):
        return tensor + 1
    if config.model_type == "gpt2" and name.split(".")[-2] in (
        "attn_qkv", "attn_output", "ffn_up", "ffn_down",
    ):  # fmt: skip
        return tensor.T if tensor.ndim > 1 else tensor
    if "attn_qkv" in name and config.model_type in ("falcon", "bloom"):
        groups = heads
        if config.model_type == "falcon":
            several = config.new_decoder_architecture or not config.multi_query
            groups = config.num_kv_heads if several else 1
        size = config.hidden_size // heads
        parts = tensor.reshape(groups, heads // groups + 2, size, *tensor.shape[1:])
        split = (parts[:, :-2], parts[:, [-2]], parts[:, [-1]])
        return np.concatenate([part.reshape(-1, *tensor.shape[1:]) for part in split])
    return tensor


def _llama3_factors(config: Any, rope: dict[str, Any]) -> Tensor:
    """By what each speed is divided, in plain loops."""
    size, window = config.head_dim, rope["original_max_position_embeddings"]
    factors = []
    for pair in range(0, size, 2):
        length = 2 * np.pi * rope["rope_theta"] ** (pair / size)
        if length < window / rope["high_freq_factor"]:
            factors.append(1.0)
        elif length > window / rope["low_freq_factor"]:
            factors.append(rope["factor"])
        else:
            low, high = rope["low_freq_factor"], rope["high_freq_factor"]
            smooth = (window / length - low) / (high - low)
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, np.float32)


def _q4_k(tensor: Tensor) -> Tensor:
    """Blocks of 144 bytes for 256 numbers: random ones, of about the size of the tensor's."""
    random = np.random.default_rng(tensor.size)
    count = tensor.size // 256
    made = random.integers(0, 256, (count, 144), dtype=np.uint8)
    scale = np.float16(tensor.std() / 300)
    made[:, :4] = np.tile(np.array([scale, scale * 3], np.float16).view(np.uint8), (count, 1))
    return made.reshape(len(tensor), -1)


TEXT = """The keys to the old cabinet are on the table. Nobody saw anything, and it's 1984 or 2024!
Die Uhr blieb stehen, und niemand weiß, warum. Le château était fermé depuis l'été dernier.
Он увидел старый дом у реки. 古い時計が止まった。 مرحبا بالعالم. def f(x):\n    return x + 12345\n
the the the cat sat on the mat, the dog sat on the log; because it was tired they rested."""

#: Texts in several scripts that no vocabulary was made from.
STRINGS = (
    "The cat sat on the mat", "It's the keys' cabinet, isn't it?", "Die Uhr weiß es",
    "Le château fermé", "Он увидел дом", "古い時計", "مرحبا", "naïve café – “quoted”",
    "def f(x):\n    return x\n\n", "a  b   c    d", "emoji 🙂 and 👩‍👩‍👧", "tabs\tand\r\nlines",
    "trailing space ", "हिन्दी में",
)  # fmt: skip


def add_vocabulary(writer: gguf.GGUFWriter, *, kind: str, **more: Any) -> None:
    """Add a vocabulary of ``VOCABULARY`` entries: byte-level BPE, or SentencePiece's.

    ``more`` are other keys by the names of the writer's methods, in the place of the usual ones.
    """
    tokens, merges, kinds = vocabulary(kind)
    made_by = {"".join(pair): -float(at + 1) for at, pair in enumerate(merges)}
    usual: dict[str, Any] = {
        "tokenizer_model": kind, "token_list": tokens, "token_types": kinds, "bos_token_id": 1,
        "eos_token_id": 2, "unk_token_id": 0,
    }  # fmt: skip
    if kind == "llama":
        usual["token_scores"] = [made_by.get(token, -1000.0) for token in tokens]
    else:
        usual |= {"tokenizer_pre": "gpt-2", "token_merges": [" ".join(pair) for pair in merges]}
    if "pre" in more:
        usual["tokenizer_pre"] = more.pop("pre")
    for name, value in (usual | more).items():
        getattr(writer, f"add_{name}")(value)


def vocabulary(kind: str) -> tuple[list[str], list[tuple[str, str]], list[int]]:
    """Learn a vocabulary from the text, and put special entries before it."""
    special = ["<unk>", "<s>", "</s>"]
    tokenizer = Tokenizer(models.BPE())
    if kind == "gpt2":
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        special += [f"<0x{byte:02X}>" for byte in range(256)]
        alphabet = []
    users = ["<think>", "<end>"]
    size = VOCABULARY - len(special) - len(users)
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, limit_alphabet=40 if alphabet == [] else 256,
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(TEXT.splitlines(), trainer)
    learned = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    merges = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    tokens = special + learned + users
    tokens += [f"[PAD{at}]" for at in range(len(tokens), VOCABULARY)]
    kinds = [3 if token in special[1:3] else 1 for token in tokens]
    kinds[0] = 2
    for at in range(3, len(special)):
        kinds[at] = 6
    begin = len(special) + len(learned)
    kinds[begin], kinds[begin + 1] = 4, 3
    for at in range(begin + 2, VOCABULARY):
        kinds[at] = 5
    return tokens, merges, kinds
