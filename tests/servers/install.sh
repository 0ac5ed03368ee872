#!/bin/sh
# Installs the name servers that the tests start, and what pipelines use, where that is allowed; the tests say so where it was not.
set -eu
PATH=$PATH:/usr/sbin:/sbin
missing=
for pair in named:bind9 named-checkzone:bind9-utils dig:bind9-dnsutils knotd:knot kdig:knot-dnsutils nsd:nsd unbound:unbound \
    pdns_server:pdns-server opendkim-testkey:opendkim-tools ip:iproute2 curl:curl jq:jq; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
# A library without a program of its own.
[ -e /usr/share/pdns-backend-sqlite3 ] || missing="$missing pdns-backend-sqlite3"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "servers: no apt-get here; the tests that need$missing are skipped" >&2
    exit 0
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "servers: neither root nor sudo without a password; the tests that need$missing are skipped" >&2
        exit 0
    fi
    sudo="sudo -n"
fi

echo "servers: installing$missing from Debian for the tests"
# The tests start their own on free ports; the packages must not start any.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
    trap '$sudo rm -f "$policy"' EXIT
fi
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
