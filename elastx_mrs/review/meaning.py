"""What the change of a record means for mail, and which risks it has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from elastx_mrs.records import RecordError, compare, dkim_key, spf
from elastx_mrs.records.dkim import fingerprint
from elastx_mrs.records.dmarc_policy import ALIGNMENT_TAGS, POLICY_TAGS, Policy, Void, addresses, read, tags
from elastx_mrs.records.record import SHOWN_DIGITS
from elastx_mrs.records.spf_terms import LOOKUPS, VERSION, Mechanism, Record, parse
from elastx_mrs.review.changes import Change, ttl_of
from elastx_mrs.service import ELASTX, Service

RISKS: Mapping[str, str] = {
    "gained": "an account will be able to send as another domain",
    "loosened": "the DMARC policy or SPF's all term will be less strict",
    "removed": "a record will be removed",
    "relay": "the relay may refuse mail, although receivers would accept it",
    "key": "a DKIM key will be replaced",
    "senders": "SPF will allow more senders",
}
"""The risks, the most important first."""

KINDS: Mapping[str, str] = {
    "challenge": "challenge", "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "report": "report authorisation",
    "other": "TXT",
}  # fmt: skip

_ALL = {"-": "fail", "~": "softfail", "?": "neutral", "+": "pass"}
_FINGERPRINT_SHOWN = 16
_VALUE_SHOWN = 200


class Say(NamedTuple):
    """A sentence with values of others in it; each format escapes these values.

    :param template: with ``{}`` for each of ``values``.
    """

    template: str
    values: tuple[str, ...] = ()


def say(template: str, *values: str) -> Say:
    """Return a sentence; long values are cut."""
    for value in values:
        if len(value) > _VALUE_SHOWN:
            return Say(template, tuple(one if len(one) <= _VALUE_SHOWN else f"{one[:_VALUE_SHOWN]}…" for one in values))
    return Say(template, values)


class Risk(NamedTuple):
    """A risk of a change.

    :param kind: one of :data:`RISKS`.
    """

    kind: str
    domain: str
    what: Say
    account: str = ""


class Meaning(NamedTuple):
    """The meaning of one change.

    :param record: the name of the record, as in ``verify``: an account goes by its address.
    """

    record: Say
    says: tuple[Say, ...]
    risks: tuple[Risk, ...] = ()


@dataclass(frozen=True)
class _Spf:
    """An SPF record, with the parts that the review compares."""

    text: str
    record: Record
    lookups: int
    terms: tuple[str, ...]


class Reader:
    """Explains changes.

    :param accounts: addresses, by the token of their challenge.
    :param trees: lookups of the whole SPF tree, before and after, by domain, if they were queried.
    :param service: the relay service whose records change.
    :param unseen: why the service's own check of SPF may not find its include, by domain, if the whole tree was
        queried; empty where it does.
    """

    def __init__(
        self,
        accounts: Mapping[str, str],
        trees: Mapping[str, tuple[str, str]] | None = None,
        service: Service = ELASTX,
        unseen: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the arguments."""
        self._unseen = unseen or {}
        self._accounts = accounts
        self._trees = trees or {}
        self._service = service

    def read(self, change: Change) -> Meaning:
        """Return the meaning of a change."""
        if change.op == "stopped":
            verb = "changed" if change.old else "published"
            return Meaning(self._record(change), (say(f"will not be {verb}: the error above says why"),))
        says: list[Say] = []
        risks: list[Risk] = []
        for part in self._of_kind(change):
            risks.append(part) if isinstance(part, Risk) else says.append(part)
        for part in self._of_place(change):
            risks.append(part) if isinstance(part, Risk) else says.append(part)
        return Meaning(self._record(change), tuple(says), tuple(risks))

    def account(self, value: str) -> str:
        """Return an account's address, or the beginning of its hash if it is secret or not in the config."""
        known = self._accounts.get(value)
        return known if known is not None else f"{value.removeprefix(self._service.challenge_prefix)[:SHOWN_DIGITS]}…"

    def _record(self, change: Change) -> Say:
        """Return the name of a record: its account or kind, its owner name if that is not the domain, its publisher."""
        named = self._record_alone(change)
        return named if not change.publisher else say(f"{named.template} ({{}})", *named.values, change.publisher)

    def _record_alone(self, change: Change) -> Say:
        values = {one.value for one in (change.old, change.new) if one is not None and one.value is not None}
        if change.kind == "challenge" and len(values) == 1:
            return say("account {}", self.account(*values))
        owner = change.content.owner
        return say(KINDS[change.kind]) if owner == change.domain else say(f"{KINDS[change.kind]} at {{}}", owner)

    def _of_kind(self, change: Change) -> Iterator[Say | Risk]:
        old = change.old.value if change.old else None
        new = change.new.value if change.new else None
        if (change.old and old is None) or (change.new and new is None):
            yield say("its value is secret or not known yet, so the review cannot judge it")
        elif change.old and change.new and old == new:
            return
        elif change.kind == "challenge":
            yield from self._challenge(change, old, new)
        elif change.kind == "spf":
            yield from self._spf(change, old, new)
            yield from self._relay(change.domain, new)
        elif change.kind == "dkim":
            yield from _dkim(change, old, new, self._service)
            if new is None and change.content.owner.startswith(f"{self._service.dkim_selector}._domainkey."):
                text = f"{self._service.name} rejects mail from domains without DKIM ({self._service.dkim_source})"
                yield say(text)
        elif change.kind == "dmarc":
            yield from _dmarc(change, old, new)
        elif change.kind == "report":
            sender = change.content.owner.partition("._report._dmarc.")[0]
            yield say(f"will {'no longer ' if new is None else ''}take DMARC reports about {{}}", sender)
        else:
            yield from (
                say(f"{word} {{}}", text) for word, text in (("today:", old), ("then:", new)) if text is not None
            )

    def _challenge(self, change: Change, old: str | None, new: str | None) -> Iterator[Say | Risk]:
        alone = old is None or new is None
        if old is not None:
            text = "will no longer be able to send as any address of {}"
            yield say(text, change.domain) if alone else say(f"account {{}} {text}", self.account(old), change.domain)
        if new is not None:
            text = "will be able to send as any address of {}"
            what = say(f"account {{}} {text}", self.account(new), change.domain)
            yield say(text, change.domain) if alone else what
            if not change.again:
                yield Risk("gained", change.domain, what, self.account(new))

    def _spf(self, change: Change, old: str | None, new: str | None) -> Iterator[Say | Risk]:
        before, after = (None if value is None else _parsed(value) for value in (old, new))
        if new is None:
            yield say(
                "the domain will have no SPF: receivers will not know which servers may send as {}", change.domain
            )
            if others := self._others(old):
                yield say("its other senders will be removed, too: {}", ", ".join(others))
        elif old is None:
            yield say("{}", new)
            if after is not None:
                if not change.again:
                    sentence = f"besides {self._service.name}, {{}} will be able to send as {{{{}}}}"
                    yield from _senders(change.domain, sentence, VERSION, new, self._service)
                yield self._lookups(change.domain, None, after)
        elif before is None or after is None:
            yield say("today: {}", old)
            yield say("then: {}", new)
        else:
            yield from _terms(change.domain, before, after, self._service)
            yield self._lookups(change.domain, before, after)

    def _relay(self, domain: str, new: str | None) -> Iterator[Say | Risk]:
        """Yield that the service may refuse mail from a domain, although receivers accept it.

        With another include or a redirect, only the whole tree can tell.
        """
        after = None if new is None else _parsed(new)
        if after is None or self._service.include in after.text.split():
            return
        leads = any(term.name in ("include", "redirect") for term in after.record.terms)
        why = self._unseen.get(domain, "" if leads else f"the record does not have {self._service.include} literally")
        if not leads or why:
            verb = "may refuse" if self._service.spf_rule == "warning" else "will refuse"
            what = say(f"{self._service.name} {verb} mail from {{}}: {{}}", domain, why)
            yield what
            yield Risk("relay", domain, what)

    def _lookups(self, domain: str, before: _Spf | None, after: _Spf) -> Say:
        then = after.lookups
        own = f"{before.lookups} → {then}" if before is not None and before.lookups != then else f"{then}"
        if domain in self._trees:
            now, planned = self._trees[domain]
            whole = f"{now} → {planned}" if before is not None and now != planned else planned
            return say(f"{whole} of {spf.MAX_LOOKUPS} lookups, {then} of them in the record itself")
        return say(f"{own} of {spf.MAX_LOOKUPS} lookups in the record itself; included records are not counted")

    def _of_place(self, change: Change) -> Iterator[Say | Risk]:
        """Yield what applies to all kinds of records: removed, moved, taken over, or with other settings."""
        old, new = change.old, change.new
        if change.again:
            verb = "from" if change.op == "add" else "to"
            text = f"the same record will move {verb} the resource {{}}: without an alias it will be removed and "
            yield say(f"{text}published again", change.again)
        elif change.op == "remove":
            yield Risk("removed", change.domain, self._goes(change))
        elif change.op == "release":
            yield say("will leave the stack and stay in DNS, where nothing manages it (retainOnDelete)")
        if change.resource.imported:
            yield say("exists already, and will be taken over")
        if old is None or new is None:
            return
        if old.owner != new.owner:
            yield say("will move from {} to {}", old.owner, new.owner)
            if change.kind == "dkim":
                gone = say("mail signed with the selector of {} will fail, also mail in transit", old.owner)
                yield Risk("key", change.domain, gone)
        if ttl_of(old) != ttl_of(new):
            yield say(f"TTL {ttl_of(old)} → {ttl_of(new)}")
        rest = [key for key in change.keys if key not in ("value", "content", "ttl", "owner", "name")]
        for key in rest:
            yield say("{}: {} → {}", key, _shown(change.resource.old, key), _shown(change.resource.new, key))
        if change.resource.replaced:
            yield say("will be removed and published again: for a while it may be missing")

    def _goes(self, change: Change) -> Say:
        names = {"spf": "SPF", "dkim": "DKIM key", "dmarc": "DMARC policy", "report": "report authorisation"}
        if change.kind == "challenge":
            value = change.content.value
            return say("the challenge of account {} at {}", self.account(value) if value else "?", change.domain)
        if change.kind == "spf" and (others := self._others(change.content.value)):
            return say("the SPF at {} with its other senders ({})", change.content.owner, ", ".join(others))
        return say(f"the {names.get(change.kind, 'record')} at {{}}", change.content.owner)

    def _others(self, value: str | None) -> list[str]:
        """Return the terms of an SPF record that let others than the service send."""
        gained = compare.senders(VERSION, value or VERSION).gained
        return [str(term) for term in gained if not spf.includes_service(term, self._service)]


