"""``inspect live``: the report served on this machine, with a line to type in."""
