"""Joint source-channel coding: neural codecs, linear codes, and those beside a digital layer."""
