"""`small`: our own coder for a few bytes."""
