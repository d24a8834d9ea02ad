"""The report of a run and its model card, from the run's folder alone."""
