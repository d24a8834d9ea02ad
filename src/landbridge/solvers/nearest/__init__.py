"""Classifiers by distance: neighbours and class means."""
