"""Where a sender spends its symbols and its power."""
