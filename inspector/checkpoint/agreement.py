"""A config held against the tensors' headers, before anything is built from either.

A number in a config costs nothing to write, and a model of a thousand million layers takes minutes
to build. So every number that decides how much is built is held against what lies in the files.
For a family with a row the projections are looked for layer by layer, with their shapes; for any
other only what holds for all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from inspector.checkpoint.config import (
    HEADS,
    INNER,
    KV_HEADS,
    LAYERS,
    POSITIONS,
    STACKS,
    VOCABULARY,
    WIDTHS,
    Config,
)
from inspector.checkpoint.json_file import shown
from inspector.checkpoint.safetensors_file import FLOATS, Entry
from inspector.errors import ModelError
from inspector.families.registry import family_of
from inspector.families.spec import Family

#: Weights that serve several layers let a model have more layers than tensors, but not many more.
_SHARED_LAYERS = 256
#: A width that nothing in the files has, but that a key may hold which its family does not read.
_UNREAD = 65_536
#: As many labels as any classifier has.
_LABELS = 100_000
_MATRIX = 2
#: The tables of learned positions, by the ends of their names.
_TABLES = (".position_embeddings.weight", ".wpe.weight", ".embed_positions.weight")
_HINT = "Use a complete checkpoint whose config.json belongs to its weights."


def hold(config: Config, entries: Mapping[str, Entry]) -> None:
    """Hold a config against the headers of its weights.

    Raises
    ------
    ModelError
        When a number does not fit them, when a layer or a projection that the family's row names
        is missing or of another shape, or when the weights are stored as whole numbers.
    """
    if not entries:
        raise ModelError(f"The weights beside {config.path} hold no tensor.", _HINT)
    _refuse_whole_numbers(config, entries)
    for part in (config.values, *_within(config)):
        _bound(Config(config.path, config.model_type, part), entries)
    family = family_of(config.values)
    if family and family.rope and "partial_rotary_factor" not in family.reads:
        _refuse_partly_turned(config)
    for site in family.sites if family else ():
        own = (config.values.get(site.within) or {}) if site.within else config.values
        _hold_site(Config(config.path, config.model_type, own), site, entries)
    if family and family.bridge:
        _refuse_two_vocabularies(config, family, entries)
    if family and (entries_said := config.values.get(VOCABULARY)) is not None:
        rows = {entry.shape[0] for entry in entries.values() if len(entry.shape) == _MATRIX}
        if entries_said not in rows:
            raise config.wrong(VOCABULARY, "and no table in the weights has so many rows")


def _refuse_two_vocabularies(config: Config, family: Family, entries: Mapping[str, Entry]) -> None:
    """Refuse a model of two halves that read different words: the folder has one tokenizer."""
    sizes = [
        entries[name].shape[0]
        for site in family.sites
        if site.body
        and (name := f"{site.stands}.{site.body.embeddings.words[0]}.weight") in entries
    ]
    if len(set(sizes)) > 1:
        raise ModelError(
            f"The encoder beside {config.path} reads a vocabulary of {sizes[0]:,} entries and the "
            f"decoder one of {sizes[1]:,}, and one tokenizer cannot serve both.",
            "Use a checkpoint whose two halves share their vocabulary.",
        )


def _refuse_partly_turned(config: Config) -> None:
    """Refuse speeds for a part of a head where the family's code turns whole ones.

    By default such a family reads no ``partial_rotary_factor``, but the scaled kinds of rope do,
    for all families, and then the model cannot run.
    """
    share = config.values.get("partial_rotary_factor")
    for key in ("rope_scaling", "rope_parameters"):
        if not isinstance(rope := config.values.get(key), dict):
            continue
        for part in [value for value in rope.values() if isinstance(value, dict)] or [rope]:
            kind = part.get("rope_type", part.get("type", "default"))
            if kind != "default" and (part.get("partial_rotary_factor", share) or 1) != 1:
                raise config.wrong(
                    key, f"and a {config.model_type} turns whole heads: it cannot run with a part"
                )


def _within(config: Config) -> list[Mapping[str, object]]:
    return [
        value
        for key, value in config.values.items()
        if (key.endswith("_config") or key in STACKS) and isinstance(value, dict)
    ]


def _refuse_whole_numbers(config: Config, entries: Mapping[str, Entry]) -> None:
    for name, entry in entries.items():
        if name.endswith(".weight") and len(entry.shape) > 1 and entry.dtype not in FLOATS:
            raise ModelError(
                f"The weights beside {config.path} are quantised: {shown(name)} is stored as "
                f"{entry.dtype}.",
                "Use the checkpoint from before it was quantised, in float32, float16 or bfloat16.",
            )


def _bound(config: Config, entries: Mapping[str, Entry]) -> None:
    """Bound what decides how much is built, for any family."""
    values = config.values
    largest = max((max(entry.shape, default=1) for entry in entries.values()), default=1)
    for key in LAYERS:
        if _most(values.get(key)) > max(len(entries), _SHARED_LAYERS):
            raise config.wrong(key, f"and its weights have only {len(entries):,} tensors")
    for key in (VOCABULARY, *WIDTHS, *HEADS, *KV_HEADS):
        if _most(values.get(key)) > largest:
            raise config.wrong(key, f"and no tensor has a side longer than {largest:,}")
    for key, value in values.items():
        built = key in INNER or key.startswith(("num_", "n_")) or key.endswith(("_size", "_dim"))
        if not built or key in POSITIONS:
            continue
        if _most(value) > max(_LABELS if key == "num_labels" else _UNREAD, largest):
            raise config.wrong(key, f"and no tensor has a side longer than {largest:,}")
    _bound_labels(config, largest)
    _bound_positions(config, entries)


def _bound_labels(config: Config, largest: int) -> None:
    for key in ("id2label", "label2id"):
        if isinstance(labels := config.values.get(key), dict) and len(labels) > max(
            _LABELS, largest
        ):
            raise ModelError(f"{config.path} has {len(labels):,} labels in {key}.", _HINT)


def _bound_positions(config: Config, entries: Mapping[str, Entry]) -> None:
    """Hold how many positions there are against the longest table of them, where there is one."""
    rows = [
        entry.shape[0]
        for name, entry in entries.items()
        if f".{name}".endswith(_TABLES) and len(entry.shape) == _MATRIX
    ]
    said = config.first(POSITIONS)
    if said and rows and _most(said[1]) > max(rows):
        raise config.wrong(said[0], f"and its table of positions has {max(rows):,} rows")


def _most(value: object) -> int:
    """Return a number, or the largest of a list that has one for each layer; 0 for others."""
    numbers = value if isinstance(value, list) else [value]
    return max((number for number in numbers if type(number) is int), default=0)


def _hold_site(config: Config, site: Family, entries: Mapping[str, Entry]) -> None:
    """Hold a site's layers and projections against the tensors that its row names."""
    if filed := _layers(site.as_filed(), entries):
        site = site.as_filed()
    found = filed or _layers(site, entries)
    there = len(found)
    said = config.first(_names(LAYERS, site.layers))
    if said and "{group}" not in site.layer:
        missing = next((i for i in range(min(said[1], there + 1)) if i not in found), None)
        if missing is not None:
            raise config.wrong(
                said[0],
                f"and its weights have {there} layers of that kind"
                if missing == there
                else f"and its weights have no layer {missing}",
            )
    heads = config.first(_names(HEADS, site.heads))
    # Those of the states; the last two are of the words.
    width = config.first(WIDTHS[:-2])
    own_size = config.first(("head_dim", "d_kv"))
    if heads and width and not own_size and "head_dim" not in site.reads and width[1] % heads[1]:
        raise config.wrong(heads[0], f"which does not divide {width[0]} = {width[1]}")
    counted = {
        layer: prefix
        for layer, prefix in found.items()
        if said is None or layer < said[1] or "{group}" in site.layer
    }
    down = site.latent.down if site.latent else ""
    paths = [site.query, site.key, site.value, site.fused, down, site.output]
    if site.within and site.site == "cross":
        # Keys and values are made of the other stack's states, which may have another width.
        paths = [site.query, site.output]
    for path in filter(None, paths):
        names = [f"{prefix}.{path}.weight" for _, prefix in sorted(counted.items())]
        absent = [name for name in names if name not in entries]
        # What no layer has may be missing from the row: whether the model has it is seen later.
        if 0 < len(absent) < len(names):
            raise ModelError(
                f"The weights beside {config.path} do not fit it: {len(absent)} missing, the "
                f"first is {shown(absent[0])}.",
                _HINT,
            )
        if width and not absent:
            for name in names:
                _hold_shape(config, site, path, name, entries[name], width)


