"""Classifiers on features: what a feature method ends in."""
