"""The modem: complex symbols to a waveform and back, and what happens to it on the way."""
