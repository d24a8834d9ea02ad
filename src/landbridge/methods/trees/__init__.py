"""Trees on a table's columns."""
