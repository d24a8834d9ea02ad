"""Methods that need a model trained on the source, and none of its data."""
