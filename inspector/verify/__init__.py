"""What was recomputed and what the model gave, compared and judged (NumPy only)."""
