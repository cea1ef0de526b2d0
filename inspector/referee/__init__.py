"""The real model through transformers: loaded, run, watched. Only here is torch imported."""
