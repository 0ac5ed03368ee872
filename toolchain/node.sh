#!/bin/sh
# Makes .toolchain/node with the pinned npm packages of TypeScript programs; does nothing where that is done already.
set -eu
cd "$(dirname "$0")/.."

if ! command -v npm >/dev/null 2>&1; then
    echo "toolchain: no npm here; the tests of TypeScript programs are skipped" >&2
    exit 0
fi
target=.toolchain/node
stamp=$(cat toolchain/node/package-lock.json | cksum)
if [ "$(cat $target/installed-from 2>/dev/null)" = "$stamp" ]; then exit 0; fi

echo "toolchain: installing the pinned npm packages into $target"
rm -rf $target
mkdir -p $target
cp toolchain/node/package.json toolchain/node/package-lock.json $target/
# Scripts of packages are not run: nothing here needs them.
if ! npm ci --prefix $target --ignore-scripts --no-audit --no-fund --loglevel=error \
    --fetch-timeout=30000 --fetch-retries=2 >/dev/null; then
    rm -rf $target
    echo "toolchain: npm could not install its packages; is the npm registry reachable?" >&2
    exit 1
fi
printf '%s' "$stamp" > $target/installed-from
