"""What goes wrong with a model, found out and said in our own sentences."""
