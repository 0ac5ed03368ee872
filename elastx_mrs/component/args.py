"""The types of a program's arguments, by which editors complete keys and type checkers find wrong ones.

Generated from the config's models by ``python -m toolchain.args``; change those. At run time ``MailRelay`` takes every
dictionary and checks it with all rules. A preview must know the value of an Output. Only a ``Late`` value, which is any
``pulumi.Input[str]``, may be known later.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Literal, Protocol, Required, SupportsIndex, TypedDict, TypeVar, overload

from pulumi import Output

T_co = TypeVar("T_co", covariant=True)


class ListOf(Protocol[T_co]):
    """A list or a tuple, but not a string, which a ``Sequence[str]`` may be."""

    def __contains__(self, value: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[T_co]: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> T_co: ...
    @overload
    def __getitem__(self, index: slice, /) -> Sequence[T_co]: ...


Text = str | Output[str]
Flag = bool | Output[bool]
Integer = int | Output[int]
Number = float | Output[float]
Texts = ListOf[Text] | Output[Sequence[str]]
Late = str | Awaitable[str] | Output[str]


class SpfArgs(TypedDict, total=False):
    """The SPF record of a domain: single terms, the whole record, or a record that somebody else publishes."""

    record: Text | None
    """The whole record, instead of the terms below. You can paste it from dig or a zone file. Elastx's include is added
    if it is missing.
    """

    external: Flag
    """Somebody else publishes the record. It is not created, but it is still verified. Default: false."""

    include: Texts
    """Domains whose servers may send, in addition to Elastx's (RFC 7208 §5.2)."""

    ip4: Texts
    """IPv4 networks that may send, such as 192.0.2.0/24 (RFC 7208 §5.6)."""

    ip6: Texts
    """IPv6 networks that may send, such as 2001:db8::/32 (RFC 7208 §5.6)."""

    a: Texts
    """Host names whose addresses may send; @ is the domain itself (RFC 7208 §5.3)."""

    mx: Texts
    """Domains whose mail exchangers may send; @ is the domain itself (RFC 7208 §5.4)."""

    all: Literal["fail", "softfail", "neutral"] | Output[str]
    """The result for mail from any other server: fail, softfail or neutral (RFC 7208 §5.1). Default: fail."""


class DkimArgs(TypedDict, total=False):
    """A DKIM key of a domain: the value that Elastx provides, your own, or a record that somebody else publishes."""

    selector: Text
    """The selector. The record's name is <selector>._domainkey.<domain> (RFC 6376 §3.6.2.1). Default: elastx."""

    external: Flag
    """Somebody else publishes the key. It is not created, but it is still verified. Default: false."""

    record: Text | None
    """The public key, v=DKIM1; p=…: the value that Elastx provides, or that of elastx-mrs dkim generate. You can paste
    it from dig or a zone file. Required unless external.
    """

    own: Flag | None
    """You sign with this key before you hand in mail, so the relay does not sign with it. Default: false."""

    since: Text | None
    """The date or the time (UTC) at which the key was on every name server, such as 2026-11-30. A key that signs for
    over a year gets a notice.
    """

    signs: Flag | None
    """Whether mail is signed with this key today. Write false for a new key until the signer uses it. Default: true,
    unless retire is set.
    """

    retire: Text | None
    """The date from which the key may be removed. Nothing signs with it now, but mail in transit still needs it."""

    revoked: Flag
    """Publish an empty p=, so receivers reject all signatures of this key. Only after a compromise, and only for a key
    whose date retire has come. Default: false.
    """

    ttl: Integer | None
    """The TTL of this record, in seconds. elastx-mrs dkim rotate lowers it before a swap. Default: that of the domain.
    """

    ttl_before: Integer | None
    """The TTL that the record had before a swap, in seconds. elastx-mrs dkim rotate writes and removes it."""

    swap: Text | None
    """The time (UTC) from which another value may be published at this selector, because resolvers have forgotten the
    record with the old TTL. elastx-mrs dkim rotate writes and removes it.
    """


