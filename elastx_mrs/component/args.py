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
    """One domain's SPF record: typed terms, the whole record, or somebody else's."""

    record: Text | None
    """The whole record, in any form that people paste, into which Elastx's include is put where it is not there; in
    place of the terms below.
    """

    external: Flag
    """The record is somebody else's: it is not declared, and verified all the same."""

    include: Texts
    """Domains whose senders may send too, besides Elastx's (RFC 7208 §5.2)."""

    ip4: Texts
    """IPv4 networks that may send too, such as 192.0.2.0/24 (RFC 7208 §5.6)."""

    ip6: Texts
    """IPv6 networks that may send too, such as 2001:db8::/32 (RFC 7208 §5.6)."""

    a: Texts
    """Names whose addresses may send too; @ is the domain itself (RFC 7208 §5.3)."""

    mx: Texts
    """Domains whose mail exchangers may send too; @ is the domain itself (RFC 7208 §5.4)."""

    all: Literal["fail", "softfail", "neutral"] | Output[str]
    """What receivers are told of everybody else: fail, softfail or neutral (RFC 7208 §5.1). Default: fail."""


class DkimArgs(TypedDict, total=False):
    """One domain's DKIM key: the value that Elastx provides, or somebody else's record."""

    selector: Text
    """Where the key is published: <selector>._domainkey.<domain> (RFC 6376 §3.6.2.1)."""

    external: Flag
    """The key is published by somebody else: it is not declared, and verified all the same."""

    record: Text | None
    """The value that Elastx provides, v=DKIM1; p=…, in any form that people paste; required unless external."""


class DmarcArgs(TypedDict, total=False):
    """One domain's DMARC policy: typed tags, the whole record, or somebody else's."""

    record: Text | None
    """The whole record, such as v=DMARC1; p=quarantine; in any form that people paste, in place of the tags below.
    Default: v=DMARC1; p=none;.
    """

    external: Flag
    """The record is somebody else's: it is not declared, and verified all the same."""

    p: Literal["none", "quarantine", "reject"] | Output[str] | None
    """What receivers do with mail that fails: none, quarantine or reject (RFC 9989 §4.7). Default: none."""

    sp: Literal["none", "quarantine", "reject"] | Output[str] | None
    """The same for subdomains without a record of their own. Default: as p."""

    np: Literal["none", "quarantine", "reject"] | Output[str] | None
    """The same for subdomains that do not exist. Default: as sp."""

    adkim: Literal["r", "s"] | Output[str] | None
    """How the DKIM domain must match the sender's: r, relaxed, or s, strict. Default: r."""

    aspf: Literal["r", "s"] | Output[str] | None
    """How the SPF domain must match the sender's: r, relaxed, or s, strict. Default: r."""

    rua: Texts
    """Where aggregate reports go, such as mailto:dmarc@example.com."""

    ruf: Texts
    """Where failure reports go, such as mailto:dmarc@example.com."""

    fo: Text | None
    """Which failures are reported: 0, 1, d or s, several with colons between. Default: 0."""

    t: Literal["y", "n"] | Output[str] | None
    """y while the policy is only tested, else n. Default: n."""


class GuardArgs(TypedDict, total=False):
    """What happens where publishing would break mail: ``require`` stops, ``warn`` says so, ``off`` does not look."""

    mode: Literal["require", "warn", "off"] | Output[str]
    """require stops what would break mail, warn only says so, off does not look."""


class VerificationArgs(TypedDict, total=False):
    """Which servers to query, how long to wait for them, and what a failure does.

    The guard queries the same servers.
    """

    mode: Literal["require", "warn", "off"] | Output[str]
    """require fails an up that does not verify, warn only says so, off does not ask. Default: require."""

    timeout: Number
    """Seconds to wait for what does not hold yet; 0 asks once. Default: 300."""

    nameservers: Texts | None
    """Addresses, with ports if need be, of name servers to query in place of the delegated ones. Names outside their
    zones are looked up by the resolvers.
    """

    root_hints: Texts | None
    """Addresses of root servers, where the DNS is a private one. Default: those of the Internet."""

    primary: Text | None
    """The address of a primary that is not among the delegated name servers, asked before them."""

    resolvers: Texts | None
    """Addresses, tls:// or https:// URLs of the recursive resolvers to use. Default: this machine's own."""

    resolvers_must_agree: Flag
    """Whether a resolver that still has an old answer keeps the up from verifying. Default: false."""

    known_challenges: Texts
    """Challenge tokens that somebody else published and that are no reason for a remark."""

    via: Literal["delegation", "resolvers"] | Output[str]
    """delegation queries the name servers themselves, found from the root down; resolvers queries resolvers only, for
    machines that cannot use port 53. Default: delegation.
    """


