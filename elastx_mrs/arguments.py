"""The shape of a config: what the component is told, as frozen, checked objects.

Shapes are pydantic's business: it reports every fault of a structure at once, with its path. The rules of the
values are those of :mod:`elastx_mrs.records`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic.alias_generators import to_camel

from elastx_mrs.records import RecordError, TxtRecord, dkim, dmarc, names, report, spf
from elastx_mrs.records.challenge import account_address, challenge, known_challenge

MAX_TIMEOUT = 86400
"""Seconds; who waits longer than a day for DNS waits for something else."""

TSIG_ALGORITHMS = (
    "hmac-sha256", "hmac-sha224", "hmac-sha384", "hmac-sha512", "hmac-sha256-128", "hmac-sha384-192", "hmac-sha512-256",
)  # fmt: skip
"""The SHA-2 family of RFC 8945 §6; SHA-1 is "not recommended" there, and MD5 is not even mandatory."""


def _bare(key: str) -> BeforeValidator:
    """Let a bare string stand for an object with only ``key``."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


class _Object(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True
    )


class Spf(_Object):
    """One domain's SPF record: typed terms, the whole record, or somebody else's."""

    record: Annotated[str, AfterValidator(spf.whole_record)] | None = None
    external: bool = False
    include: list[Annotated[str, AfterValidator(spf.include_target)]] = []
    ip4: list[Annotated[str, AfterValidator(spf.ip4_network)]] = []
    ip6: list[Annotated[str, AfterValidator(spf.ip6_network)]] = []
    a: list[Annotated[str, AfterValidator(spf.host)]] = []
    mx: list[Annotated[str, AfterValidator(spf.host)]] = []
    all: Literal["fail", "softfail", "neutral"] = "fail"

    def value(self) -> str:
        """Return the record's value."""
        return self.record or spf.from_terms(self.include, self.ip4, self.ip6, self.a, self.mx, self.all)


def _key(text: str, info: ValidationInfo) -> str:
    return dkim.from_paste(text, info.data.get("selector", dkim.DEFAULT_SELECTOR))


class Dkim(_Object):
    """One domain's DKIM key: the value that Elastx provides, or somebody else's record."""

    selector: Annotated[str, AfterValidator(names.selector)] = dkim.DEFAULT_SELECTOR
    external: bool = False
    record: Annotated[str, AfterValidator(_key)] | None = None


def _tag(name: str) -> AfterValidator:
    return AfterValidator(lambda value: dmarc.tag_value(name, value))


class Dmarc(_Object):
    """One domain's DMARC policy: typed tags, the whole record, or somebody else's."""

    record: Annotated[str, AfterValidator(dmarc.whole_record)] | None = None
    external: bool = False
    p: Annotated[str, _tag("p")] | None = None
    sp: Annotated[str, _tag("sp")] | None = None
    np: Annotated[str, _tag("np")] | None = None
    adkim: Annotated[str, _tag("adkim")] | None = None
    aspf: Annotated[str, _tag("aspf")] | None = None
    rua: list[Annotated[str, AfterValidator(dmarc.report_uri)]] = []
    ruf: list[Annotated[str, AfterValidator(dmarc.report_uri)]] = []
    fo: Annotated[str, _tag("fo")] | None = None
    t: Annotated[str, _tag("t")] | None = None

    def value(self) -> str:
        """Return the record's value."""
        tags = {name: getattr(self, name) for name in type(self).model_fields if name not in ("record", "external")}
        texts = {name: ",".join(value) if isinstance(value, list) else value for name, value in tags.items() if value}
        return self.record or dmarc.from_tags(texts)


def _server(text: str) -> str:
    names.server_address(text)
    return text


class Guard(_Object):
    """What happens where publishing would break mail: ``require`` stops, ``warn`` says so, ``off`` does not look."""

    mode: Literal["require", "warn", "off"] = "require"


def _resolver(text: str) -> str:
    names.resolver_address(text)
    return text