class DmarcArgs(TypedDict, total=False):
    """The DMARC policy of a domain: single tags, the whole record, or a record that somebody else publishes."""

    record: Text | None
    """The whole record, instead of the tags below, such as v=DMARC1; p=quarantine. You can paste it from dig or a zone
    file. Default: v=DMARC1; p=none;.
    """

    external: Flag
    """Somebody else publishes the record. It is not created, but it is still verified. Default: false."""

    p: Literal["none", "quarantine", "reject"] | Output[str] | None
    """The policy for mail that fails DMARC: none, quarantine or reject (RFC 9989 §4.7). Default: none."""

    sp: Literal["none", "quarantine", "reject"] | Output[str] | None
    """The policy for subdomains that have no record of their own. Default: the same as p."""

    np: Literal["none", "quarantine", "reject"] | Output[str] | None
    """The policy for subdomains that do not exist. Default: the same as sp."""

    adkim: Literal["r", "s"] | Output[str] | None
    """How strictly the DKIM domain must match the domain of the sender: r (relaxed) or s (strict). Default: r."""

    aspf: Literal["r", "s"] | Output[str] | None
    """How strictly the SPF domain must match the domain of the sender: r (relaxed) or s (strict). Default: r."""

    rua: Texts
    """Addresses that receive aggregate reports, such as mailto:dmarc@example.com."""

    ruf: Texts
    """Addresses that receive failure reports, such as mailto:dmarc@example.com."""

    fo: Text | None
    """The failures to report: 0, 1, d or s; join several with colons. Default: 0."""

    t: Literal["y", "n"] | Output[str] | None
    """y to test the policy: receivers then apply a weaker one. Default: n."""


class GuardArgs(TypedDict, total=False):
    """What the guard does with a record that would break mail."""

    mode: Literal["require", "warn", "off"] | Output[str]
    """require stops the record, warn only reports the problem, and off checks nothing. Default: require."""


class VerificationArgs(TypedDict, total=False):
    """How an up verifies the records: which servers it queries, how long it waits, and what a failure does.

    The guard queries the same servers.
    """

    mode: Literal["require", "warn", "off"] | Output[str]
    """With require, an up fails if verification fails. warn only warns, and off queries no server. Default: require."""

    timeout: Number
    """How many seconds to wait for DNS to converge; 0 queries once. Default: 300."""

    nameservers: Texts | None
    """Addresses of name servers to query instead of the delegated ones, with a port if needed. The names outside their
    zones are looked up through the resolvers.
    """

    root_hints: Texts | None
    """Addresses of root servers, for a private DNS. Default: the root servers of the Internet."""

    primary: Text | None
    """The address of a primary that is not among the delegated name servers. It is queried before them."""

    resolvers: Texts | None
    """The recursive resolvers to use: addresses, tls:// or https:// URLs. Default: those of this machine."""

    resolvers_must_agree: Flag
    """Whether an up waits for resolvers that still have an old answer, and fails if they keep it. Default: false."""

    known_challenges: Texts
    """Challenge tokens that somebody else published. Verification does not report them."""

    via: Literal["delegation", "resolvers"] | Output[str]
    """delegation follows the delegation from the root to the zone's name servers, and queries these. resolvers queries
    only resolvers, for machines that cannot use port 53. Default: delegation.
    """


class DomainArgs(TypedDict, total=False):
    """One sender domain. A key that you set here overrides the one for all domains."""

    name: Required[Text]
    """The domain of the sender addresses, such as example.com. Required."""

    accounts: Texts | None
    """The accounts that may send as this domain. Default: the accounts for all domains."""

    spf: SpfArgs
    """The SPF record of this domain. Default: the one for all domains."""

    dkim: DkimArgs | Sequence[DkimArgs]
    """The DKIM key of this domain, or a list of keys. Default: those for all domains."""

    dmarc: DmarcArgs
    """The DMARC policy of this domain. Default: the one for all domains."""

    guard: GuardArgs
    """The guard of this domain. Default: the one for all domains."""

    verification: VerificationArgs
    """The verification of this domain. Keys that are not set here keep the value for all domains."""

    ttl: Integer | None
    """The TTL of this domain's records, in seconds. Default: the one for all domains."""

    external: Flag | None
    """Somebody else publishes all records of this domain, by hand. They are not created, but they are still verified.
    Default: the one for all domains.
    """

    publish: Texts | None
    """The publishers of this domain's records, by their keys in this config. With several, the zone is at several
    providers, and each gets every record. Default: the publisher that has the domain's zone.
    """

    acknowledged: Texts
    """Names of notices to hide for this domain, in addition to those for all domains."""


