"""How the program runs: threads, processes, warnings, and what libraries say."""
