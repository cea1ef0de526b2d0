"""What the real model says: its head for words, what it predicts, and what it writes."""
