"""Damaged checkpoints by the thousand: each made from a small good one by one seeded change.

A run with one ends in a sentence of ours, or in a right result; never in another exception, nor in
numbers that disagree.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hostile.kind import Thing
from hostile.models import CHECKPOINTS

import inspector
from inspector.errors import InputError, ModelError

NAME = "checkpoints"
FEW = 80
MANY = 1000

SENTENCE = "the cat sat on the mat"
TARGET = "we are here"

#: What stands in the place of a config's value.
VALUES: list[Any] = [
    None, True, False, -1, 0, 1, 2, 3, 7, 10**9, 10**30, -(10**9), 0.5, -0.5, 1e308, 1e-308,
    float("nan"), float("inf"), "", "x", "gelu", "0", "../..", [], [1, 2, 3], ["a"], {}, {"a": 1},
    {"rope_type": "linear", "factor": 0}, {"rope_type": "yarn"}, "\x00", "🦙",
]  # fmt: skip
#: Keys that other families' configs have, or that lead somewhere else.
FOREIGN_KEYS = [
    "head_dim", "num_key_value_heads", "rotary_dim", "partial_rotary_factor", "rope_scaling",
    "rope_parameters", "rope_theta", "layer_types", "sliding_window", "no_rope_layers",
    "num_hidden_groups", "multi_query", "quantization_config", "transformers_weights", "auto_map",
    "return_dict", "chunk_size_feed_forward", "num_labels", "id2label", "is_encoder_decoder",
    "output_attentions", "output_hidden_states", "use_cache", "dtype", "torch_dtype",
    "pruned_heads", "attn_implementation", "_attn_implementation", "tokenizer_class",
    "max_length", "text_config", "encoder", "decoder", "num_experts", "torchscript",
    "per_layer_config", "base_model_tp_plan", "problem_type", "name_or_path", "_name_or_path",
]  # fmt: skip
#: What an index may not name.
PLACES = [
    "w.bin", "../model.safetensors", "/etc/passwd", "/dev/zero", "", ".", "..", "a/b.safetensors",
    "nowhere.safetensors", "a\x00.safetensors", 7, None, [], "..\\x.safetensors",
]  # fmt: skip


@dataclass
class Damage(Thing):
    """What was changed, in words, and the folder where it was."""

    @property
    def folder(self) -> Path:
        """The checkpoint's."""
        return self.place / "model"


def make(seed: int, place: Path, good: Path) -> Damage:
    """Copy a good checkpoint into ``place`` and change one thing in it, chosen by ``seed``."""
    chance = random.Random(seed)  # noqa: S311 - nothing is kept secret with it
    folder = place / "model"
    name = CHECKPOINTS[seed % len(CHECKPOINTS)]
    shutil.copytree(good / name, folder)
    change = chance.choice(list(CHANGES))
    return Damage(f"{name}: {change.__name__} {change(folder, chance)}", place)


def judge(damage: Damage) -> str | None:
    """Load it and inspect a sentence with it."""
    try:
        model = inspector.load(damage.folder, device="cpu")
        target = TARGET if model.takes_target else None
        found = inspector.inspect(SENTENCE, target=target, model=model)
    except (ModelError, InputError) as error:
        return _wrong_words(error.message, error.hint)
    verdict = found.verification.verdict
    return "a mismatch" if verdict == "mismatch" else None


def _wrong_words(message: str, hint: str) -> str | None:
    if not message.endswith((".", "…")) or len(message) >= 1_000:
        return f"no sentence: {message[:300]!r}"
    return None if hint.endswith(".") else f"no hint: {hint!r}"


# --- the changes ------------------------------------------------------------------------------


