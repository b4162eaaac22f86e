"""What people write in YAML, as dataclasses, and as options of what they name."""
