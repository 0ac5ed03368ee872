"""One small DNS for tests: the same records for our lookups, for pyspf, and as zones for a real server.

Records are written as ``{"example.com": ["TXT v=spf1 mx -all", "MX 10 mail.example.com", "A 192.0.2.1"]}``; the data
``!`` stands for servers that do not answer.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import spf as pyspf

from elastx_mrs.lookup.answer import Answer
from elastx_mrs.records.text import cut, quote

Records = Mapping[str, Sequence[str]]

HEAD = "$TTL 3600\n@ SOA ns1.{zone}. hostmaster.{zone}. 1 3600 900 604800 300\n@ NS ns1.{zone}.\nns1 A 127.0.0.1\n"
MAX_CHAIN = 10


class Dns:
    """Answers from a dict; counts what it was asked."""

    def __init__(self, records: Records) -> None:
        self.records = {name.lower(): list(lines) for name, lines in records.items()}
        self.asked: Counter[tuple[str, str]] = Counter()

    async def ask(self, name: str, rdtype: str) -> Answer:
        self.asked[name, rdtype] += 1
        name = name.lower().removesuffix(".")
        canonical, data = self._find(name, rdtype)
        if "!" in data:
            return Answer(name, rdtype, "failed", problem="192.0.2.53 did not answer in 2 s")
        if data:
            rdatas = tuple(_rdata(rdtype, text) for text in data)
            return Answer(name, rdtype, "found", rdatas, canonical)
        return Answer(name, rdtype, "nodata" if self._exists(canonical) else "nxdomain", (), canonical)

    def pyspf_lookup(
        self, name: str, qtype: str, strict: bool = True, timeout: float = 20
    ) -> list[tuple[tuple[str, str], object]]:
        """Take the place of pyspf's ``DNSLookup``."""
        _, data = self._find(name.lower(), qtype)
        if "!" in data:
            raise pyspf.TempError("DNS did not answer")
        found: list[tuple[tuple[str, str], object]] = []
        for text in data:
            value: object = text
            if qtype == "TXT":
                value = tuple(cut(_octets(text)))
            elif qtype == "MX":
                preference, exchange = text.split()
                value = (int(preference), exchange)
            found.append(((name, qtype), value))
        return found

    def zones(self) -> dict[str, str]:
        """Return master files, one zone for each top-level domain in the records; ``!`` is left out."""
        found: dict[str, str] = {}
        for name, lines in self.records.items():
            zone = name.rpartition(".")[2]
            found.setdefault(zone, HEAD.format(zone=zone))
            found[zone] += "".join(_master(name, line) for line in lines if not line.endswith("!"))
        return found

    def _find(self, name: str, rdtype: str) -> tuple[str, list[str]]:
        for _ in range(MAX_CHAIN):
            lines = [line.partition(" ") for line in self.records.get(name, [])]
            alias = [data for kind, _, data in lines if kind == "CNAME"]
            if not alias:
                return name, [data for kind, _, data in lines if kind == rdtype]
            name = alias[0].lower()
        return name, []

    def _exists(self, name: str) -> bool:
        return any(other == name or other.endswith(f".{name}") for other in self.records)


def pyspf_query(records: Records, address: str, sender: str, helo: str = "mail.example.net") -> tuple[str, str, int]:
    """Return what pyspf answers, what it says of it, and the lookups that it counted."""
    before, pyspf.DNSLookup = pyspf.DNSLookup, Dns(records).pyspf_lookup
    try:
        query = pyspf.query(address, sender, helo)
        result, _, text = query.check()
        return result, text, query.lookups
    finally:
        pyspf.DNSLookup = before


def _rdata(rdtype: str, text: str) -> dns.rdata.Rdata:
    if rdtype == "TXT":
        text = " ".join(quote(string) for string in cut(_octets(text)))
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), text, dns.name.root)


def _octets(text: str) -> bytes:
    return text.encode("latin-1")


def _master(name: str, line: str) -> str:
    kind, _, data = line.partition(" ")
    if kind == "TXT":
        data = " ".join(quote(string) for string in cut(_octets(data)))
    elif kind in ("MX", "CNAME", "PTR") and not data.endswith("."):
        data += "."
    return f"{name}. {kind} {data}\n"
