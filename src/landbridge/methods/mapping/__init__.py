"""Methods that map features of one side to the other."""
