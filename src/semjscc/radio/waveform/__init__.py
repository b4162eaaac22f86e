"""Symbols to samples: the profiles, where everything stands in a burst, its header, OFDM."""
