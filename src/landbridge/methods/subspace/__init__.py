"""Methods that look for a space in which the sides agree."""
