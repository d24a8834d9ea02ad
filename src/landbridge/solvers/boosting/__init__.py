"""Boosted trees, and boosting over two domains."""
