"""Methods on frozen features that read labels alone, without bringing domains together."""
