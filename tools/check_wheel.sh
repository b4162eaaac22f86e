#!/usr/bin/env bash
# Builds sdist and wheel, and tries the wheel outside the checkout: `make wheel`. Nothing is downloaded.
set -euo pipefail
cd "$(dirname "$0")/.."
python="$(cd "$(dirname "${1:-.venv/bin/python}")" && pwd)/python"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The wheel is built from the sdist, which must therefore hold all that it needs.
"$python" - "$work" <<'EOF' >/dev/null
import sys
from setuptools import build_meta
build_meta.build_sdist(sys.argv[1])
EOF
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
  --wheel-dir "$work" "$work"/semjscc-*.tar.gz
git ls-files -z src/semjscc | "$python" -c '
import sys, zipfile
from pathlib import Path
(wheel,) = Path(sys.argv[1]).glob("*.whl")
wanted = {name.removeprefix("src/") for name in sys.stdin.read().split("\0") if name}
if lacking := sorted(wanted - set(zipfile.ZipFile(wheel).namelist())):
    sys.exit("the wheel lacks " + ", ".join(lacking))
' "$work"

# The dependencies are those of .venv. Installed first, the wheel does not meet the semjscc there.
"$python" -m venv --without-pip "$work/venv"
"$python" -m pip --disable-pip-version-check --python "$work/venv/bin/python" \
  install --quiet --no-deps --no-index "$work"/semjscc-*.whl
site=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$site/dependencies.pth"

cd "$work"
unset PYTHONPATH
"$python" -c '
from PIL import Image
Image.linear_gradient("L").resize((64, 64)).convert("RGB").save("image.png")'
venv/bin/python -c '
import sys, semjscc
sys.exit(not semjscc.__file__.startswith(sys.prefix) and f"tried {semjscc.__file__}")'
venv/bin/semjscc links > links.txt
grep -q semantic links.txt
venv/bin/semjscc transmit image.png --weights signs --link semantic --snr 5 --out received.png
test -s received.png
echo "the wheel works: $(basename "$work"/semjscc-*.whl), $(du -h semjscc-*.whl | cut -f1)"
