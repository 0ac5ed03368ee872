#!/bin/sh
# Keeps a wheel of each pinned package in .toolchain/wheels, for the tests that install elastx-mrs as its users do, with
# pip and into an empty environment, but from no index; does nothing where that is done already.
set -eu
cd "$(dirname "$0")/.."
wheels=.toolchain/wheels

stamp=$( (.venv/bin/python -c 'import sys; print(sys.version, sys.base_prefix)'; cat requirements-dev.txt) | cksum)
if [ "$(cat $wheels/made-from 2>/dev/null)" = "$stamp" ]; then exit 0; fi

echo "wheels: collecting the pinned packages for the tests; about half a minute"
rm -rf $wheels $wheels.unfinished
# pip wheel and not pip download: a package may be there as source only, and the tests have nothing to build it with.
.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt \
    --wheel-dir $wheels.unfinished
printf '%s' "$stamp" > $wheels.unfinished/made-from
mv $wheels.unfinished $wheels
