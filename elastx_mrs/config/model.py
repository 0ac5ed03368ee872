"""The shape of a config: the component's inputs as frozen, checked objects.

pydantic checks the structure, and reports all its faults at once, each with its path. The rules for values are in
:mod:`elastx_mrs.records`. The relay service is not in a config: callers pass it as pydantic's validation context, and
the default is Elastx.
"""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property
from inspect import isclass
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    create_model,
)
from pydantic.alias_generators import to_camel

from elastx_mrs import notices
from elastx_mrs.config.base import Shape, bare, bounded, service_of
from elastx_mrs.config.dkim import SAMPLE_KEY, Dkim, DkimField, Ttl
from elastx_mrs.display import MOST_QUOTED, quoted
from elastx_mrs.records import RecordError, TxtRecord, dkim, dmarc, dmarc_policy, names, report, spf
from elastx_mrs.records.challenge import account_address, challenge, known_challenge
from elastx_mrs.registry import Provider
from elastx_mrs.service import ELASTX, Service

MAX_TIMEOUT = 86400
"""Seconds. Changes in DNS take less than a day."""


def _spf_record(text: str, info: ValidationInfo) -> str:
    return spf.from_paste(text, service_of(info))


class Spf(Shape):
    """The SPF record of a domain: single terms, the whole record, or a record that somebody else publishes."""

    written: ClassVar[str] = (
        "the whole record as one text, such as 'v=spf1 include:_spf.example.com -all', or an object such as "
        "{include: [_spf.example.com]}"
    )
    examples: ClassVar[Mapping[str, Any]] = {
        "record": "v=spf1 include:_spf.example.com -all",
        "external": True,
        "include": ["_spf.example.com"],
        "ip4": ["192.0.2.0/24"],
        "ip6": ["2001:db8::/32"],
        "a": ["mail.example.com"],
        "mx": ["@"],
        "all": "softfail",
    }

    record: Annotated[str, AfterValidator(_spf_record)] | None = None
    """The whole record, instead of the terms below. You can paste it from dig or a zone file. Elastx's include is added
    if it is missing.
    """
    external: bool = False
    """Somebody else publishes the record. It is not created, but it is still verified."""
    include: list[Annotated[str, AfterValidator(spf.include_target)]] = []
    """Domains whose servers may send, in addition to Elastx's (RFC 7208 §5.2)."""
    ip4: list[Annotated[str, AfterValidator(spf.ip4_network)]] = []
    """IPv4 networks that may send, such as 192.0.2.0/24 (RFC 7208 §5.6)."""
    ip6: list[Annotated[str, AfterValidator(spf.ip6_network)]] = []
    """IPv6 networks that may send, such as 2001:db8::/32 (RFC 7208 §5.6)."""
    a: list[Annotated[str, AfterValidator(spf.host)]] = []
    """Host names whose addresses may send; @ is the domain itself (RFC 7208 §5.3)."""
    mx: list[Annotated[str, AfterValidator(spf.host)]] = []
    """Domains whose mail exchangers may send; @ is the domain itself (RFC 7208 §5.4)."""
    all: Literal["fail", "softfail", "neutral"] = "fail"
    """The result for mail from any other server: fail, softfail or neutral (RFC 7208 §5.1). Default: fail."""

    _made: dict[Service, str] = PrivateAttr(default_factory=dict)

    def value(self, service: Service) -> str:
        """Return the value of the record that lets ``service`` send.

        :raises RecordError: if the terms together are not a record to publish.
        """
        if service not in self._made:  # thousands of domains share the default
            self._made[service] = str(self.record or "") or spf.from_terms(
                self.include, self.ip4, self.ip6, self.a, self.mx, self.all, service
            )
        return self._made[service]


def _tag(name: str) -> AfterValidator:
    return AfterValidator(lambda value: dmarc_policy.tag_value(name, value))


