"""The report: one offline HTML file, and the model card, both made from a run folder alone."""
