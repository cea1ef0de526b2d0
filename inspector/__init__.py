"""A text attention inspector for real sentences."""
