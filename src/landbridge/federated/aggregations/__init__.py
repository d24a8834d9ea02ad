"""Ways to make one change of the changes that clients send, one file each."""
