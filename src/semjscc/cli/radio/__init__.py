"""The commands of the radio: modulate, demodulate and channel."""
