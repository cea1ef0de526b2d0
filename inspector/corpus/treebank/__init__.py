"""Sentences with syntax trees: read, compared with attention, summed into findings."""
