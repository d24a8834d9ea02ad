"""Methods that learn from the network's own answers on the target."""
