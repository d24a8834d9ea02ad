"""What a run's model withstands: natural corruptions and attacks, before and after the transfer."""
