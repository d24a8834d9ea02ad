"""What a stored head does to features: the layers of a model's file, as arrays."""
