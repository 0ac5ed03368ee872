"""What a change of a record means for mail, in the record's own terms, and which of it is a risk."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from elastx_mrs.records import RecordError, dkim_key, dmarc, spf
from elastx_mrs.records.challenge import PREFIX
from elastx_mrs.records.dkim import fingerprint
from elastx_mrs.records.spf_terms import LOOKUPS, Mechanism, Record, parse
from elastx_mrs.review.changes import Change, ttl_of

RISKS: Mapping[str, str] = {
    "gained": "an account may send as a domain that it could not send as before",
    "loosened": "DMARC asks for less, or SPF's all lets more through",
    "removed": "a record goes",
    "key": "a DKIM key becomes another one",
    "senders": "SPF lets others send too",
}
"""The risks, from the one to look at first."""

_ALL = {"-": "fail", "~": "softfail", "?": "neutral", "+": "pass"}
_LOOSER = "-~?+"
_TOKEN_SHOWN = 12
_FINGERPRINT_SHOWN = 16
_VALUE_SHOWN = 200


class Say(NamedTuple):
    """A sentence of ours, with what others wrote in it: every format shows that as text in its own way.

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
    """What to look at first.

    :param kind: one of :data:`RISKS`.
    """

    kind: str
    domain: str
    what: Say
    account: str = ""


class Meaning(NamedTuple):
    """What one change means."""

    says: tuple[Say, ...]
    risks: tuple[Risk, ...] = ()


@dataclass(frozen=True)
class _Spf:
    """An SPF record, and what is asked of it."""

    record: Record
    lookups: int
    senders: tuple[str, ...]
    terms: tuple[str, ...]


