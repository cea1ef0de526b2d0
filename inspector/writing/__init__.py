"""A text written on: from the tokens that it begins with to those that were written."""
