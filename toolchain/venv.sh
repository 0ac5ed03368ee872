#!/bin/sh
# Makes .venv with the pinned packages and this project in it; does nothing where that is done already.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-}
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    [ -z "$python" ] || break
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; fi
done
if [ -z "$python" ]; then
    echo "setup: no Python 3.11 or newer on PATH; install one, or set PYTHON to it" >&2
    exit 1
fi

stamp=$( ("$python" -c 'import sys; print(sys.version, sys.base_prefix)'; cat requirements-dev.txt pyproject.toml) | cksum)
if [ -x .venv/bin/python ] && [ "$(cat .venv/installed-from 2>/dev/null)" = "$stamp" ]; then exit 0; fi

echo "setup: installing the pinned Python packages into .venv; about a minute"
if ! "$python" -m venv --clear .venv; then
    echo "setup: $python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2
    exit 1
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
printf '%s' "$stamp" > .venv/installed-from
