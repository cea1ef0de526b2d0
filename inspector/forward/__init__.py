"""The model's attention rebuilt from its weights, formula by formula (NumPy only)."""
