"""What was found out, written down: terminal, HTML, JSON and tensors (no maths of its own)."""