class CloudflareArgs(TypedDict, total=False):
    """Publishing through Cloudflare. An empty object selects every zone that the token can access."""

    account_id: Text | None
    """List only the zones of this account. Default: all that the token can access."""

    zones: Mapping[str, Late]
    """Zone ids by domain. If every domain has an id, the component does not list zones. An id may be an unknown Output.
    """

    comment: Text | None
    """The comment of each record, such as {project}/{stack} or {component}. At most 100 characters."""


class ProfileArgs(TypedDict, total=False):
    """One primary, and the zones that it serves. The secret of its key is in ``tsigKey`` or ``tsigKeys``.

    Everything except ``zones`` is read at update time, and is never an input of a record.
    """

    zones: Texts | None
    """The zones that it serves. Each domain belongs to its longest matching zone. Required."""


class Rfc2136Args(TypedDict, total=False):
    """Publishing by dynamic update (RFC 2136), to one primary, or to several by name."""

    zones: Texts | None
    """The zones that it serves. Each domain belongs to its longest matching zone. Required unless profiles have them.
    """

    profiles: Mapping[str, ProfileArgs]
    """Several primaries by name, each with its own zones."""


class Route53Args(TypedDict, total=False):
    """Publishing through Amazon Route 53. An empty object means every public hosted zone that the credentials see."""

    zones: Mapping[str, Text]
    """Hosted zone ids by the zone's name. If every domain is in one of them, no zones are listed. Default: found by
    name.
    """


class OctodnsArgs(TypedDict, total=False):
    """Publishing through octoDNS's providers. Only the stack's config has them, each by a name of your choice: its
    class, the keys of that class, and zones. A program writes an empty object.
    """


class MailRelayArgs(TypedDict, total=False):
    """What ``MailRelay`` takes: accounts and domains, what holds for all domains, and where records are published."""

    accounts: Required[Texts]
    """User accounts: the logins at the SMTP server. Each may send as every domain that has no accounts of its own.
    Required.
    """

    domains: Required[Sequence[DomainArgs]]
    """The sender domains, each with the settings that differ from those for all domains. Required."""

    external: Flag
    """Somebody else publishes the records of every domain, by hand. They are not created, but they are still verified.
    Then no publisher is needed. Default: false.
    """

    spf: SpfArgs
    """The SPF record of every domain. Default: v=spf1 include:elastx.email -all."""

    dkim: DkimArgs | Sequence[DkimArgs]
    """The DKIM key of every domain, as Elastx provides it, or a list of keys. Required, unless each domain has its own.
    """

    dmarc: DmarcArgs
    """The DMARC policy of every domain. Default: v=DMARC1; p=none;."""

    ttl: Integer | None
    """The TTL of the records, in seconds. Default: 1800, or the TTL of the TXT records that the name already has."""

    guard: GuardArgs
    """What the guard does with a record that would break mail. Default: mode require."""

    verification: VerificationArgs
    """How every up verifies the records on the name servers. Default: mode require."""

    acknowledged: Texts
    """Names of notices to hide in previews, such as one-key. A warning has no name and always stays."""

    cloudflare: CloudflareArgs
    """Publish through Cloudflare. Required unless another publisher is named."""

    rfc2136: Rfc2136Args
    """Publish to your own name servers, by dynamic update. Required unless another publisher is named."""

    route53: Route53Args
    """Publish through Amazon Route 53. Required unless another publisher is named."""

    octodns: OctodnsArgs
    """Publish through a provider of octoDNS. Required unless another publisher is named."""
