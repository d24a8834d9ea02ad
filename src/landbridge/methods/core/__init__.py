"""What all methods are made with: contracts, plans, options, alignment."""
