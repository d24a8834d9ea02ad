"""Methods for classes that only one side has."""