def _without(these: Sequence[str], those: Sequence[str]) -> list[str]:
    known = frozenset(those)
    return [one for one in these if one not in known]


def _shown(inputs: Mapping[str, object] | None, key: str) -> str:
    value = (inputs or {}).get(key)
    return "nothing" if value is None else value if isinstance(value, str) else str(value)


@lru_cache(maxsize=4096)
def _parsed(value: str) -> _Spf | None:
    """Return a record, cached because most domains of a company share a few."""
    try:
        record = parse(value)
    except RecordError:
        return None
    terms = [str(term) for term in record.terms if not (isinstance(term, Mechanism) and term.name == "all")]
    lookups = sum(term.name in LOOKUPS for term in record.evaluated())
    return _Spf(value, record, lookups, tuple(terms))


def _rest(record: Record) -> str:
    """Return the words for the result of all other mail."""
    qualifier = compare.rest(record)
    if any(term.name == "all" for term in record.mechanisms):
        return f"{'' if qualifier == '+' else qualifier}all"
    return "no all" if qualifier else "redirect"


def _senders(domain: str, sentence: str, before: str, after: str, service: Service) -> Iterator[Risk]:
    """Yield the risk that more terms, besides the service's include, let mail pass."""
    gained = [str(term) for term in compare.senders(before, after).gained if not spf.includes_service(term, service)]
    if gained:
        listed = ", ".join(["{}"] * len(gained[:5])) + (" and more" if len(gained) > 5 else "")
        yield Risk("senders", domain, say(sentence.format(listed), *gained[:5], domain))


