"""Methods for a labelled source and a few target labels."""
