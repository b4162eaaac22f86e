"""What results say: intervals, paired comparisons, several trainings, gains at equal PSNR."""
