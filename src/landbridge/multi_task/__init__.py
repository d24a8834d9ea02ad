"""One backbone, several heads: several columns of labels learned at once, and judged."""
