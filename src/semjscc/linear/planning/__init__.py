"""Which coefficients of a picture are sent and how strong, and what both ends must know of it."""