def _terms(domain: str, before: _Spf, after: _Spf, service: Service) -> Iterator[Say | Risk]:
    old, new = before.terms, after.terms
    added, removed = _without(new, old), _without(old, new)
    for term in added:
        yield say("+ {}", term)
    for term in removed:
        yield say("- {}", term)
    if not added and not removed and old != new:
        yield say("the same terms in another order")
    yield from _senders(domain, "{} will be able to send as {{}} too", before.text, after.text, service)
    was, now = _rest(before.record), _rest(after.record)
    if was == now:
        return
    shift = compare.rest_shift(before.record, after.record)
    word = " (looser)" if shift > 0 else " (stricter)" if shift < 0 else ""
    yield say(f"{{}} → {{}}{word}", was, now)
    if shift > 0:
        results = [_ALL[compare.rest(one.record)] for one in (after, before)]
        text = f"SPF of {{}}: mail from all other servers will get {results[0]}, no longer {results[1]}"
        yield Risk("loosened", domain, say(text, domain))


@lru_cache(maxsize=4096)
def _key(value: str) -> str:
    """Return a key's type, size and fingerprint, or why it is not usable."""
    try:
        key = dkim_key.parse(value)
        if key.revoked:
            return "a revoked key (empty p=)"
        size = f" {key.bits} bits" if key.bits is not None else ""
        kind = {"rsa": "RSA", "ed25519": "Ed25519"}.get(key.key_type)
        if kind is None or key.fault:
            return "a key that receivers cannot read"
        return f"{kind}{size}, SHA-256 {fingerprint(value)[:_FINGERPRINT_SHOWN]}…"
    except RecordError:
        return "a key that receivers cannot read"


