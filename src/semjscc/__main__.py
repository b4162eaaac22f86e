"""``python -m semjscc`` is the command ``semjscc``."""

import sys

from semjscc.cli import main

if __name__ == "__main__":
    sys.exit(main())
