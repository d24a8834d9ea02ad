"""What labels are: one strategy per kind, one file each."""
