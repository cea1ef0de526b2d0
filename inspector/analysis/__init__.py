"""How far apart analogy and model are, and what each head does (NumPy only)."""
