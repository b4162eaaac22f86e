"""Streams of samples brought to another rate, centre or band, piece by piece."""
