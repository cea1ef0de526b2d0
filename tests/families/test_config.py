"""Our configs beside transformers' own config classes: defaults, older names, what follows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import seq2seq_models
from family_variants import VARIANTS
from transformers import AutoConfig, PreTrainedConfig

from inspector.families.attention_numbers import attention_config
from inspector.families.config import FamilyConfig, defaults_of, names_of
from inspector.families.registry import FAMILIES, family_of
from inspector.families.spec import Family

ALL = VARIANTS | seq2seq_models.VARIANTS
#: Keys of files from which others follow, and which transformers takes in and does not keep.
TAKEN_IN = {
    "rope_theta", "partial_rotary_factor", "rotary_pct", "global_attn_every_n_layers",
    "sliding_window_pattern",
    # Falcon's is filled in when the model is made.
    "num_ln_in_parallel_attn",
}  # fmt: skip
#: What hub files of some families have that newer ones say otherwise.
OLDER: dict[str, dict[str, Any]] = {
    "llama": {"rope_theta": 5000.0, "num_key_value_heads": None, "rope_scaling": {
        "type": "linear", "factor": 2.0}},
    "mistral": {"rope_theta": 7000.0, "rope_scaling": None},
    "gpt_neox": {"rotary_pct": 0.5, "rotary_emb_base": 20000},
    "phi": {"partial_rotary_factor": 0.4, "rope_theta": 9000.0},
    "phi3": {"original_max_position_embeddings": 1024, "rope_theta": 9000.0, "rope_scaling": {
        "type": "longrope", "short_factor": [1.0] * 48, "long_factor": [2.0] * 48}},
    "stablelm": {"partial_rotary_factor": 0.5},
    "qwen2": {"use_sliding_window": True, "max_window_layers": 2, "sliding_window": 7},
    "gemma3_text": {"rope_theta": 500000.0, "rope_local_base_freq": 20000.0,
                    "rope_scaling": {"rope_type": "linear", "factor": 8.0},
                    "sliding_window_pattern": 3},
    "modernbert": {"global_rope_theta": 80000.0, "local_rope_theta": 5000.0,
                   "global_attn_every_n_layers": 2},
    "nomic_bert": {"rope_theta": 500.0},
    "eurobert": {"rope_theta": 250000.0, "num_key_value_heads": 4},
    "modernbert-decoder": {"global_rope_theta": 80000.0, "global_attn_every_n_layers": 2},
    "gpt_oss": {"rope_theta": 1000.0, "rope_scaling": {
        "rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 50}},
    "gpt2": {"hidden_size": 48, "num_hidden_layers": 5},
    "distilbert": {"hidden_size": 48, "n_layers": 5},
    "t5": {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "num_layers": 3},
    "mt5": {"feed_forward_proj": "relu"},
    "gpt_neo": {"attention_types": [[["global", "local"], 2], [["local"], 1]], "num_layers": 5},
    "mixtral": {"rope_theta": 500000.0},
    "deepseek_v3": {"rope_theta": 20000, "rope_scaling": {
        "type": "yarn", "factor": 40, "mscale": 0.7, "mscale_all_dim": 0.9, "beta_fast": 32,
        "beta_slow": 1, "original_max_position_embeddings": 4096}},
    "glm4_moe": {"partial_rotary_factor": 0.25, "rope_theta": 20000},
    "t5gemma": {"encoder": {"rope_theta": 500.0, "sliding_window": 7}, "decoder": {}},
    "smollm3": {"no_rope_layer_interval": 3, "rope_theta": 100.0},
    "opt": {"hidden_size": 64, "word_embed_proj_dim": 32},
    "olmo3": {"rope_theta": 7000.0, "rope_scaling": {
        "rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 512}},
    "cohere2": {"sliding_window_pattern": 3, "rope_theta": 7000.0},
    "nemotron": {"partial_rotary_factor": 0.25, "rope_theta": 7000.0},
    "apertus": {"rope_theta": 500.0},
    "hunyuan_v1_dense": {"head_dim": 128, "rope_theta": 7000.0, "rope_scaling": {
        "type": "dynamic", "alpha": 1000.0, "factor": 1.0, "beta_fast": 32, "mscale": 1.0}},
    "ministral": {"sliding_window": None},
    "exaone4": {"sliding_window_pattern": 3, "rope_scaling": {
        "rope_type": "llama3", "factor": 16.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
        "original_max_position_embeddings": 8192}},
    "gpt_bigcode": {"hidden_size": 48, "n_head": 4, "multi_query": False},
    "persimmon": {"rope_theta": 25000.0, "rope_scaling": None, "partial_rotary_factor": 0.25},
    "roformer": {"hidden_size": 48},
    "xlm": {"hidden_size": 64, "pad_index": 3},
    "mpt": {"n_heads": 8, "attn_config": {"alibi_bias_max": 16, "clip_qkv": 6.0}},
}  # fmt: skip


def within(value: object) -> bool:
    return isinstance(value, PreTrainedConfig)


def sites(config: Any) -> tuple[Family, ...]:
    family = family_of(config)
    assert family is not None
    return family.sites


def compare(model_type: str, values: dict[str, Any]) -> None:
    ours, theirs = FamilyConfig(model_type, values), AutoConfig.for_model(model_type, **values)
    read = {*defaults_of(model_type), *names_of(model_type)} - TAKEN_IN
    read |= {"rope_parameters"} if hasattr(theirs, "rope_parameters") else set()
    for name in sorted(read):
        mine, its = getattr(ours, name), getattr(theirs, name)
        # A config within the config is read key by key.
        assert mine == ({key: getattr(its, key) for key in mine} if within(its) else its), name
    for site in sites(ours):
        for layer in range(int(getattr(site.own(theirs), site.layers))):
            mine, its = (attention_config(site, of, layer) for of in (ours, theirs))
            assert str(mine) == str(its)


@pytest.mark.parametrize("model_type", FAMILIES)
def test_an_empty_file_means_the_familys_defaults(model_type: str) -> None:
    compare(model_type, {})


@pytest.mark.parametrize("model_type", OLDER)
def test_older_names_and_what_follows_from_others(model_type: str) -> None:
    compare(model_type, OLDER[model_type])


@pytest.mark.parametrize("variant", ALL)
def test_a_saved_config_is_read_as_transformers_reads_it(variant: str, tmp_path: Path) -> None:
    model_type, options = ALL[variant]
    compare(model_type, dict(options))
    AutoConfig.for_model(model_type, **options).save_pretrained(tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    read = AutoConfig.from_pretrained(tmp_path)
    ours = FamilyConfig(model_type, values)
    for site in sites(ours):
        for layer in range(int(getattr(site.own(read), site.layers))):
            mine, its = (attention_config(site, of, layer) for of in (ours, read))
            assert str(mine) == str(its)


def test_a_key_that_there_is_none_of_is_named() -> None:
    with pytest.raises(AttributeError, match="this bert has no rotary_dim"):
        _ = FamilyConfig("bert", {}).rotary_dim


def test_the_files_values_are_not_changed() -> None:
    values = {"rope_scaling": {"type": "linear", "factor": 2.0}}
    FamilyConfig("llama", values)
    assert values == {"rope_scaling": {"type": "linear", "factor": 2.0}}
