"""A model put together from a checkpoint's tensors, as its family's row declares it."""
