"""What pyspf, checkdmarc, dkimpy and opendkim-testkey say of domains; run inside the namespace, as one program.

``judges.py OPENDKIM_CONF RESOLVER DOMAIN…`` prints JSON: a :class:`Judged` for each domain. All of them ask the
resolver, as receivers do, and none of them is ours.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypedDict

import checkdmarc.dmarc
import checkdmarc.spf
import dkim
import spf

FROM_ELASTX = ("203.0.113.1", "203.0.113.65", "203.0.113.200", "2001:db8:25::1")
FROM_ELSEWHERE = "198.51.100.66"
SELECTOR = "elastx"


class Judged(TypedDict):
    """One domain's verdicts.

    ``spf``: what pyspf returns for each address of ``FROM_ELASTX``; ``spf_elsewhere``: for another.
    ``spf_tree``: checkdmarc's word on the whole tree, its error or "".
    ``dmarc``: the domain where checkdmarc found the policy, or ""; ``dmarc_error``, and ``dmarc_warnings`` likewise.
    ``dkim``: the key type that dkimpy reads, or its error; ``opendkim``: opendkim-testkey's exit code.
    """

    spf: list[str]
    spf_elsewhere: str
    spf_tree: str
    dmarc: str
    dmarc_error: str
    dmarc_warnings: list[str]
    dkim: str
    opendkim: int


def judged(domain: str, configuration: str, resolver: str) -> Judged:
    tree = checkdmarc.spf.check_spf(domain, nameservers=[resolver])
    dmarc = checkdmarc.dmarc.check_dmarc(domain, nameservers=[resolver])
    command = ["opendkim-testkey", "-x", configuration, "-d", domain, "-s", SELECTOR]
    return {
        "spf": [_spf(address, domain) for address in FROM_ELASTX],
        "spf_elsewhere": _spf(FROM_ELSEWHERE, domain),
        "spf_tree": str(tree.get("error", "")),
        "dmarc": str(dmarc.get("location") or ""),
        "dmarc_error": str(dmarc.get("error", "")),
        "dmarc_warnings": list(map(str, dmarc["warnings"])),
        "dkim": _dkim(domain),
        "opendkim": subprocess.run(command, capture_output=True, check=False).returncode,
    }


def _spf(address: str, domain: str) -> str:
    return str(spf.query(i=address, s=f"postmaster@{domain}", h=domain, timeout=20, querytime=20).check()[0])


def _dkim(domain: str) -> str:
    try:
        return str(dkim.load_pk_from_dns(f"{SELECTOR}._domainkey.{domain}.".encode())[2].decode())
    except (dkim.DKIMException, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def main(configuration: str, resolver: str, domains: Sequence[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda domain: judged(domain, configuration, resolver), domains)
        print(json.dumps(dict(zip(domains, found, strict=True))))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
