"""Several modalities in one network: encoders side by side, and what joins them."""
