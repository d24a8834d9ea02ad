"""How a row of each modality is taken apart into what a person can read; one file each."""
