"""Separate source and channel coding: image coder, 5G channel code, QAM, and the choice of both."""
