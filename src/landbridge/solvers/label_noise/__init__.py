"""Labels that are likely wrong, from predictions for rows that were left out."""
