"""Neural codecs: images to complex channel symbols and back."""
