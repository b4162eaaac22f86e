"""What a training step meets between encoder and decoder."""