def _part(config: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Choose a config, or one of those within it, which a model of two halves has."""
    within = [config[half] for half in ("encoder", "decoder") if half in config]
    part: dict[str, Any] = chance.choice([config, *within])
    return part


def _config_value(folder: Path, chance: random.Random) -> str:
    config = json.loads((folder / "config.json").read_text())
    part = _part(config, chance)
    key = chance.choice([*part, *part, *FOREIGN_KEYS])
    part[key] = value = chance.choice(VALUES)
    (folder / "config.json").write_text(json.dumps(config))
    return f"{key} = {value!r}"


def _config_number(folder: Path, chance: random.Random) -> str:
    """Change a number by a little: near misses are found out otherwise than nonsense."""
    config = json.loads((folder / "config.json").read_text())
    part = _part(config, chance)
    key = chance.choice([key for key, value in part.items() if type(value) in (int, float)])
    part[key] = value = chance.choice([part[key] + 1, part[key] - 1, part[key] * 2, -part[key]])
    (folder / "config.json").write_text(json.dumps(config))
    return f"{key} = {value!r}"


def _config_without(folder: Path, chance: random.Random) -> str:
    config = json.loads((folder / "config.json").read_text())
    part = _part(config, chance)
    del part[key := chance.choice(list(part))]
    (folder / "config.json").write_text(json.dumps(config))
    return key


def _byte(folder: Path, chance: random.Random) -> str:
    """Change one byte of any file but the weights."""
    path = chance.choice(sorted(p for p in folder.iterdir() if p.suffix != ".safetensors"))
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    data[at] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    return f"{path.name} at {at}"


def _cut(folder: Path, chance: random.Random) -> str:
    path = chance.choice(sorted(folder.iterdir()))
    data = path.read_bytes()
    keep = chance.randrange(len(data))
    path.write_bytes(data[:keep])
    return f"{path.name} to {keep} bytes"


def _gone(folder: Path, chance: random.Random) -> str:
    path = chance.choice(sorted(folder.iterdir()))
    path.unlink()
    return path.name


def _header_byte(folder: Path, chance: random.Random) -> str:
    path = _weights(folder, chance)
    data = bytearray(path.read_bytes())
    at = chance.randrange(8 + int.from_bytes(data[:8], "little"))
    data[at] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    return f"at {at}"


def _header_value(folder: Path, chance: random.Random) -> str:
    path = _weights(folder, chance)
    header, tensors = _parts(path)
    name = chance.choice([name for name in header if name != "__metadata__"])
    key = chance.choice(["dtype", "shape", "data_offsets"])
    choices: dict[str, list[Any]] = {
        "dtype": ["F16", "I32", "F64", "BF16", "F8_E4M3", "U8", "x", None, 7],
        "shape": [[], [1], [-1, 2], [10**9, 10**9], [2.5], "x", None, header[name]["shape"][::-1]],
        "data_offsets": [[0, 0], [-4, 0], [4, 0], [0, 10**12], [1, 2, 3], ["a", "b"], None],
    }
    header[name][key] = value = chance.choice(choices[key])
    _write(path, header, tensors)
    return f"{name} {key} = {value!r}"


def _header_tensor(folder: Path, chance: random.Random) -> str:
    path = _weights(folder, chance)
    header, tensors = _parts(path)
    names = [name for name in header if name != "__metadata__"]
    name, other = chance.sample(names, 2)
    how = chance.choice(["renamed", "gone", "shared", "exchanged"])
    if how == "renamed":
        header[chance.choice(["x", "", "a.b", "🦙", name + "x"])] = header.pop(name)
    elif how == "gone":
        del header[name]
    elif how == "shared":
        header[name] = header[other]
    else:
        header[name], header[other] = header[other], header[name]
    _write(path, header, tensors)
    return f"{how} {name} {other}"


def _number(folder: Path, chance: random.Random) -> str:
    """Put a number that is none, or a very large one, into the weights."""
    path = _weights(folder, chance)
    header, tensors = _parts(path)
    floats = bytearray(tensors)
    at = 4 * chance.randrange(len(floats) // 4)
    bits = chance.choice([0x7FC00000, 0x7F800000, 0xFF800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x00000001])
    floats[at : at + 4] = bits.to_bytes(4, "little")
    _write(path, header, bytes(floats))
    return f"{bits:08x} at {at}"


def _indexed(folder: Path, chance: random.Random) -> str:
    """Put an index before the weights, right in all but one name."""
    path = folder / "model.safetensors"
    header, _ = _parts(path)
    path.rename(folder / "shard.safetensors")
    where: dict[Any, Any] = {name: "shard.safetensors" for name in header if name != "__metadata__"}
    name = chance.choice([*where, "of nobody"])
    where[name] = place = chance.choice([*PLACES, "shard.safetensors"])
    index: Any = {"metadata": {}, "weight_map": where}
    if chance.random() < 0.2:
        index = chance.choice([{}, [], {"weight_map": []}, {"weight_map": {}}, {"weight_map": 7}])
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return f"{name} in {place!r}"


def _other_file(folder: Path, chance: random.Random) -> str:
    """Put beside the checkpoint what changes what it is, or in the place of a file of its."""
    name = chance.choice(
        ["adapter_config.json", "generation_config.json", "modules.json", "chat_template.jinja",
         "special_tokens_map.json", "added_tokens.json", "tokenizer_config.json", "vocab.txt"]
    )  # fmt: skip
    written = chance.choice(["", "{}", "[]", "{", '"x"', '{"a": {"b": 1}}', "null", "\ufeff{}"])
    (folder / name).write_text(written)
    return f"{name}: {written}"


def _not_a_file(folder: Path, chance: random.Random) -> str:
    path = chance.choice(sorted(folder.iterdir()))
    path.unlink()
    how = chance.choice(["a folder", "a link to nowhere", "a link to a device", "empty"])
    if how == "a folder":
        path.mkdir()
    elif how == "empty":
        path.touch()
    else:
        path.symlink_to("/dev/zero" if "device" in how else folder / "nowhere")
    return f"{path.name}: {how}"


CHANGES: tuple[Callable[[Path, random.Random], str], ...] = (
    _config_value, _config_value, _config_value, _config_number, _config_without, _byte, _cut,
    _gone, _header_byte, _header_value, _header_tensor, _number, _indexed, _other_file,
    _not_a_file,
)  # fmt: skip


def _weights(folder: Path, chance: random.Random) -> Path:
    return chance.choice(sorted(folder.glob("*.safetensors")))


def _parts(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:end]), data[end:]


def _write(path: Path, header: dict[str, Any], tensors: bytes) -> None:
    written = json.dumps(header).encode()
    path.write_bytes(len(written).to_bytes(8, "little") + written + tensors)
