"""Recordings in files and pipes: WAV, SigMF and raw samples, and their levels."""