def _seconds(value: float) -> float:
    if not 0 <= value <= MAX_TIMEOUT:
        raise RecordError(f"is {value:g}; write seconds from 0, which asks once, to {MAX_TIMEOUT}")
    return value


_Servers = Annotated[list[Annotated[str, AfterValidator(_server)]], Field(min_length=1)]
_Resolvers = Annotated[list[Annotated[str, AfterValidator(_resolver)]], Field(min_length=1)]
_Seconds = Annotated[
    float, BeforeValidator(lambda value: float(value) if type(value) is int else value), AfterValidator(_seconds)
]


class Verification(_Object):
    """Who is asked what the DNS says, for how long, and what follows.

    ``nameservers`` (addresses) take the place of delegation from the root; the guard asks them too.
    """

    mode: Literal["require", "warn", "off"] = "require"
    timeout: _Seconds = 300.0
    nameservers: _Servers | None = None
    root_hints: _Servers | None = None
    primary: Annotated[str, AfterValidator(_server)] | None = None
    resolvers: _Resolvers | None = None
    resolvers_must_agree: bool = False
    known_challenges: list[Annotated[str, AfterValidator(known_challenge)]] = []
    via: Literal["delegation", "resolvers"] = "delegation"

    def over(self, stack: "Verification") -> "Verification":
        """Return the stack's, with what is set here, for one domain, in place of it."""
        return stack.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


_Account = Annotated[str, AfterValidator(account_address)]
_Accounts = Annotated[list[_Account], Field(min_length=1)]
_SpfField = Annotated[Spf, _bare("record")]
_DkimField = Annotated[Dkim, _bare("record")]
_DmarcField = Annotated[Dmarc, _bare("record")]
_Ttl = Annotated[int, BeforeValidator(lambda value: int(value) if isinstance(value, float) else value)]


class Domain(_Object):
    """One sender domain and what differs from the defaults there."""

    name: Annotated[str, AfterValidator(names.sender_domain)]
    accounts: _Accounts | None = None
    spf: _SpfField | None = None
    dkim: _DkimField | None = None
    dmarc: _DmarcField | None = None
    guard: Annotated[Guard, _bare("mode")] | None = None
    verification: Annotated[Verification, _bare("mode")] | None = None
    ttl: _Ttl | None = None


MAX_COMMENT = 100
"""Characters of a record's comment on Cloudflare's free plan."""


