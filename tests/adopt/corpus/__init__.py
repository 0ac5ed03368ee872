"""Zones as companies have them, each with what ``adopt`` is to make of it: the promise that is kept in test_promise.

A table of the ``.toml`` files beside this is one zone, ``<table>.com``. Its keys:

- ``about``: what is particular.
- ``zone``: its records, beside SOA and NS. ``{KEY}`` is the DKIM key that the service's page has; ``{SPACED}``,
  ``{QUOTED}`` and ``{BACKSLASH}`` are the same in other spellings.
- ``zones``: zones below it that are delegated away, by name.
- ``domain``: the sender domain; the zone's own name without it.
- ``says``: what a comment of adopt's is to hold.
- ``cannot``: what a comment that begins with CANNOT BE KEPT is to hold. Then the exit code is 1, else it is 0.
- ``remove`` and ``add``: what the comment says is to be done: names and types, and records.
- ``there``: the zone in which that is done, where it is not the sender domain's.
- ``stands``: whether the config that was printed holds then, or, where there is nothing to do, at once. Without it,
  adopt is run again after that, and it ends with 0.
- ``terms``: the SPF that was meant, where receivers see none.
- ``bare``: whether the config is the bare name.
- ``xfail``: why the promise is not kept.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from elastx_mrs.records.names import sender_domain
from elastx_mrs.records.text import presentation
from tests import golden
from tests.servers.zones import ZONES

_HEAD = "$TTL 3600\n$ORIGIN {name}.\n@ SOA ns.vendor.se. hostmaster 1 3600 900 604800 300\n@ NS ns.vendor.se.\n"
_KEYS = {
    "KEY": f'"{golden.DKIM_FIRST[:100]}" "{golden.DKIM_FIRST[100:]}" "{golden.DKIM_REST}"',
    "SPACED": presentation(golden.DKIM.replace("IDAQAB", "I DA QAB").replace("z4Ne", " z4Ne")),
    "QUOTED": presentation(f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"').replace('\\\\"', '\\"'),
    "BACKSLASH": presentation(golden.DKIM.replace(";", "\\;")),
}


@dataclass(frozen=True)
class Case:
    """One zone; the module says what each field is."""

    name: str
    about: str
    zone: str
    zones: Mapping[str, str] = field(default_factory=dict)
    domain: str = ""
    says: str = ""
    cannot: str = ""
    remove: tuple[str, ...] = ()
    add: str = ""
    there: str = ""
    stands: bool = False
    terms: str = ""
    bare: bool = False
    xfail: str = ""

    @property
    def apex(self) -> str:
        return f"{self.name}.com"

    @property
    def sender(self) -> str:
        return sender_domain(self.domain) if self.domain else self.apex

    @property
    def origin(self) -> str:
        """The zone of the sender domain."""
        return self.sender if self.domain and not self.sender.endswith(self.apex) else self.apex

    def served(self) -> dict[str, str]:
        records = {self.origin: self.zone, **self.zones}
        return {name: _HEAD.format(name=name) + _filled(text) + "\n" for name, text in records.items()}

    def added(self) -> str:
        """The records to add, relative to the origin."""
        return f"{_filled(self.add).strip()}\n"


def _filled(text: str) -> str:
    for name, value in _KEYS.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _cases() -> list[Case]:
    found = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for name, keys in tomllib.loads(path.read_text(encoding="utf-8")).items():
            given: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in keys.items()
            }
            found.append(Case(name, **given))
    return found


CASES = _cases()

_VENDORS = {
    "google.com": '''@ A 198.51.100.1
@ MX 10 mail
mail A 198.51.100.2
_spf TXT "v=spf1 include:_netblocks.google.com include:_netblocks2.google.com include:_netblocks3.google.com ~all"
_netblocks TXT "v=spf1 ip4:198.51.100.0/25 ~all"
_netblocks2 TXT "v=spf1 ip6:2001:db8:4000::/36 ~all"
_netblocks3 TXT "v=spf1 ip4:198.51.100.128/25 ~all"
open TXT "v=spf1 +all"
macros.com.spf TXT "v=spf1 ip4:198.51.100.7 ~all"
''' + "".join(f"a{number} A 198.51.100.{number}\n" for number in range(1, 11)),
    "outlook.com": 'spf.protection TXT "v=spf1 ip4:203.0.113.0/26 ip6:2001:db8:f400::/48 -all"\n',
    "mcsv.net": 'servers TXT "v=spf1 ip4:203.0.113.64/26 ?all"\ndkim2 TXT "v=DKIM1; p="\n',
    "sendgrid.net": '@ TXT "v=spf1 include:ab.sendgrid.net ~all"\nab TXT "v=spf1 ip4:203.0.113.128/26 ~all"\n',
    "vendor.se": f'''ns A 192.0.2.53
policy TXT "v=DMARC1; p=reject"
two TXT "v=DMARC1; p=reject"
two TXT "v=DMARC1; p=none"
key TXT {_KEYS["KEY"]}
host A 192.0.2.78
_dmarc.moved TXT "v=DMARC1; p=reject"
elastx._domainkey.moved TXT {_KEYS["KEY"]}
*._report._dmarc.dmarc TXT "v=DMARC1"
inherits-reports.com._report._dmarc.choosy TXT "v=DMARC1"
silent A 192.0.2.79
''',
}  # fmt: skip

SERVED: dict[str, str] = {
    "elastx.email": ZONES["elastx.email"],
    **{name: _HEAD.format(name=name) + text for name, text in _VENDORS.items()},
    **{name: text for case in CASES for name, text in case.served().items()},
}
"""Every zone, as master files."""
