"""The real model: found, loaded and run once; every tensor leaves this room as NumPy."""
