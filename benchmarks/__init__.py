"""What the README's tables of speed and size are made from: ``python -m benchmarks``."""
