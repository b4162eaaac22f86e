"""What was measured: records in files, the images behind them, and what decides a record."""
