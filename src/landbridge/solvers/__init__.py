"""Numerical methods on arrays: pure functions, each checked against ground truth."""
