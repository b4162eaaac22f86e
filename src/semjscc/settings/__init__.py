"""What people write in YAML, as dataclasses, and as options of what they name."""

from semjscc.settings.options import build
from semjscc.settings.reading import read_settings

__all__ = ["build", "read_settings"]
