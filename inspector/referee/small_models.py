"""Small models made on the spot, with no network and no tokenizer, to try a family's rebuild on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from transformers import AutoConfig

from inspector.checkpoint.model.assemble import assemble
from inspector.checkpoint.sources import Source
from inspector.errors import ModelError
from inspector.families.small import SMALL
from inspector.records import Text, Token
from inspector.referee.answers.lm_head import head_of
from inspector.referee.loading import LoadedModel, prepare
from inspector.referee.quiet import quiet

_SEED = 5
_TOKENS = 14
#: Entries of a small vocabulary that may be special: padding, masks, the ends of a text.
_SPECIAL = 5


def small_model(model_type: str) -> tuple[LoadedModel, Text, Text | None]:
    """Make a small random model of a family, and a text of random entries for it, and a target.

    Raises
    ------
    ModelError
        When the family has no small config.
    """
    if model_type not in SMALL:
        raise ModelError(
            f"There is no small config for {model_type} to make a model from.",
            "Add one to inspector/families/small.py.",
        )
    with quiet(), torch.random.fork_rng():
        torch.manual_seed(_SEED)
        config = AutoConfig.for_model(model_type, **SMALL[model_type])
        _, automatic = head_of(config)
        model = automatic.from_config(config, attn_implementation="eager", dtype=torch.float32)
    perturb(model, _SEED)
    source = Source(model_type, f"a small random {model_type}", "", local=True, sha256=None)
    loaded = _runnable(prepare(source, model.eval(), None, head=None))
    words = int(config.get_text_config(decoder=True).vocab_size)
    ids = np.random.default_rng(_SEED).integers(_SPECIAL, words, (2, _TOKENS))
    read, written = (row.tolist() for row in ids)
    if not loaded.takes_target:
        return loaded, _text(read), None
    # Shorter than what the encoder reads, so that rows and columns of cross-attention differ.
    begins = getattr(config, "decoder_start_token_id", None)
    if begins is None:  # it is the decoder's own
        begins = config.decoder.bos_token_id
    target = [int(begins), *written[: _TOKENS - _SPECIAL]]
    return loaded, _text(read), _text(target)


def _runnable(loaded: LoadedModel) -> LoadedModel:
    """Give a model that lies in no file what our own forward needs of it."""
    if loaded.family is None:
        return loaded
    tensors = {name: tensor.numpy() for name, tensor in loaded.model.state_dict().items()}
    config, title = loaded.model.config, loaded.title
    # Only a model that is never without its head says so.
    named = (type(loaded.model).__name__,)
    whole = assemble(tensors, loaded.family, config, title, architectures=named)
    return replace(loaded, checkpoint=replace(loaded.checkpoint, model=whole))


def perturb(model: torch.nn.Module, seed: int) -> None:
    """Move every parameter, so that no bias is zero and no norm is the identity.

    And what a file has beside parameters: biases that are set, and not learned by gradients.
    """
    generator = torch.Generator().manual_seed(seed)
    filed = model.state_dict().keys()
    beside = [buffer for name, buffer in model.named_buffers() if name in filed]
    with torch.no_grad():
        for tensor in (*model.parameters(), *beside):
            if tensor.is_floating_point():
                tensor.add_(0.2 * torch.randn(tensor.shape, generator=generator))


def _text(ids: list[int]) -> Text:
    tokens = tuple(
        Token(id=entry, text=str(entry), word=place, special=False, segment=0, span=None)
        for place, entry in enumerate(ids)
    )
    return Text.of(tokens, " ".join(map(str, ids)))
