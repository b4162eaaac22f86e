"""What a link is worth: the grid of ratios and SNRs, its statistics, results files and tables."""