class DomainArgs(TypedDict, total=False):
    """One sender domain and what differs from the defaults there."""

    name: Required[Text]
    """The domain of the sender addresses, such as example.com. Required."""

    accounts: Texts | None
    """The accounts that may send as it, of those above. Default: all of them."""

    spf: SpfArgs
    """Its SPF record, in place of that of all domains."""

    dkim: DkimArgs
    """Its DKIM key, in place of that of all domains."""

    dmarc: DmarcArgs
    """Its DMARC policy, in place of that of all domains."""

    guard: GuardArgs
    """Its guard, in place of that of all domains."""

    verification: VerificationArgs
    """Its verification; what is not set here is as for all domains."""

    ttl: Integer | None
    """Seconds that its records may be cached, in place of that of all domains."""

    acknowledged: Texts
    """Names of notices to leave out for it, besides those of all domains."""


class CloudflareArgs(TypedDict, total=False):
    """Publishing through Cloudflare: the account whose zones are listed, and zone ids where the user names them.

    ``zones`` maps a domain to its zone's id, which may be a Pulumi Output. ``comment`` is each record's, and may hold
    ``{project}``, ``{stack}`` and ``{component}``.
    """

    account_id: Text | None
    """The account whose zones are listed. Default: all that the token sees."""

    zones: Mapping[str, Late]
    """The ids of zones by domain; with all domains given, none are listed. They may be known only later."""

    comment: Text | None
    """Of each record: who owns it; {project}, {stack} and {component} are filled in. 100 characters at most."""


class ProfileArgs(TypedDict, total=False):
    """One primary, and the zones that it serves; its secret is read from ``tsigKey`` or ``tsigKeys``.

    All but ``zones`` is read where the update is sent, so that it never is a resource's input.
    """

    zones: Texts | None
    """The zones that it serves; a domain is in the longest one that it ends in. Required."""


class Rfc2136Args(TypedDict, total=False):
    """Publishing by dynamic update: to one primary, or to several by name, each with zones of its own."""

    zones: Texts | None
    """The zones that it serves; a domain is in the longest one that it ends in. Required."""

    profiles: Mapping[str, ProfileArgs]
    """Several primaries by name, each with zones of its own."""


class MailRelayArgs(TypedDict, total=False):
    """What ``MailRelay`` takes: accounts and domains, what holds for all domains, and where records are published."""

    accounts: Required[Texts]
    """User accounts, the logins of the SMTP server; each may send as every domain that does not name its own. Required.
    """

    domains: Required[Sequence[DomainArgs]]
    """The sender domains, and what differs there. Required."""

    spf: SpfArgs
    """The SPF record of every domain. Default: v=spf1 include:elastx.email -all."""

    dkim: DkimArgs
    """The DKIM key of every domain, as Elastx provides it. Required, unless each domain has its own."""

    dmarc: DmarcArgs
    """The DMARC policy of every domain. Default: v=DMARC1; p=none;."""

    ttl: Integer | None
    """Seconds that records may be cached. Default: 1800, or those of what is at the name already."""

    guard: GuardArgs
    """What happens where publishing would break mail. Default: mode require."""

    verification: VerificationArgs
    """How the records are verified on the name servers, in every up. Default: mode require."""

    acknowledged: Texts
    """Names of notices to leave out of previews, such as one-key. Warnings have no name and always stay."""

    cloudflare: CloudflareArgs
    """Publish through Cloudflare. Required unless another publisher is named."""

    rfc2136: Rfc2136Args
    """Publish by dynamic update, to name servers of your own. Required unless another publisher is named."""
