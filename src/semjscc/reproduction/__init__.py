"""An experiment as one plan: what is trained, and what is then measured."""
