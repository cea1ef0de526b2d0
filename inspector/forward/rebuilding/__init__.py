"""The attention of every layer rebuilt from what entered it, by the stronger of two ways."""
