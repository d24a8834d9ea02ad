"""Spaces of a few components in which two domains agree."""
