"""All attention matrices of one sentence by our own forward pass: a process that does only that."""

from __future__ import annotations

import sys

from inspector.checkpoint.opening import open_checkpoint
from inspector.checkpoint.sources import locate, weights_checked
from inspector.checkpoint.tokens import encode
from inspector.forward.model import forward

if __name__ == "__main__":
    source = locate("bundled")
    with weights_checked(source):
        checkpoint = open_checkpoint(source)
        trace = forward(checkpoint, encode(checkpoint, sys.argv[1], truncate=False))
    print(sum(len(layer.attention) for layer in trace.layers), "matrices")