class Reader:
    """Reads changes.

    :param accounts: addresses by their challenge's token.
    :param trees: lookups of the whole tree, before and after, by domain; of those that were asked for.
    """

    def __init__(self, accounts: Mapping[str, str], trees: Mapping[str, tuple[str, str]] | None = None) -> None:
        """Keep them."""
        self._accounts = accounts
        self._trees = trees or {}

    def read(self, change: Change) -> Meaning:
        """Return what a change means."""
        says: list[Say] = []
        risks: list[Risk] = []
        for part in self._of_kind(change):
            risks.append(part) if isinstance(part, Risk) else says.append(part)
        for part in self._of_place(change):
            risks.append(part) if isinstance(part, Risk) else says.append(part)
        return Meaning(tuple(says), tuple(risks))

    def account(self, value: str) -> str:
        """Return an account's address, or the beginning of its hash where it is secret or not in the config."""
        known = self._accounts.get(value)
        return known if known is not None else f"{value.removeprefix(PREFIX)[:_TOKEN_SHOWN]}…"

    def _of_kind(self, change: Change) -> Iterator[Say | Risk]:
        old = change.old.value if change.old else None
        new = change.new.value if change.new else None
        if (change.old and old is None) or (change.new and new is None):
            yield say("its value is secret, or known only later: it cannot be judged here")
        elif change.op == "changed" and old == new:
            return
        elif change.kind == "challenge":
            yield from self._challenge(change, old, new)
        elif change.kind == "spf":
            yield from self._spf(change, old, new)
        elif change.kind == "dkim":
            yield from _dkim(change, old, new)
        elif change.kind == "dmarc":
            yield from _dmarc(change, old, new)
        elif change.kind == "report":
            sender = change.content.owner.partition("._report._dmarc.")[0]
            yield say(f"{'no longer ' if new is None else ''}takes DMARC reports about {{}}", sender)
        else:
            yield from (say(f"{word} {{}}", text) for word, text in (("was", old), ("is", new)) if text is not None)

    def _challenge(self, change: Change, old: str | None, new: str | None) -> Iterator[Say | Risk]:
        if old is not None:
            text = "account {} may no longer send as any address of {}"
            yield say(text, self.account(old), change.domain)
        if new is not None:
            what = say("account {} may send as any address of {}", self.account(new), change.domain)
            yield what
            if not change.again:
                yield Risk("gained", change.domain, what, self.account(new))

    def _spf(self, change: Change, old: str | None, new: str | None) -> Iterator[Say | Risk]:
        before, after = (None if value is None else _parsed(value) for value in (old, new))
        if new is None:
            yield say("no SPF any more: receivers cannot tell who may send as {}", change.domain)
        elif old is None:
            yield say("{}", new)
            if after is not None:
                others = [term for term in after.senders if not _is_elastx(term)]
                if others and not change.again:
                    listed = ", ".join(["{}"] * len(others[:5])) + (" and more" if len(others) > 5 else "")
                    what = say(f"besides Elastx, {listed} may send as {{}}", *others[:5], change.domain)
                    yield Risk("senders", change.domain, what)
                yield self._lookups(change.domain, None, after)
        elif before is None or after is None:
            yield say("was {}", old)
            yield say("is {}", new)
        else:
            yield from _terms(change.domain, before, after)
            yield self._lookups(change.domain, before, after)

    def _lookups(self, domain: str, before: _Spf | None, after: _Spf) -> Say:
        then = after.lookups
        own = f"{before.lookups} → {then}" if before is not None and before.lookups != then else f"{then}"
        if domain in self._trees:
            now, planned = self._trees[domain]
            whole = f"{now} → {planned}" if before is not None and now != planned else planned
            return say(f"lookups: {whole} of {spf.MAX_LOOKUPS}, {then} of them its own terms'")
        return say(f"lookups of its own terms: {own} (with all below them at most {spf.MAX_LOOKUPS})")

    def _of_place(self, change: Change) -> Iterator[Say | Risk]:
        """Say what is the same whatever the record: that it goes, moves, is taken over, or is kept otherwise."""
        old, new = change.old, change.new
        if change.again:
            verb = "from" if change.op == "added" else "to"
            yield say(
                f"the same record moves {verb} the resource {{}}: without an alias it is withdrawn and published anew",
                change.again,
            )
        elif change.op == "removed":
            yield Risk("removed", change.domain, self._goes(change))
        elif change.op == "released":
            yield say("goes from the stack and stays in DNS, where nobody looks after it (retainOnDelete)")
        if change.resource.imported:
            yield say("is there already, and is taken over")
        if old is None or new is None:
            return
        if old.owner != new.owner:
            yield say("moves from {} to {}", old.owner, new.owner)
            if change.kind == "dkim":
                gone = say("what is signed with the selector of {} cannot be checked any more", old.owner)
                yield Risk("key", change.domain, gone)
        if ttl_of(old) != ttl_of(new):
            yield say(f"TTL {ttl_of(old)} → {ttl_of(new)}")
        rest = [key for key in change.keys if key not in ("value", "content", "ttl", "owner", "name")]
        for key in rest:
            yield say("{}: {} → {}", key, _shown(change.resource.old, key), _shown(change.resource.new, key))
        if change.resource.replaced:
            yield say("is withdrawn and published anew: for a while it may not be there")

    def _goes(self, change: Change) -> Say:
        names = {"spf": "SPF", "dkim": "DKIM key", "dmarc": "DMARC policy", "report": "report authorisation"}
        if change.kind == "challenge":
            value = change.content.value
            return say("the challenge of {} at {}", self.account(value) if value else "an account", change.domain)
        return say(f"the {names.get(change.kind, 'record')} at {{}}", change.content.owner)


def _shown(inputs: Mapping[str, object] | None, key: str) -> str:
    value = (inputs or {}).get(key)
    return "nothing" if value is None else value if isinstance(value, str) else str(value)


