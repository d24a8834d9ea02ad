"""Federated transfer: clients keep their rows, what travels is Δ or statistics, each is judged."""
