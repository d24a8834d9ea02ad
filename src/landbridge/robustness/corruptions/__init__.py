"""One corruption a class: what happens to data by itself, at five severities."""