@lru_cache(maxsize=4096)
def _parsed(value: str) -> _Spf | None:
    """Return a record; most domains of a company have the same few."""
    try:
        record = parse(value)
    except RecordError:
        return None
    terms = [str(term) for term in record.terms if not (isinstance(term, Mechanism) and term.name == "all")]
    lookups = sum(term.name in LOOKUPS for term in record.evaluated())
    return _Spf(record, lookups, tuple(_senders(record)), tuple(terms))


def _is_elastx(term: str) -> bool:
    return term.lower().removesuffix(".") == spf.ELASTX


def _senders(record: Record) -> list[str]:
    """Return the terms by which somebody passes."""
    found = [str(term) for term in record.mechanisms if term.qualifier == "+" and term.name != "all"]
    redirect = record.modifier("redirect")
    return found if redirect is None else [*found, str(redirect)]


def _rest(record: Record) -> tuple[str, str]:
    """Return the qualifier of what nothing else matches, and the words for it."""
    for term in record.mechanisms:
        if term.name == "all":
            return term.qualifier, f"{'' if term.qualifier == '+' else term.qualifier}all"
    if record.modifier("redirect") is not None:
        return "", "redirect"
    return "?", "no all"


def _terms(domain: str, before: _Spf, after: _Spf) -> Iterator[Say | Risk]:
    old, new = before.terms, after.terms
    added, removed = [term for term in new if term not in old], [term for term in old if term not in new]
    for term in added:
        yield say("+ {}", term)
    for term in removed:
        yield say("- {}", term)
    if not added and not removed and old != new:
        yield say("the same terms in another order")
    senders = [term for term in after.senders if term in added and not _is_elastx(term)]
    if senders:
        listed = ", ".join(["{}"] * len(senders[:5])) + (" and more" if len(senders) > 5 else "")
        yield Risk("senders", domain, say(f"{listed} may send as {{}} too", *senders[:5], domain))
    (was, was_text), (is_, is_text) = _rest(before.record), _rest(after.record)
    if was_text == is_text:
        return
    looser = bool(was) and bool(is_) and _LOOSER.index(is_) > _LOOSER.index(was)
    stricter = bool(was) and bool(is_) and _LOOSER.index(is_) < _LOOSER.index(was)
    word = " (looser)" if looser else " (stricter)" if stricter else ""
    yield say(f"{{}} → {{}}{word}", was_text, is_text)
    if looser:
        text = f"SPF of {{}}: everybody else's mail gets {_ALL[is_]} and no longer {_ALL[was]}"
        yield Risk("loosened", domain, say(text, domain))


@lru_cache(maxsize=4096)
def _key(value: str) -> str:
    """Return a key's type, size and fingerprint, or why it is none."""
    try:
        key = dkim_key.parse(value)
        if key.revoked:
            return "a revoked key (empty p=)"
        size = f" {key.bits} bits" if key.bits is not None else ""
        kind = {"rsa": "RSA", "ed25519": "Ed25519"}.get(key.key_type)
        if kind is None or key.fault:
            return "no key that receivers can read"
        return f"{kind}{size}, SHA-256 {fingerprint(value)[:_FINGERPRINT_SHOWN]}…"
    except RecordError:
        return "no key that receivers can read"


@lru_cache(maxsize=4096)
def _fingerprint(value: str) -> str | None:
    try:
        return fingerprint(value)
    except RecordError:
        return None


def _dkim(change: Change, old: str | None, new: str | None) -> Iterator[Say | Risk]:
    if old is None and new is not None:
        yield say(f"key: {_key(new)}")
    elif new is None and old is not None:
        yield say(f"key: {_key(old)}; what is signed with it, mail on its way too, cannot be checked any more")
    elif old is not None and new is not None:
        if _fingerprint(old) is not None and _fingerprint(old) == _fingerprint(new):
            yield say(f"the same key written otherwise: {_key(new)}")
            yield say("was {}", old.partition("p=")[0])
            yield say("is {}", new.partition("p=")[0])
            return
        yield say(f"key: {_key(old)} → {_key(new)}")
        what = say("DKIM key of {}: another one; mail signed with the old one, on its way too, fails", change.domain)
        yield Risk("key", change.domain, what)


