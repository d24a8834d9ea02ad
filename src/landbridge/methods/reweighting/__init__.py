"""Methods that weight source rows so that they look like the target's."""
