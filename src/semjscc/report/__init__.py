"""Results as tables, figures, pictures and one HTML file."""
