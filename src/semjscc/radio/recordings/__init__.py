"""Recordings in files and pipes: WAV, SigMF and raw samples, levels, resampling, passband."""