def _hold_shape(
    config: Config, site: Family, path: str, name: str, entry: Entry, width: tuple[str, int]
) -> None:
    if len(entry.shape) != _MATRIX:
        raise ModelError(
            f"The tensor {shown(name)} beside {config.path} has the shape {list(entry.shape)} and "
            "should be a matrix.",
            _HINT,
        )
    # (out, in), or (in, out) where the family writes it so: what goes in is as wide as the states,
    # and so is what the output projection gives.
    into = entry.shape[0 if site.conv1d else 1]
    out_of = entry.shape[1 if site.conv1d else 0]
    if (out_of if path == site.output else into) != width[1]:
        raise config.wrong(
            width[0], f"and the tensor {shown(name)} has the shape {list(entry.shape)}"
        )


def _layers(site: Family, entries: Mapping[str, Entry]) -> dict[int, str]:
    """Return the layers of a site, or its groups of layers, by number, with their full prefix.

    A checkpoint with a head has the base model's name before its paths.
    """
    path = re.escape(site.layer).replace(r"\{i\}", "{i}").replace(r"\{group\}", "{i}")
    before = re.escape(f"{site.stands}.") if site.stands else r"(?:[^.]+\.)?"
    pattern = re.compile(rf"({before}{path.replace('{i}', '([0-9]{1,9})')})\.")
    found: dict[int, str] = {}
    for name in entries:
        if match := pattern.match(name):
            found.setdefault(int(match[2]), match[1])
    return found


def _names(known: tuple[str, ...], first: str) -> tuple[str, ...]:
    """Return the keys under which a site's number may stand.

    Encoder–decoders name it by the site; all others have one of the names that families use.
    """
    if first in ("num_hidden_layers", "num_attention_heads"):
        return tuple(name for name in known if "coder_" not in name)
    return (first,)
