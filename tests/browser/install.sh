#!/bin/sh
# Installs what "make browser" needs, from Debian: Chromium and its driver.
set -eu
missing=
for program in chromium chromedriver; do
    command -v "$program" >/dev/null 2>&1 || missing=yes
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "browser: no apt-get here; install chromium and chromedriver" >&2
    exit 1
fi
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver fonts-dejavu-core
