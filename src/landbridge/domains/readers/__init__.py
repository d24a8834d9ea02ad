"""Readers: one file for each kind of thing that a domain can be read from."""
