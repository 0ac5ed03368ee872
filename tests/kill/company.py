"""What a company declares in each stage of a stack's life, and what is in its zones before: other people's records."""

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tests import golden

Row = tuple[str, str, str, int]
"""Name, type, value, TTL in seconds."""

APEXES = ("example.com", "example.se")
ACCOUNTS = {"up": "smtp-prod@acme.example", "change": "newsletter@acme.example"}
POLICIES = {"up": "v=DMARC1; p=reject", "change": "v=DMARC1; p=reject; adkim=s"}

_HEAD = """$TTL 3600
@ SOA ns1 hostmaster 2026010101 3600 900 604800 300
@ NS ns1
ns1 A 127.0.0.1
@ MX 10 mail
mail A 192.0.2.21
@ TXT "google-site-verification=abc"
@ TXT "two strings " "of one record"
"""
_ELASTX = """$TTL 3600
@ SOA ns1 hostmaster 1 3600 900 604800 300
@ NS ns1
ns1 A 127.0.0.1
@ TXT "v=spf1 ip4:192.0.2.128/25 -all"
"""


@dataclass(frozen=True)
class Company:
    """A company with two zones, whose apexes are sender domains as well.

    :param size: the number of its domains at a time. A fifth of them goes, and as many others come, with the change.
    """

    size: int

    def domains(self, stage: str) -> list[str]:
        first = 0 if stage == "up" else self.size // 5
        return [*APEXES, *(_domain(number) for number in range(first, first + self.size - len(APEXES)))]

    def zones(self) -> dict[str, str]:
        return {apex: _HEAD + self._foreign(apex) for apex in APEXES} | {"elastx.email": _ELASTX}

    def inputs(self, stage: str, publisher: str, settings: dict[str, Any]) -> dict[str, Any]:
        """The component's arguments in a stage.

        :param settings: of the publisher.
        """
        return {
            "accounts": [ACCOUNTS[stage]],
            "dkim": {"record": golden.DKIM},
            "dmarc": {"record": POLICIES[stage]},
            "domains": [{"name": name} for name in self.domains(stage)],
            publisher: settings,
        }

    def expected(self, stage: str, before: Counter[Row], shares_ttl: bool) -> Counter[Row]:
        """Return what is to be in the zones: what was there before, and each declared record once.

        The token is computed as the service's page says: ``echo -n ACCOUNT | sha256sum``.

        :param shares_ttl: whether a record takes the TTL of those beside it (RFC 2181 §5.2).
        """
        if stage == "destroy":
            return before
        token = f"elastx-mrs={sha256(ACCOUNTS[stage].encode()).hexdigest()}"
        found = Counter(before)
        ttls = {name: ttl for name, kind, _, ttl in before if kind == "TXT"} if shares_ttl else {}
        for name in self.domains(stage):
            for owner, value in (
                (name, token),
                (name, golden.SPF),
                (f"elastx._domainkey.{name}", golden.DKIM),
                (f"_dmarc.{name}", POLICIES[stage]),
            ):
                found[owner, "TXT", value, ttls.get(owner, 1800)] += 1
        return found

    def _foreign(self, apex: str) -> str:
        """Records of others: beside ours at every third name, and at names of their own."""
        lines = []
        for number in range(self.size + self.size // 5):
            if _domain(number).endswith(apex):
                lines.append(f"d{number:02} A 192.0.2.{number}")
                lines += [f'd{number:02} TXT "MS=ms{number:08}"'] if number % 3 == 0 else []
                lines += [f'other{number:02} TXT "v=spf1 -all"', f"www{number:02} CNAME mail"]
        return "\n".join(lines) + "\n"


def _domain(number: int) -> str:
    return f"d{number:02}.{APEXES[number % 2]}"
