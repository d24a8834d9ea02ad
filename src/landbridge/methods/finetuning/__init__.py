"""Methods that move the network by labels, or by a teacher's answers."""
