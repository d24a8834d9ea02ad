"""Groups of rows without labels, on features of a backbone: how many, how sure, what they are."""
