"""A run's folder: its state, its processes, and going on where it stopped."""
