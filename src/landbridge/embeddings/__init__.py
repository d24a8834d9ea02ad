"""One space for several modalities: align them, search across, name classes in words."""
