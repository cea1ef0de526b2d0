"""The rows of decoders in Llama's manner whose feed-forwards are mixtures of experts."""

from __future__ import annotations

from dataclasses import replace

from inspector.families.llamas.rows import (
    HEAD_NORMS,
    LLAMA,
    LLAMA_BODY,
    LLAMA_EMBED,
    LLAMA_FEED,
    PARTLY_TURNED,
)
from inspector.families.parts import Body, LatentPaths, Mixture, causal_head


def _three(path: str) -> tuple[str, str, str]:
    return f"{path}.gate_proj", f"{path}.up_proj", f"{path}.down_proj"


#: Mixtral's: in files each expert lies by itself, in memory all lie together.
_MIXTRAL = Mixture(
    router=("mlp.gate", "block_sparse_moe.gate"),
    apart=(
        (
            "block_sparse_moe.experts.{e}.w1",
            "block_sparse_moe.experts.{e}.w3",
            "block_sparse_moe.experts.{e}.w2",
        ),
    ),
    kind="softmax",
    normalised=True,
)
#: Qwen's, which many have taken over, with plain layers where the config says so.
_QWEN = Mixture(
    apart=(_three("mlp.experts.{e}"),),
    kind="softmax",
    normalised="norm_topk_prob",
    plain="mlp_only_layers",
    every="decoder_sparse_step",
)


#: DeepSeek-V3's, as GLM 4.5 has it too.
_DEEPSEEK = Mixture(
    apart=_QWEN.apart,
    kind="sigmoid",
    count="n_routed_experts",
    normalised="norm_topk_prob",
    scale="routed_scaling_factor",
    correction="mlp.gate.e_score_correction_bias",
    groups=("n_group", "topk_group"),
    shared=_three("mlp.shared_experts"),
    plain_first="first_k_dense_replace",
)
_LATENT = replace(
    LLAMA,
    query="",
    key="",
    value="",
    latent=LatentPaths(
        query="self_attn.q_proj",
        query_down="self_attn.q_a_proj",
        query_norm="self_attn.q_a_layernorm",
        query_up="self_attn.q_b_proj",
        down="self_attn.kv_a_proj_with_mqa",
        norm="self_attn.kv_a_layernorm",
        up="self_attn.kv_b_proj",
        eps=1e-6,
    ),
    scale="yarn",
    rope="interleaved",
    reads=(),
)


def _mixed(mixture: Mixture) -> Body:
    return replace(LLAMA_BODY, feed_forward=replace(LLAMA_FEED, mixture=mixture))


ROWS = (
    replace(
        LLAMA,
        model_type="gpt_oss",
        window="layer_types",
        sinks="self_attn.sinks",
        body=_mixed(Mixture(router=("mlp.router",), turned=True, kind="chosen", bounded=True)),
        head=causal_head("GptOssForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="mixtral",
        window="all",
        body=_mixed(_MIXTRAL),
        head=causal_head("MixtralForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="qwen2_moe",
        window="layer_types",
        body=_mixed(
            replace(
                _QWEN,
                count="num_experts",
                shared=_three("mlp.shared_expert"),
                shared_share="mlp.shared_expert_gate",
            )
        ),
        head=causal_head("Qwen2MoeForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="qwen3_moe",
        window="all",
        head_norms=HEAD_NORMS,
        body=_mixed(_QWEN),
        head=causal_head("Qwen3MoeForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="olmoe",
        head_norms=HEAD_NORMS,
        head_norms_over="all",
        clip="clip_qkv",
        body=_mixed(
            Mixture(
                apart=_QWEN.apart, kind="softmax", count="num_experts", normalised="norm_topk_prob"
            )
        ),
        head=causal_head("OlmoeForCausalLM"),
    ),
    replace(
        LLAMA,
        model_type="granitemoe",
        scale="multiplier",
        body=replace(
            _mixed(
                Mixture(
                    router=("block_sparse_moe.router", "block_sparse_moe.router.layer"),
                    together=(
                        (
                            "block_sparse_moe.experts.gate_up_proj",
                            "block_sparse_moe.experts.down_proj",
                        ),
                        (
                            "block_sparse_moe.input_linear.weight",
                            "block_sparse_moe.output_linear.weight",
                        ),
                    ),
                    kind="chosen",
                )
            ),
            embeddings=replace(LLAMA_EMBED, multiplier="embedding_multiplier"),
            residual_multiplier="residual_multiplier",
        ),
        head=causal_head("GraniteMoeForCausalLM", divisor="logits_scaling"),
    ),
    replace(
        LLAMA,
        model_type="phimoe",
        norm_kind="layer",
        float32_norms=False,
        window="all",
        body=_mixed(
            replace(
                _MIXTRAL,
                router=("mlp.router", "block_sparse_moe.gate"),
                kind="sparse",
                normalised=False,
                tolerance="router_jitter_noise",
            )
        ),
        head=causal_head("PhimoeForCausalLM", bias=("lm_head.bias",), bias_if="lm_head_bias"),
        # Its scaled kinds are multiplied by numbers of their own, another in long texts.
        rope_types=("default",),
        # Its code goes through two experts whatever the config says.
        requires={"num_experts_per_tok": 2},
    ),
    replace(
        _LATENT,
        model_type="deepseek_v2",
        float32_rope=True,
        body=_mixed(
            replace(
                _DEEPSEEK,
                kind="softmax",
                normalised=False,
                correction="",
                best_of_group=1,
                grouped=("topk_method", "greedy", "group_limited_greedy"),
            )
        ),
        head=causal_head("DeepseekV2ForCausalLM"),
    ),
    replace(
        _LATENT,
        model_type="deepseek_v3",
        body=_mixed(_DEEPSEEK),
        head=causal_head("DeepseekV3ForCausalLM"),
        reads=("rope_interleave",),
    ),
    replace(
        LLAMA,
        model_type="glm4_moe",
        head_norms=HEAD_NORMS,
        head_norms_if="use_qk_norm",
        body=_mixed(_DEEPSEEK),
        head=causal_head("Glm4MoeForCausalLM"),
        reads=PARTLY_TURNED,
    ),
)
