"""The classroom's formulas, on students and on words, rung by rung (NumPy only)."""
