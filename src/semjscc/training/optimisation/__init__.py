"""How weights move: the optimiser, its rate by step, and their averages."""
