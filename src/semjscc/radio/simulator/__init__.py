"""What happens on the way: multipath, radio impairments, noise."""
