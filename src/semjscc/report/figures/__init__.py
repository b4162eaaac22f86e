"""Figures: curves, heat maps and fronts, and one style for all."""
