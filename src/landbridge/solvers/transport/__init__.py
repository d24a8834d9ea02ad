"""Optimal transport between rows of features: costs, plans, and what is done with a plan."""
