"""Training from a recipe: every step a pure function of its number."""
