"""Encoders built as BERT or RoBERTa is, each with something of its own."""
