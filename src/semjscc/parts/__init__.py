"""Parts of the user's own, and the code behind them."""
