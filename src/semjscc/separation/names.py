"""What the source coders are called, for whoever asks before anything is imported."""

CODER_NAMES = ("jpeg", "jpeg2000", "webp", "avif", "hevc", "small")
"""In the order of `semjscc.separation.sources.CODERS`."""