def _comment(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise RecordError("is not one line of text; write who owns the records, such as {project}/{stack}")
    if len(text) > MAX_COMMENT:
        raise RecordError(f"has {len(text)} characters; Cloudflare's free plan has room for {MAX_COMMENT}")
    unknown = set(re.findall(r"\{(.*?)\}", text)) - {"project", "stack", "component"}
    if unknown:
        raise RecordError(f"has {{{min(unknown)}}}; what is filled in is {{project}}, {{stack}} and {{component}}")
    return text


class Cloudflare(_Object):
    """Publishing through Cloudflare: the account whose zones are listed, and zone ids where the user names them.

    ``zones`` maps a domain to its zone's id, which may be a Pulumi Output. ``comment`` is each record's, and may hold
    ``{project}``, ``{stack}`` and ``{component}``.
    """

    account_id: str | None = None
    zones: dict[Annotated[str, AfterValidator(names.sender_domain)], Any] = {}
    comment: Annotated[str, AfterValidator(_comment)] | None = None


def tsig_algorithm(text: str) -> str:
    """Return a TSIG algorithm in lower case.

    :raises RecordError: for one that is not of the SHA-2 family (RFC 8945 §6), such as HMAC-MD5.
    """
    name = text.lower().removesuffix(".")
    if name not in TSIG_ALGORITHMS:
        cure = f"write one of {', '.join(TSIG_ALGORITHMS)}"
        if "md5" in name or "sha1" in name:
            cure = "that is too weak; make a new key with hmac-sha256"
        raise RecordError(f"is {text!r}; {cure} (RFC 8945 §6)")
    return name


def _profile_name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", text):
        raise RecordError(f"{text!r} is no name for a server; write lower-case letters, digits and hyphens")
    return text


_Zones = Annotated[list[Annotated[str, AfterValidator(names.sender_domain)]], Field(min_length=1)]


class Profile(_Object):
    """One primary, and the zones that it serves; its secret is read from ``tsigKey`` or ``tsigKeys``.

    All but ``zones`` is read where the update is sent, so that it never is a resource's input.
    """

    zones: _Zones | None = None
    server: str | None = None
    key_name: str | None = None
    key_file: str | None = None
    algorithm: Annotated[str, AfterValidator(tsig_algorithm)] | None = None


DEFAULT_PROFILE = "default"
"""The primary that is described without a name."""


def profile_path(profile: str, key: str) -> str:
    """Return how a key of a primary is called in the config."""
    return f"rfc2136.{key}" if profile == DEFAULT_PROFILE else f"rfc2136.profiles.{profile}.{key}"


def profile_variable(profile: str, name: str) -> str:
    """Return the environment variable that comes before the config; a profile's has its name in it, in capitals."""
    own = "" if profile == DEFAULT_PROFILE else f"{profile.upper().replace('-', '_')}_"
    return f"ELASTX_MRS_RFC2136_{own}{name}"


class Rfc2136(Profile):
    """Publishing by dynamic update: to one primary, or to several by name, each with zones of its own."""

    profiles: dict[Annotated[str, AfterValidator(_profile_name)], Profile] = {}

    @property
    def by_zone(self) -> Mapping[str, str]:
        """The name of the profile that serves each zone."""
        own = {DEFAULT_PROFILE: self, **self.profiles}
        return {zone: name for name, profile in own.items() for zone in profile.zones or ()}


class Arguments(_Object):
    """Everything that the component is told."""

    accounts: _Accounts
    domains: Annotated[list[Annotated[Domain, _bare("name")]], Field(min_length=1)]
    spf: _SpfField = Spf()
    dkim: _DkimField = Dkim()
    dmarc: _DmarcField = Dmarc()
    ttl: _Ttl | None = None
    cloudflare: Cloudflare | None = None
    rfc2136: Rfc2136 | None = None
    guard: Annotated[Guard, _bare("mode")] = Guard()
    verification: Annotated[Verification, _bare("mode")] = Verification()

    @property
    def has_publisher(self) -> bool:
        """Whether it says where records are published."""
        return self.cloudflare is not None or self.rfc2136 is not None

    def records(self) -> list[TxtRecord]:
        """Return every record to declare, in the order of the domains; those of others are left out."""
        return [record for domain in self.domains for record in self.records_of(domain)]

    def records_of(self, domain: Domain) -> list[TxtRecord]:
        """Return one domain's records, and those by which other domains take reports about it.

        :raises RecordError: for a name that DNS cannot hold.
        """
        return list(self._of(domain))

    @cached_property
    def ttls(self) -> Mapping[str, int | None]:
        """The configured TTL in seconds, or None, by domain."""
        return {domain.name: self.ttl if domain.ttl is None else domain.ttl for domain in self.domains}

    def _of(self, domain: Domain) -> Iterator[TxtRecord]:
        name, ttl = domain.name, self.ttls[domain.name]
        for account in domain.accounts or self.accounts:
            yield challenge(name, account, ttl)
        spf_ = domain.spf or self.spf
        if not spf_.external:
            yield spf.spf(name, spf_.value(), ttl)
        key = domain.dkim or self.dkim
        if not key.external and key.record is not None:
            yield dkim.dkim(name, key.selector, key.record, ttl)
        policy = domain.dmarc or self.dmarc
        if not policy.external:
            yield dmarc.dmarc(name, policy.value(), ttl)
            yield from report.report(name, policy.value(), self.ttls)