def _revoked(value: str) -> bool:
    try:
        return dkim_key.parse(value).revoked
    except RecordError:
        return False


_same_key = lru_cache(maxsize=4096)(compare.same_key)


def _dkim(change: Change, old: str | None, new: str | None, service: Service) -> Iterator[Say | Risk]:
    if old is None and new is not None:
        yield say(f"key: {_key(new)}")
    elif new is None and old is not None:
        yield say(f"key: {_key(old)}: mail signed with it will fail, also mail in transit")
    elif old is not None and new is not None:
        if _same_key(old, new):
            yield say(f"the same key in another form: {_key(new)}")
            yield say("today: {}", old.partition("p=")[0])
            yield say("then: {}", new.partition("p=")[0])
            return
        yield say(f"key: {_key(old)} → {_key(new)}")
        if _revoked(new):
            what = say("the DKIM key at {} will be revoked: receivers reject mail signed with it", change.content.owner)
            yield Risk("key", change.domain, what)
            return
        owner = change.content.owner
        which = change.domain if owner.startswith(f"{service.dkim_selector}._domainkey.") else owner
        text = "the DKIM key of {} will be replaced: mail signed with the old one will fail, also mail in transit"
        what = say(text, which)
        yield Risk("key", change.domain, what)


def _dmarc(change: Change, old: str | None, new: str | None) -> Iterator[Say | Risk]:
    if old is not None and new is not None:
        yield from _dmarc_shift(change, old, new)
    elif new is not None:
        yield say("{}", new)
    elif old is not None:
        yield say("the domain will have no policy of its own; today: {}", old)


def _dmarc_shift(change: Change, old: str, new: str) -> Iterator[Say | Risk]:
    was, is_ = _policy(old), _policy(new)
    if not isinstance(was, Policy) or not isinstance(is_, Policy):
        yield _unread("today:", old, was)
        yield _unread("then:", new, is_)
        if isinstance(was, Policy) and was != Policy():
            what = say("DMARC of {}: receivers will not use this record", change.domain)
            yield Risk("loosened", change.domain, what)
        return
    looser: list[str] = []
    for shift in compare.policy_shifts(was, is_):
        left, right = _told(was, shift.tag), _told(is_, shift.tag)
        yield say(f"{{}} → {{}} ({'looser' if shift.looser else 'stricter'})", left, right)
        if shift.looser:
            looser.append(right)
    yield from _other_tags(old, new)
    if looser:
        listed = ", ".join(["{}"] * len(looser))
        yield Risk(
            "loosened", change.domain, say(f"DMARC of {{}} will be less strict: {listed}", change.domain, *looser)
        )


_policy = lru_cache(maxsize=4096)(read)


def _unread(verb: str, value: str, policy: Policy | Void | None) -> Say:
    """Describe a value if it, or the other one, is not a valid policy."""
    if isinstance(policy, Void):
        return say(f"{verb} {{}}, which {{}}: receivers apply no DMARC", value, policy.why)
    return say(f"{verb} {{}}" + ("" if policy is not None else ", which is not a DMARC record"), value)


def _told(policy: Policy, tag: str) -> str:
    """Return a tag with its effect, including t=y, which makes it one step weaker."""
    return f"{tag}={policy.effective(tag)}" + ("; t=y" if tag in POLICY_TAGS and policy.t == "y" else "")


def _other_tags(old: str, new: str) -> Iterator[Say]:
    """Yield the other tags that differ: targets of reports, and tags that only some receivers know."""
    was, is_ = tags(old), tags(new)
    for tag in dict.fromkeys([*was, *is_]):
        if tag in ("v", *POLICY_TAGS, *ALIGNMENT_TAGS) or was.get(tag) == is_.get(tag):
            continue
        if tag in ("rua", "ruf"):
            before, after = (list(addresses(side.get(tag, ""))) for side in (was, is_))
            yield from (say(f"{tag} + {{}}", uri) for uri in _without(after, before))
            yield from (say(f"{tag} - {{}}", uri) for uri in _without(before, after))
        else:
            before_text, after_text = (f"{tag}={side[tag]}" if tag in side else f"no {tag}" for side in (was, is_))
            yield say("{} → {}", before_text, after_text)
