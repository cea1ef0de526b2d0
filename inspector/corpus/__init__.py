"""Many sentences: what every head does in general, with evidence."""
