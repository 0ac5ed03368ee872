"""One name on an RFC 2136 primary: its zone, records in the way, and explanations of a refusal."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.update

from elastx_mrs.lookup.wildcard import strangers
from elastx_mrs.publish.rfc2136.primary import Ask, Primary, RefusedError, UpdateError, at, first, text
from elastx_mrs.records.names import fits, is_service_name


class InTheWayError(UpdateError):
    """Another record is in the way: the primary would not serve ours."""


@dataclass
class Place:
    """One name, and a connection to the primary that serves it."""

    primary: Primary
    ask: Ask
    zone: str
    owner: str

    @cached_property
    def name(self) -> dns.name.Name:
        """The name as dnspython has it."""
        return dns.name.from_text(self.owner)

    def synthesised(self, rrset: dns.rrset.RRset) -> bool:
        """Return whether a wildcard answers with these records, at a name that does not exist."""
        for name in strangers(self.owner):
            other = None
            if fits(name):
                other = at(self.ask(self.primary.query(name, rrset.rdtype)), name, rrset.rdtype)
            if other is None or set(other) != set(rrset):
                return False
        return True

    def has_alias(self) -> bool:
        """Check the zone itself. A prerequisite ignores a wildcard's records (RFC 2136 §2.4.3), and changes nothing."""
        question = dns.update.UpdateMessage(self.zone, keyring=self.primary.key)
        question.absent(self.name, dns.rdatatype.CNAME)
        try:
            self.ask(question)
        except RefusedError as refused:
            return refused.rcode == dns.rcode.YXRRSET
        return False

    def check_zone(self, soa: dns.rrset.RRset | None) -> None:
        """Refuse a record that would be written into the wrong zone."""
        if soa is None or text(soa.name) == self.zone:
            return
        real, zones = text(soa.name), self.primary.called("zones")
        if real.endswith(f".{self.zone}"):
            what = f"{self.owner} lies in the zone {real}, which {self.primary} serves too, and not in {self.zone}"
            external = is_service_name(real)
            cure = "write external: true for it, and publish it there" if external else f"add {real} to {zones}"
            raise InTheWayError(f"{what}: a record written there would never be served; {cure}")
        raise UpdateError(f"{self.primary} has {self.owner} in the zone {real}, not in {self.zone}; correct {zones}")

    def not_served(self, answer: dns.message.Message) -> UpdateError:
        """Explain an answer without authority: the name is in a child zone, or the server does not serve this zone."""
        delegated = first(answer.authority, dns.rdatatype.NS)
        child = text(delegated.name) if delegated is not None else ""
        if delegated is not None and child.endswith(f".{self.zone}"):
            what = f"{self.owner} lies in the zone {child}, which {self.zone} delegates to {text(delegated[0].target)}"
            return InTheWayError(f"{what}: {self.primary} does not serve it; publish it on the primary of {child}")
        what = f"{self.primary} is not authoritative for {self.owner}, so it says nothing about {self.zone}"
        return UpdateError(f"{what}; name the primary of {self.zone} as {self.primary.called('server')}")

    def explained(self, update: dns.update.UpdateMessage, refused: RefusedError) -> RefusedError:
        """Return a refusal with further facts from the server."""
        signed = self.signed() if refused.rcode == dns.rcode.SERVFAIL else ""
        return self.primary.refused(update, refused.rcode, signed, self.mname())

    def signed(self) -> str:
        """Return a possible cause if the zone is signed (RFC 4035 §2.1), as a sentence with a space after it."""
        with suppress(UpdateError):
            keys = self.ask(self.primary.query(self.zone, dns.rdatatype.DNSKEY))
            if at(keys, self.zone, dns.rdatatype.DNSKEY) is not None:
                what = f"{self.zone} is signed, and without its private keys nothing can be added to it"
                return f"{what}: are they in BIND's key-directory, or Knot's keystore (keymgr {self.zone} list)? "
        return ""

    def mname(self) -> str:
        """Return the primary in the zone's SOA record (RFC 1035 §3.3.13), as a sentence."""
        with suppress(UpdateError):
            soa = at(self.ask(self.primary.query(self.zone, dns.rdatatype.SOA)), self.zone, dns.rdatatype.SOA)
            if soa is not None:
                primary, server = text(soa[0].mname), self.primary.called("server")
                return f"Its SOA says that {primary} is the primary; if this is a secondary, name that one as {server}"
        return ""
