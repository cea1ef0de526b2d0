"""Decoders that are Llama but for a few parts: other norms, multipliers, activations, turns."""
