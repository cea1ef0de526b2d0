"""Attention of a long text, a block of query rows at a time."""
