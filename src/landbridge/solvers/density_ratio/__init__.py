"""Weights of source rows: estimators of p_target(x) / p_source(x)."""
