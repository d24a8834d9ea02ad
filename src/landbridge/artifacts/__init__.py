"""What a command makes: a folder with its state, a lock, a seal, and a kind that opens it."""
