"""Weights: trained, exported, and put where others find them."""
