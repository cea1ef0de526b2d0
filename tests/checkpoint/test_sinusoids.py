"""Tables of places that nobody learned, beside those that transformers makes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import MarianConfig, MarianModel
from transformers.models.ctrl.modeling_ctrl import positional_encoding
from transformers.models.xglm.modeling_xglm import XGLMSinusoidalPositionalEmbedding

from inspector.checkpoint.model.sinusoids import sinusoids


@pytest.mark.parametrize(("places", "width"), [(40, 24), (256, 1280)])
def test_of_ctrl(places: int, width: int) -> None:
    theirs = positional_encoding(places, width, torch.float).numpy()
    np.testing.assert_allclose(sinusoids("ctrl", places, width), theirs, atol=1e-5)


@pytest.mark.parametrize("empty", [None, 1, 7])
@pytest.mark.parametrize(("places", "width"), [(42, 24), (42, 7), (2050, 1024)])
def test_of_fairseq(places: int, width: int, empty: int | None) -> None:
    """Angles of thousands, in float32: their last digit is the fourth of the sine."""
    theirs = XGLMSinusoidalPositionalEmbedding.get_embedding(places, width, empty).numpy()
    ours = sinusoids("fairseq", places, width, empty)
    np.testing.assert_allclose(ours, theirs, atol=1e-6 if places < 100 else 1e-4)
    if empty is not None:
        assert not ours[empty].any()


def test_of_the_paper() -> None:
    sizes = {"vocab_size": 32, "d_model": 24, "max_position_embeddings": 500, "pad_token_id": 0}
    layers = {"encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    model = MarianModel(MarianConfig(**sizes, **layers, **heads))
    theirs = model.encoder.embed_positions.weight.numpy()
    np.testing.assert_array_equal(sinusoids("paper", 500, 24), theirs)