class Dmarc(Shape):
    """The DMARC policy of a domain: single tags, the whole record, or a record that somebody else publishes."""

    written: ClassVar[str] = "the whole record as one text, such as 'v=DMARC1; p=none', or an object such as {p: none}"
    examples: ClassVar[Mapping[str, Any]] = {
        "record": "v=DMARC1; p=quarantine; adkim=s",
        "external": True,
        "p": "quarantine",
        "sp": "reject",
        "np": "reject",
        "adkim": "s",
        "aspf": "s",
        "rua": ["mailto:dmarc@example.com"],
        "ruf": ["mailto:dmarc@example.com"],
        "fo": "1:d:s",
        "t": "y",
    }

    record: Annotated[str, AfterValidator(dmarc.from_paste)] | None = None
    """The whole record, instead of the tags below, such as v=DMARC1; p=quarantine. You can paste it from dig or a zone
    file. Default: v=DMARC1; p=none;.
    """
    external: bool = False
    """Somebody else publishes the record. It is not created, but it is still verified."""
    p: Annotated[str, _tag("p")] | None = None
    """The policy for mail that fails DMARC: none, quarantine or reject (RFC 9989 §4.7). Default: none."""
    sp: Annotated[str, _tag("sp")] | None = None
    """The policy for subdomains that have no record of their own. Default: the same as p."""
    np: Annotated[str, _tag("np")] | None = None
    """The policy for subdomains that do not exist. Default: the same as sp."""
    adkim: Annotated[str, _tag("adkim")] | None = None
    """How strictly the DKIM domain must match the domain of the sender: r (relaxed) or s (strict). Default: r."""
    aspf: Annotated[str, _tag("aspf")] | None = None
    """How strictly the SPF domain must match the domain of the sender: r (relaxed) or s (strict). Default: r."""
    rua: list[Annotated[str, AfterValidator(report.destination)]] = []
    """Addresses that receive aggregate reports, such as mailto:dmarc@example.com."""
    ruf: list[Annotated[str, AfterValidator(report.destination)]] = []
    """Addresses that receive failure reports, such as mailto:dmarc@example.com."""
    fo: Annotated[str, _tag("fo")] | None = None
    """The failures to report: 0, 1, d or s; join several with colons. Default: 0."""
    t: Annotated[str, _tag("t")] | None = None
    """y to test the policy: receivers then apply a weaker one. Default: n."""

    def value(self) -> str:
        """Return the record's value.

        :raises RecordError: if the tags together are longer than a record can be.
        """
        return self._value

    @cached_property
    def _value(self) -> str:
        tags = {name: getattr(self, name) for name in type(self).model_fields if name not in ("record", "external")}
        texts = {name: ",".join(value) if isinstance(value, list) else value for name, value in tags.items() if value}
        return str(self.record or "") or dmarc.from_tags(texts)


def _server(text: str) -> str:
    names.server_address(text)
    return text


_MODE = "require, warn or off as text, or an object such as {mode: warn}"


class Guard(Shape):
    """What the guard does with a record that would break mail."""

    written: ClassVar[str] = _MODE
    examples: ClassVar[Mapping[str, Any]] = {"mode": "warn"}

    mode: Literal["require", "warn", "off"] = "require"
    """require stops the record, warn only reports the problem, and off checks nothing."""


def _resolver(text: str) -> str:
    names.resolver_address(text)
    return text


def _seconds(value: float) -> float:
    if not 0 <= value <= MAX_TIMEOUT:
        raise RecordError(f"is {value:g}; write seconds from 0, which checks once, to {MAX_TIMEOUT}")
    return value


def _known_challenge(text: str, info: ValidationInfo) -> str:
    return known_challenge(text, service_of(info))


_Servers = Annotated[list[Annotated[str, AfterValidator(_server)]], Field(min_length=1)]
_Resolvers = Annotated[list[Annotated[str, AfterValidator(_resolver)]], Field(min_length=1)]
_Seconds = Annotated[
    float,
    BeforeValidator(lambda value: float(bounded(value)) if type(value) is int else value),
    AfterValidator(_seconds),
]


