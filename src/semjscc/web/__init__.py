"""The page to see it on: one image, every link, one slider for the SNR."""
