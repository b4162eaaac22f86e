"""What happens to complex symbols on their way; knows nothing of images."""
