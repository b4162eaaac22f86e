"""An evaluation from data to files, and a plan of trainings and evaluations with one report."""
