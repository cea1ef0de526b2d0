"""The one place where families are registered: which there are, and in which group each stands.

A group is a package beside this: ``rows.py`` has a row for each of its families, as data,
``configs.py`` what their configs mean where the files say nothing, ``small.py`` a small config of
each. A group is read when one of its families is asked for: who inspects a BERT does not wait for
the rows of ninety others. Nothing is inferred from shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from inspector.errors import InputError
from inspector.families.attention_numbers import said
from inspector.families.covered import not_rebuilt_because, refuse_left_open
from inspector.families.pairs import HALVES, PAIR, pair
from inspector.families.spec import Family

#: Every model type with a row, by its group.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "encoders": (
        "bert", "roberta", "xlm-roberta", "electra", "distilbert", "albert", "mpnet", "deberta",
        "deberta-v2", "modernbert",
    ),
    "bert_kin": (
        "camembert", "ernie", "megatron-bert", "rembert", "xlm-roberta-xl", "roberta-prelayernorm",
        "data2vec-text", "xmod", "bert-generation", "esm", "big_bird",
    ),
    "rotary_encoders": ("nomic_bert", "eurobert", "modernbert-decoder"),
    "older_encoders": ("roformer", "flaubert", "xlm"),
    "decoders": ("gpt2", "gpt_neo", "opt", "gptj", "gpt_neox", "falcon", "bloom"),
    "older_decoders": (
        "gpt_bigcode", "codegen", "biogpt", "persimmon", "ctrl", "xglm", "mpt", "openai-gpt",
    ),
    "llamas": (
        "llama", "mistral", "qwen2", "qwen3", "smollm3", "gemma", "gemma2",
        "gemma3_text", "phi", "phi3", "stablelm",
    ),
    "llama_kin": (
        "olmo", "olmo2", "olmo3", "granite", "cohere", "cohere2", "glm", "glm4", "starcoder2",
        "nemotron", "exaone4", "arcee", "ministral", "seed_oss", "ernie4_5", "apertus",
        "hunyuan_v1_dense", "helium",
    ),
    "mixtures": (
        "gpt_oss", "mixtral", "qwen2_moe", "qwen3_moe", "olmoe", "granitemoe", "phimoe",
        "deepseek_v2", "deepseek_v3", "glm4_moe",
    ),
    "encoder_decoders": (
        "t5", "mt5", "umt5", "t5gemma", "bart", "marian", "mbart", "pegasus", "plbart", "m2m_100",
        "blenderbot", "blenderbot-small", "encoder-decoder",
    ),
}  # fmt: skip


#: The group of each.
GROUP_OF: Mapping[str, str] = {name: group for group, names in GROUPS.items() for name in names}


class Rows(MutableMapping[str, Family]):
    """The row of each model type; those of a group are read when the first of them is asked for."""

    def __init__(self, groups: Mapping[str, tuple[str, ...]]) -> None:
        self._group = {name: group for group, names in groups.items() for name in names}
        if len(self._group) != sum(map(len, groups.values())):
            raise ValueError("a model type is registered twice")
        self._known: dict[str, Family] = {}

    def __getitem__(self, model_type: str) -> Family:
        if model_type not in self._known:
            rows = import_module(f"inspector.families.{self._group[model_type]}.rows").ROWS
            for row in rows:
                self._known.setdefault(row.model_type, row)
        return self._known[model_type]

    def __setitem__(self, model_type: str, row: Family) -> None:
        self._group.setdefault(model_type, "")
        self._known[model_type] = row

    def __delitem__(self, model_type: str) -> None:
        del self._group[model_type]
        self._known.pop(model_type, None)

    def __contains__(self, model_type: object) -> bool:
        return model_type in self._group

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)


FAMILIES = Rows(GROUPS)

#: Model types without a row whose positions begin behind the padding's id.
_BEHIND_PADDING = frozenset({
    "ibert", "layoutlmv3", "lilt", "longformer", "luke", "markuplm", "mluke",
})  # fmt: skip


def positions_behind_padding(model_type: str) -> bool:
    """Say whether a model's first token has the position behind its padding's id."""
    if model_type in FAMILIES:
        return FAMILIES[model_type].positions_behind_padding
    return model_type in _BEHIND_PADDING


def family_of(config: Any) -> Family | None:
    """Return the row of a config's family, or None; of a pair one made of those of its halves.

    The config, or those within it, may be what a file says, a ``dict``.
    """
    model_type = said(config, "model_type", None)
    if model_type != PAIR:
        return FAMILIES.get(model_type)
    encoder, decoder = (said(config, f"{half}.model_type", "bert") for half in HALVES)
    return pair(FAMILIES[encoder], FAMILIES[decoder])


def row_of(config: Any) -> tuple[Family | None, str | None]:
    """Return the row by which a checkpoint is rebuilt, or None and why there is none.

    Raises
    ------
    ModelError
        When the config leaves open what the family cannot run without.
    """
    family = family_of(config)
    if family is None:
        return None, (
            f"there is no row for {config.model_type} among the families; `inspect models` lists "
            "them, and CONTRIBUTING.md shows how to add one"
        )
    refuse_left_open(family, config)
    refusal = not_rebuilt_because(family, config)
    return (family, None) if refusal is None else (None, refusal)


def refuse_unknown(model_type: str) -> None:
    """Refuse a name that no row has, and name those that are spelt nearly alike.

    Raises
    ------
    InputError
        When no family of that name is registered.
    """
    if model_type in FAMILIES:
        return
    near = get_close_matches(model_type, FAMILIES, n=3)
    raise InputError(
        f"There is no family {model_type!r} among those that are rebuilt from their weights.",
        f"Did you mean {' or '.join(near)}?"
        if near
        else "`inspect models` lists them; CONTRIBUTING.md shows how to add one.",
    )
