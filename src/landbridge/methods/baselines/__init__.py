"""What every other method is measured against."""
