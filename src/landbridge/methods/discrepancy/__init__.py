"""Methods that make the features of both domains alike by a distance between them."""
