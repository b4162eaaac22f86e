"""Sound files: WAV, FLAC and Ogg."""