class Verification(Shape):
    """How an up verifies the records: which servers it queries, how long it waits, and what a failure does.

    The guard queries the same servers.
    """

    written: ClassVar[str] = _MODE
    examples: ClassVar[Mapping[str, Any]] = {
        "mode": "warn",
        "timeout": 600,
        "nameservers": ["192.0.2.1", "192.0.2.2:5353"],
        "root_hints": ["192.0.2.3"],
        "primary": "192.0.2.4",
        "resolvers": ["192.0.2.53", "tls://dns.example"],
        "resolvers_must_agree": True,
        "known_challenges": [
            f"{ELASTX.challenge_prefix}e7837384488bcbe07439f7149d124bb7c1f146a417a5f6d568ef41a802487b09"
        ],
        "via": "resolvers",
    }

    mode: Literal["require", "warn", "off"] = "require"
    """With require, an up fails if verification fails. warn only warns, and off queries no server. Default: require."""
    timeout: _Seconds = 300.0
    """How many seconds to wait for DNS to converge; 0 queries once. Default: 300."""
    nameservers: _Servers | None = None
    """Addresses of name servers to query instead of the delegated ones, with a port if needed. The names outside
    their zones are looked up through the resolvers.
    """
    root_hints: _Servers | None = None
    """Addresses of root servers, for a private DNS. Default: the root servers of the Internet."""
    primary: Annotated[str, AfterValidator(_server)] | None = None
    """The address of a primary that is not among the delegated name servers. It is queried before them."""
    resolvers: _Resolvers | None = None
    """The recursive resolvers to use: addresses, tls:// or https:// URLs. Default: those of this machine."""
    resolvers_must_agree: bool = False
    """Whether an up waits for resolvers that still have an old answer, and fails if they keep it. Default: false."""
    known_challenges: list[Annotated[str, AfterValidator(_known_challenge)]] = []
    """Challenge tokens that somebody else published. Verification does not report them."""
    via: Literal["delegation", "resolvers"] = "delegation"
    """delegation follows the delegation from the root to the zone's name servers, and queries these. resolvers queries
    only resolvers, for machines that cannot use port 53. Default: delegation.
    """

    def over(self, stack: "Verification") -> "Verification":
        """Return the stack's settings, overridden by those that are set here for one domain."""
        return stack.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


_Account = Annotated[str, AfterValidator(account_address)]
_Accounts = Annotated[list[_Account], Field(min_length=1)]
_SpfField = Annotated[Spf, bare("record")]
_DmarcField = Annotated[Dmarc, bare("record")]


def _notice(text: str) -> str:
    """Return the name of a notice, also of a notice that this release no longer has.

    :raises RecordError: for any other name.
    """
    known = [one.name for one in notices.NOTICES]
    if text in known or text in notices.RETIRED:
        return text
    close = difflib.get_close_matches(text[:MOST_QUOTED].lower(), known, n=1)
    cure = f"did you mean {close[0]}?" if close else f"the notices are {', '.join(known)}"
    raise RecordError(f"is {quoted(text)}, which is not a notice; {cure}")


def _flag(value: Any) -> Any:
    """Return a boolean for the texts ``true`` and ``false``, as Pulumi gives a program each boolean key of a stack."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


_Acknowledged = list[Annotated[str, AfterValidator(_notice)]]


class Domain(Shape):
    """One sender domain. A key that you set here overrides the one for all domains."""

    written: ClassVar[str] = "a domain such as example.com, or an object such as {name: example.com}"
    examples: ClassVar[Mapping[str, Any]] = {
        "name": "example.com",
        "accounts": ["newsletter@acme.example"],
        "spf": {"include": ["_spf.example.com"]},
        "dkim": {"selector": "s1", "record": SAMPLE_KEY},
        "dmarc": {"p": "reject"},
        "guard": {"mode": "warn"},
        "verification": {"mode": "warn"},
        "ttl": 300,
        "external": True,
        "publish": ["cloudflare", "route53"],
        "acknowledged": ["one-key"],
    }

    name: Annotated[str, AfterValidator(names.sender_domain)]
    """The domain of the sender addresses, such as example.com. Required."""
    accounts: _Accounts | None = None
    """The accounts that may send as this domain. Default: the accounts for all domains."""
    spf: _SpfField | None = None
    """The SPF record of this domain. Default: the one for all domains."""
    dkim: DkimField | None = None
    """The DKIM key of this domain, or a list of keys. Default: those for all domains."""
    dmarc: _DmarcField | None = None
    """The DMARC policy of this domain. Default: the one for all domains."""
    guard: Annotated[Guard, bare("mode")] | None = None
    """The guard of this domain. Default: the one for all domains."""
    verification: Annotated[Verification, bare("mode")] | None = None
    """The verification of this domain. Keys that are not set here keep the value for all domains."""
    ttl: Ttl | None = None
    """The TTL of this domain's records, in seconds. Default: the one for all domains."""
    external: bool | None = None
    """Somebody else publishes all records of this domain, by hand. They are not created, but they are still verified.
    Default: the one for all domains.
    """
    publish: Annotated[list[str], Field(min_length=1)] | None = None
    """The publishers of this domain's records, by their keys in this config. With several, the zone is at several
    providers, and each gets every record. Default: the publisher that has the domain's zone.
    """
    acknowledged: _Acknowledged = []
    """Names of notices to hide for this domain, in addition to those for all domains."""


