"""What people write in YAML, as dataclasses."""

from semjscc.settings.reading import read_settings

__all__ = ["read_settings"]
