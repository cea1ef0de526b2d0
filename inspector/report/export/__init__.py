"""Files for other programs: JSON, tensors, the pages of bertviz."""
