"""Whether two samples differ, by how much, and in what."""
