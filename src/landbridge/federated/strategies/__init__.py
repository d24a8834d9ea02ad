"""Ways to make clients' knowledge one model, or one for each, one file each."""
