"""Ways to say what of a row speaks for an answer; one file each."""
