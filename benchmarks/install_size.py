"""What an installation draws in: packages and megabytes, without extras and with each.

    python benchmarks/install_size.py --out results/install-size.json

Counted are the files of the packages that are installed here, as their own records list them.
"""

import argparse
import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from semjscc.checkpoint import write_atomically

LEAST = ("torch", "numpy", "safetensors", "pillow")
"""What the codecs without a plan need."""
EXTRAS = ("train", "data", "imagenet", "hf", "onnx", "web")


def drawn_in(requirements: list[Requirement], extra: str, found: dict[str, int]) -> dict[str, int]:
    """Add to ``found`` the bytes of each package that requirements bring, and of what it needs."""
    for one in requirements:
        if one.marker is not None and not one.marker.evaluate({"extra": extra}):
            continue
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        if name in found:
            continue
        try:
            package = distribution(one.name)
        except PackageNotFoundError:
            continue
        found[name] = sum(file.size or 0 for file in package.files or [])
        drawn_in([Requirement(text) for text in package.requires or []], "", found)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    own = [Requirement(text) for text in distribution("semjscc").requires or []]
    plain = drawn_in(own, "", {})
    rows = {"codecs alone": drawn_in([Requirement(name) for name in LEAST], "", {}), "": plain}
    rows |= {extra: drawn_in(own, extra, dict(plain)) for extra in EXTRAS}
    measured = [
        {"extra": extra, "packages": len(found), "megabytes": round(sum(found.values()) / 1e6)}
        for extra, found in rows.items()
    ]
    text = json.dumps({"rows": measured}, indent=1) + "\n"
    write_atomically(out, lambda temporary: temporary.write_text(text))
    print(text)


if __name__ == "__main__":
    main()
