"""Every link on a grid of ratios and SNRs, as perception networks see what arrives."""