S = TypeVar("S", bound=Shape)


class Arguments(Shape):
    """The whole config of a component. :func:`shape` adds a key for each provider."""

    model_config = ConfigDict(defer_build=True)  # the base is never validated itself

    examples: ClassVar[Mapping[str, Any]] = {
        "accounts": ["smtp-prod@acme.example"],
        "domains": [{"name": "example.com"}, {"name": "example.se"}],
        "external": True,
        "spf": {"all": "softfail"},
        "dkim": {"record": SAMPLE_KEY},
        "dmarc": {"p": "quarantine"},
        "ttl": 3600,
        "guard": {"mode": "warn"},
        "verification": {"timeout": 600},
        "acknowledged": ["one-key"],
    }
    providers: ClassVar[tuple[Provider, ...]] = ()
    """The providers that a config may name."""

    accounts: _Accounts
    """User accounts: the logins at the SMTP server. Each may send as every domain that has no accounts of its own.
    Required.
    """
    domains: Annotated[list[Annotated[Domain, bare("name")]], Field(min_length=1)]
    """The sender domains, each with the settings that differ from those for all domains. Required."""
    external: Annotated[bool, BeforeValidator(_flag)] = False
    """Somebody else publishes the records of every domain, by hand. They are not created, but they are still verified.
    Then no publisher is needed. Default: false.
    """
    spf: _SpfField = Spf()
    """The SPF record of every domain. Default: v=spf1 include:elastx.email -all."""
    dkim: DkimField = [Dkim()]
    """The DKIM key of every domain, as Elastx provides it, or a list of keys. Required, unless each domain has its own.
    """
    dmarc: _DmarcField = Dmarc()
    """The DMARC policy of every domain. Default: v=DMARC1; p=none;."""
    ttl: Ttl | None = None
    """The TTL of the records, in seconds. Default: 1800, or the TTL of the TXT records that the name already has."""
    guard: Annotated[Guard, bare("mode")] = Guard()
    """What the guard does with a record that would break mail. Default: mode require."""
    verification: Annotated[Verification, bare("mode")] = Verification()
    """How every up verifies the records on the name servers. Default: mode require."""
    acknowledged: _Acknowledged = []
    """Names of notices to hide in previews, such as one-key. A warning has no name and always stays."""

    _service: Service = PrivateAttr(default=ELASTX)
    _only: frozenset[str] | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any) -> None:
        """Keep the service that the arguments were validated for."""
        self._service = context or ELASTX

    @property
    def service(self) -> Service:
        """The relay service whose records these are; no key of a config sets it."""
        return self._service

    @property
    def publishers(self) -> list[tuple[Provider, Shape]]:
        """The providers that are named, each with its settings."""
        named = [(provider, getattr(self, provider.name)) for provider in self.providers]
        return [(provider, settings) for provider, settings in named if settings is not None]

    def settings(self, model: type[S]) -> S | None:
        """Return the settings of the provider with this model; None if the config does not name it."""
        return next((settings for _, settings in self.publishers if isinstance(settings, model)), None)

    @property
    def published(self) -> list[Domain]:
        """The domains whose records this stack publishes: those without ``external: true``."""
        return [one for one in self.domains if one.name not in self._external and self._is_for(one.name)]

    def records(self) -> list[TxtRecord]:
        """Return every record that this stack publishes, in the order of the domains."""
        return [record for record in self.required() if not record.external and self._is_for(record.domain)]

    def for_domains(self, names: Collection[str]) -> Self:
        """Return the arguments for one of several publishers: only these domains are :attr:`published`."""
        found = self.model_copy()
        found._only = frozenset(names)
        return found

    @property
    def publishers_by_domain(self) -> dict[str, tuple[str, ...]]:
        """The keys of each published domain's publishers. With several publishers, a domain without ``publish`` has
        none here: its zone decides.
        """
        named = [provider.name for provider, _ in self.publishers]
        sole = tuple(named) if len(named) == 1 else ()
        return {domain.name: tuple(domain.publish or sole) for domain in self.published}

    def perhaps_for(self, publisher: str) -> Self:
        """Return the arguments for a publisher as far as the config decides: without the domains that name others."""
        places = self.publishers_by_domain
        return self.for_domains([domain for domain, there in places.items() if not there or publisher in there])

    def _is_for(self, domain: str) -> bool:
        return self._only is None or domain in self._only

    def by_hand(self) -> list[TxtRecord]:
        """Return every record that somebody else publishes, and whose value the config has."""
        return [record for record in self.required() if record.external]

    def required(self) -> list[TxtRecord]:
        """Return every record that must be in DNS, and whose value the config has, whoever publishes it."""
        return [record for domain in self.domains for record in self.records_of(domain)]

    def records_of(self, domain: Domain) -> list[TxtRecord]:
        """Return one domain's records, and those with which other domains accept reports about it.

        :raises RecordError: for a name that DNS cannot hold.
        """
        external = self._external
        return [replace(one, external=True) if one.domain in external else one for one in self._of(domain)]

    @cached_property
    def _external(self) -> frozenset[str]:
        """The domains with ``external: true``, their own or the one for all."""
        domains = self.domains
        return frozenset(one.name for one in domains if (self.external if one.external is None else one.external))

    def dkim_of(self, domain: Domain) -> Sequence[Dkim]:
        """Return every DKIM key of a domain: its own, or those for all domains."""
        return domain.dkim or self.dkim

    def most_records(self) -> int:
        """Return an upper bound for the number of :meth:`records`, without creating them.

        :raises RecordError: if a policy's tags together are not a record.
        """
        reports: dict[str, int] = {}
        count = 0
        for domain in self.domains:
            policy = domain.dmarc or self.dmarc
            value = "" if policy.external else policy.value()
            if value not in reports:
                reports[value] = len(report.managed(value, self.ttls))
            count += len(domain.accounts or self.accounts) + 2 + len(self.dkim_of(domain)) + reports[value]
        return count

    @cached_property
    def acknowledged_by_domain(self) -> Mapping[str, frozenset[str]]:
        """The names of the notices that are acknowledged: the stack's, and the domain's own."""
        stack = frozenset(self.acknowledged)
        return {one.name: stack.union(one.acknowledged) if one.acknowledged else stack for one in self.domains}

    @cached_property
    def ttls(self) -> Mapping[str, int | None]:
        """The configured TTL in seconds, or None, by domain."""
        return {domain.name: self.ttl if domain.ttl is None else domain.ttl for domain in self.domains}

    def _of(self, domain: Domain) -> Iterator[TxtRecord]:
        name, ttl = domain.name, self.ttls[domain.name]
        for account in domain.accounts or self.accounts:
            yield challenge(name, account, ttl, self.service)
        spf_ = domain.spf or self.spf
        if not spf_.external:
            yield spf.spf(name, spf_.value(self.service), ttl)
        for key in self.dkim_of(domain):
            if (value := key.published) is not None:
                own_ttl = ttl if key.ttl is None else key.ttl
                yield dkim.dkim(name, key.selector_of(self.service), value, own_ttl, self.service)
        policy = domain.dmarc or self.dmarc
        if not policy.external:
            yield dmarc.dmarc(name, policy.value(), ttl)
            yield from report.report(name, policy.value(), self.ttls)


@cache
def shape(providers: tuple[Provider, ...]) -> type[Arguments]:
    """Return the shape of a config in which these providers may be named."""
    fields: Any = {one.name: (one.model | None, Field(default=None, description=one.description)) for one in providers}
    made = create_model("Arguments", __base__=Arguments, __doc__=Arguments.__doc__, **fields)
    made.providers = providers
    return made


def below(annotation: Any) -> type[BaseModel] | None:
    """Return the model of an object in a field's type, also in a list or a map of such objects."""
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := below(one)) is not None), None)


def keys_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the keys of a config in camelCase, each with those below it; maps by the user's own names have none."""
    found = {}
    for name, field in model.model_fields.items():
        inner = None if get_origin(field.annotation) is dict else below(field.annotation)
        found[to_camel(name)] = {} if inner is None else keys_of(inner)
    return found


def model_at(root: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel]:
    """Return the model of the object at a place of a config. The user's own names and indices are skipped.

    :param location: keys in either casing, and indices.
    """
    model = root
    for step in location:
        of_step = (field for name, field in model.model_fields.items() if step in (name, to_camel(name)))
        model = next((inner for field in of_step if (inner := below(field.annotation)) is not None), model)
    return model
