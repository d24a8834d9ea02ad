"""Methods that move source rows by optimal transport."""
