"""Methods that learn from their own answers on the target."""
