"""From scores to probabilities that hold."""
