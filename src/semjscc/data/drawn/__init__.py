"""Pictures that the program draws itself, so that nothing need be downloaded."""
