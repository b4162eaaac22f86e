"""Samples to symbols: finding bursts, equalising them, and the noise of every symbol."""
