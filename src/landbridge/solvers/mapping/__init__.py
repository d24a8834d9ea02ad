"""Maps of one domain's rows, or moments, to another's."""
