"""Weights for others: their card, and the way to the hub."""