def _dmarc(change: Change, old: str | None, new: str | None) -> Iterator[Say | Risk]:
    if new is None and old is not None:
        yield say("no policy of its own any more; it was {}", old)
        return
    assert new is not None  # noqa: S101  one of both is there
    if old is None:
        yield say("{}", new)
        return
    was, is_ = _policy(old), _policy(new)
    if was is None or is_ is None:
        yield say("was {}", old)
        yield say("is {}", new)
        return
    looser: list[str] = []
    for tag, before, after in _levels(was, is_):
        direction = "stricter" if after > before else "looser"
        left, right = _told(was, tag), _told(is_, tag)
        yield say(f"{{}} → {{}} ({direction})", left, right)
        if direction == "looser":
            looser.append(right)
    yield from _other_tags(old, new)
    if looser:
        listed = ", ".join(["{}"] * len(looser))
        yield Risk("loosened", change.domain, say(f"DMARC of {{}} asks for less: {listed}", change.domain, *looser))


@lru_cache(maxsize=4096)
def _policy(value: str) -> dmarc.Policy | None:
    return dmarc.read(value)


_POLICIES = ("p", "sp", "np")
_ALIGNMENTS = ("adkim", "aspf")


def _effective(policy: dmarc.Policy, tag: str) -> str:
    """Return what holds for a tag, inherited where it is not there (RFC 9989 §4.7)."""
    if tag == "np":
        return policy.np or policy.sp or policy.p
    if tag == "sp":
        return policy.sp or policy.p
    return str(getattr(policy, tag))


def _told(policy: dmarc.Policy, tag: str) -> str:
    """Return a tag as it holds, with the t=y that takes a step off it."""
    return f"{tag}={_effective(policy, tag)}" + ("; t=y" if tag in _POLICIES and policy.t == "y" else "")


def _levels(was: dmarc.Policy, is_: dmarc.Policy) -> Iterator[tuple[str, int, int]]:
    """Yield each tag whose meaning got stricter or looser, with both levels; none that only follows ``p``."""
    shown: set[tuple[int, int]] = set()
    for tag in _POLICIES:
        pair = (dmarc.strength(_effective(was, tag), was.t), dmarc.strength(_effective(is_, tag), is_.t))
        own = tag == "p" or getattr(was, tag) is not None or getattr(is_, tag) is not None
        if pair[0] != pair[1] and (own or pair not in shown):
            shown.add(pair)
            yield tag, *pair
    for tag in _ALIGNMENTS:
        before, after = (int(getattr(policy, tag) == "s") for policy in (was, is_))
        if before != after:
            yield tag, before, after


def _other_tags(old: str, new: str) -> Iterator[Say]:
    """Yield the other tags that differ: where reports go, and those that only some receivers know."""
    was, is_ = _tags(old), _tags(new)
    for tag in dict.fromkeys([*was, *is_]):
        if tag in ("v", *_POLICIES, *_ALIGNMENTS) or was.get(tag) == is_.get(tag):
            continue
        if tag in ("rua", "ruf"):
            before, after = (_uris(tags.get(tag, "")) for tags in (was, is_))
            yield from (say(f"{tag} + {{}}", uri) for uri in after if uri not in before)
            yield from (say(f"{tag} - {{}}", uri) for uri in before if uri not in after)
        else:
            before_text, after_text = (f"{tag}={tags[tag]}" if tag in tags else f"no {tag}" for tags in (was, is_))
            yield say("{} → {}", before_text, after_text)


@lru_cache(maxsize=4096)
def _tags(value: str) -> Mapping[str, str]:
    parts = (part.partition("=") for part in value.split(";"))
    return {name.strip(): content.strip() for name, equals, content in parts if equals}


def _uris(text: str) -> list[str]:
    return [uri.strip() for uri in text.split(",") if uri.strip()]
