"""Separate source and channel coding, and what it could reach at best."""
