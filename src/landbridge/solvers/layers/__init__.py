"""Kinds of head layers that are more than a few lines: one file each, found by `STEPS`."""
