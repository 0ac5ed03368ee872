"""The next step of a rotation of DKIM keys. It follows from the config, from DNS and from the time; nothing is stored.

With two selectors, no mail fails. The new key is published, and every resolver can find it, before anything signs with
it. The old key stays until no mail in transit needs it. A new value at the same selector is a *swap*: one selector
holds one key, so mail that was signed with the old key fails from that moment on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from elastx_mrs.config.dkim import Dkim
from elastx_mrs.display import some
from elastx_mrs.dkim.edit import Change
from elastx_mrs.dkim.seen import Seen
from elastx_mrs.records import DEFAULT_TTL
from elastx_mrs.records.dkim_state import moment_of, written
from elastx_mrs.service import Service

KEEP_DAYS = 7
"""Days for which an old key stays after the last signature with it, at least: mail waits in queues for up to 5."""

SWAP_TTL = 60
"""Seconds; the TTL of a key before its value is swapped."""

LONGEST = timedelta(days=7)
"""Resolvers remember nothing for longer, whatever the TTL is (RFC 8767 §4, for negative answers RFC 2308 §5)."""

AGAIN = "run this command again"
UP = f"run pulumi up, then {AGAIN}"


class RefusedError(ValueError):
    """The step would break mail, or comes too early. The message says why, and what to do."""


@dataclass(frozen=True)
class Step:
    """One step.

    :param now: what is true now, from the config and from DNS.
    :param then: what to do next.
    :param fails: which mail fails until then.
    :param changes: what to change in the config now.
    :param waits: whether something must happen before this can go on.
    """

    now: str
    then: str
    fails: str
    changes: tuple[Change, ...] = ()
    waits: bool = False


@dataclass(frozen=True)
class Facts:
    """What a step follows from.

    :param keys: all keys of the list.
    :param seen: what the name servers have, by selector.
    :param negative: seconds for which a resolver may remember that a name does not exist.
    :param ttl: the TTL that the config gives to records, in seconds; None if it leaves that open.
    :param now: in UTC.
    """

    keys: Sequence[Dkim]
    seen: Mapping[str, Seen]
    negative: int
    ttl: int | None
    now: datetime
    service: Service

    def key(self, selector: str) -> Dkim:
        """Return the key at a selector.

        :raises RefusedError: if there is none.
        """
        for key in self.keys:
            if key.selector_of(self.service) == selector:
                return key
        known = some([key.selector_of(self.service) for key in self.keys], 10)
        raise RefusedError(f"there is no key at the selector {selector}; the keys are {known}")

    def at(self, key: Dkim) -> Seen:
        """Return what the name servers have at a key's selector."""
        return self.seen[key.selector_of(self.service)]

    def signer(self, key: Dkim) -> str:
        """Return who signs with a key."""
        return "your mail server" if key.own else self.service.name


def following(facts: Facts) -> list[Step]:
    """Return the steps that are open, the next one first; one at least."""
    open_ = [*_swaps(facts), *_pending(facts), *_retired(facts), *_retiring(facts)]
    changing = [step for step in open_ if step.changes][:1]
    return changing or open_ or [_nothing(facts)]


def _nothing(facts: Facts) -> Step:
    missing = [text for key in facts.keys for text in _problems(facts.at(key))]
    if missing:
        return Step(f"not every name server has every key: {some(missing, 3)}", UP, "", waits=True)
    return Step("every key is on every name server, and each one signs", "nothing: no rotation is under way", "no mail")


def _problems(seen: Seen) -> Sequence[str]:
    return [*seen.missing, *seen.unasked] or ([] if seen.everywhere else ["no server was queried"])


def _remembered(seconds: int) -> timedelta:
    """Return for how long resolvers may remember an answer with a TTL."""
    return min(timedelta(seconds=seconds), LONGEST)


def begin(facts: Facts, selector: str, record: str, *, own: bool) -> Step:
    """Add a new key, with which nothing signs yet.

    :param own: whether the customer signs with it; otherwise the service does.
    :raises RefusedError: if there is a key at the selector.
    """
    if any(key.selector_of(facts.service) == selector for key in facts.keys):
        raise RefusedError(f"there is a key at the selector {selector} already; name a new one (RFC 6376 §3.1)")
    put = {"selector": selector, "own": own, "record": record, "signs": False}
    signing = [key.selector_of(facts.service) for key in facts.keys if key.signing]
    return Step(
        f"the key {selector} is new: no name server has it",
        f"run pulumi up, then {AGAIN}: it checks whether every name server has the key",
        f"no mail: it is still signed with {' and '.join(signing)}",
        (Change(selector, put, add=True),),
    )


def _pending(facts: Facts) -> Iterator[Step]:
    for key in facts.keys:
        if key.signing or key.retire is not None:
            continue
        selector, seen = key.selector_of(facts.service), facts.at(key)
        still = "no mail: nothing signs with the new key yet"
        if not seen.everywhere:
            where = some(_problems(seen), 3)
            yield Step(f"not every name server has the key {selector}: {where}", UP, still, waits=True)
        elif key.since is None:
            since = written(facts.now)
            for_ = int(_remembered(facts.negative).total_seconds())
            why = f"a resolver may remember for {for_} s that it did not exist"
            yield Step(
                f"every name server has the key {selector}",
                f"wait until {_known(facts, since)}, because {why}; then {AGAIN}",
                still,
                (Change(selector, {"since": since}),),
            )
        elif facts.now < moment_of(_known(facts, key.since)):
            now = f"every name server has the key {selector}, but a resolver may still remember that it did not exist"
            yield Step(now, f"wait until {_known(facts, key.since)}, then {AGAIN}", still, waits=True)
        else:
            switch = f"{'let your mail server' if key.own else f'ask {facts.service.support} to'} sign with {selector}"
            then = f"{switch}; then run this command with --signs {selector}"
            yield Step(f"every name server has the key {selector}, and every resolver can find it", then, still)


def _known(facts: Facts, since: str) -> str:
    """Return the time from which no resolver remembers any more that a key did not exist (RFC 2308)."""
    return written(moment_of(since) + _remembered(facts.negative))


def signs(facts: Facts, selector: str, replaces: str, keep: int) -> Step:
    """Note that mail is signed with a new key from now on, and retire the one that it replaces.

    :param replaces: the selector of that key; empty for the only one of the same signer.
    :param keep: days for which the old key stays.
    :raises RefusedError: if it comes too early, or if it is not clear which key is replaced.
    """
    key = facts.key(selector)
    if key.signing or key.retire is not None:
        state = key.state(facts.now.date())
        raise RefusedError(f"the key {selector} is {state} already; --signs is for a pending key")
    if not facts.at(key).everywhere:
        where = some(_problems(facts.at(key)), 3)
        raise RefusedError(f"not every name server has the key {selector}: {where}; run pulumi up")
    if key.since is None or facts.now < moment_of(_known(facts, key.since)):
        known = "" if key.since is None else f" until {_known(facts, key.since)}"
        text = f"a resolver may still remember{known} that {selector} did not exist"
        raise RefusedError(f"{text}; {AGAIN} without --signs")
    old = _replaced(facts, key, replaces)
    if old is None:
        change = Change(selector, {}, ("signs",))
        return Step(f"mail is signed with {selector}, too", "nothing: this key replaces no other", "no mail", (change,))
    kept = facts.now + timedelta(days=keep)
    retire = (kept.date() + timedelta(days=kept.time() > time())).isoformat()  # a date begins at midnight
    gone = old.selector_of(facts.service)
    asked = _asked(facts, old, key, *(one for one in facts.keys if one.signing and one is not old))
    return Step(
        f"{facts.signer(key)} signs with {selector}, and no longer with {gone}",
        f"wait until {retire}, because mail in transit needs the key {gone}; {asked}then {AGAIN}",
        f"no mail, as long as the key {gone} stays",
        (Change(selector, {}, ("signs",)), Change(gone, {"retire": retire}, ("signs", "ttlBefore", "swap"))),
    )


def _asked(facts: Facts, gone: Dkim, *others: Dkim) -> str:
    """Return what to ask before the last key of the service goes; empty for another key."""
    if gone.own or any(not key.own for key in others):
        return ""
    service, selector = facts.service, gone.selector_of(facts.service)
    whom = f"{service.support} ({service.support_address})"
    return f"ask {whom} whether {service.name} still signs with {selector}, or looks for it; "


def _replaced(facts: Facts, key: Dkim, replaces: str) -> Dkim | None:
    if replaces:
        old = facts.key(replaces)
        if not old.signing:
            raise RefusedError(f"nothing signs with the key {replaces}, so no key can replace it")
        return old
    same = [one for one in facts.keys if one.signing and bool(one.own) == bool(key.own)]
    if len(same) > 1:
        names = some([one.selector_of(facts.service) for one in same], 10)
        raise RefusedError(
            f"{key.selector_of(facts.service)} can replace one of these keys: {names}; name it with --replaces"
        )
    return same[0] if same else None


def _retiring(facts: Facts) -> Iterator[Step]:
    for key in facts.keys:
        if key.retire is not None and key.state(facts.now.date()) == "retiring":
            selector = key.selector_of(facts.service)
            now = f"nothing signs with the key {selector}, but mail in transit may need it"
            fails = f"no mail, as long as the key {selector} stays"
            yield Step(now, f"wait until {key.retire}, then {AGAIN}", fails, waits=True)


def _retired(facts: Facts) -> Iterator[Step]:
    for key in facts.keys:
        if key.state(facts.now.date()) != "retired" or key.revoked:
            continue
        selector = key.selector_of(facts.service)
        missing = [text for one in facts.keys if one.signing for text in _problems(facts.at(one))]
        if missing:
            now = f"the key {selector} is retired, but not every name server has the keys that sign: {some(missing, 3)}"
            yield Step(now, UP, "mail that a receiver checks with such a server", waits=True)
            continue
        remove = "let its publisher remove the record" if key.external else "run pulumi up, which removes its record"
        yield Step(
            f"the key {selector} has been retired since {key.retire}, and every name server has the keys that sign",
            f"{_asked(facts, key, *(one for one in facts.keys if one.signing))}{remove}",
            f"only mail that was signed with {selector} and is not delivered yet",
            (Change(selector, {}, remove=True),),
        )


def revoke(facts: Facts, selector: str) -> Step:
    """Revoke a retired key after a compromise: publish an empty ``p=``.

    :raises RefusedError: if something signs with it.
    """
    key, today = facts.key(selector), facts.now.date().isoformat()
    if key.retire is None:
        cure = "let another key sign first, with --signs"
        raise RefusedError(f"the key {selector} is not retired, so receivers would reject your mail; {cure}")
    if key.revoked:
        raise RefusedError(f"the key {selector} is revoked already")
    if key.external:
        raise RefusedError(f"somebody else publishes the key {selector}; ask them to publish an empty p=")
    return Step(
        f"nothing signs with the key {selector}; with an empty p=, receivers reject all signatures made with it",
        f"run pulumi up; after {KEEP_DAYS} days, remove the key from the list",
        f"all mail that was signed with {selector}, also mail in transit",
        (Change(selector, {"retire": min(key.retire, today), "revoked": True}),),
    )


def bridge(facts: Facts, swapped: str) -> str:
    """Return how to keep mail signed during a swap: an own key that signs meanwhile, or the offer of one."""
    own = [key.selector_of(facts.service) for key in facts.keys if key.own and key.signing]
    own = [selector for selector in own if selector != swapped]
    if own:
        return f"Mail that you also sign with {' and '.join(own)} still passes"
    return "To avoid this, sign with a key of your own until the swap is over: elastx-mrs dkim generate"


def swap(facts: Facts, selector: str, record: str | None) -> Step:
    """Take a swap of the value at a selector one step further.

    :param record: the new value, to be published now; None to prepare the swap.
    :raises RefusedError: if it comes too early.
    """
    key = facts.key(selector)
    if key.external or key.record is None or not key.signing:
        raise RefusedError(
            f"this stack does not publish the key {selector}, or nothing signs with it; name another key"
        )
    if key.ttl_before is None:
        if record is not None:
            raise RefusedError(f"the swap is not prepared; {AGAIN} with --swap {selector}, and without --record")
        before = _ttl(facts, key)
        if before is None:
            where = some(_problems(facts.at(key)), 3)
            raise RefusedError(f"not every name server has the key {selector}: {where}; run pulumi up")
        return Step(
            f"a new value at {selector} must replace the old one, because one selector holds one key (RFC 6376 §3.1)",
            f"run pulumi up, which lowers the TTL of the key; then run this command with --swap {selector} again",
            f"no mail yet. During the swap, {_lost(facts, selector)}",
            (Change(selector, {"ttl": min(SWAP_TTL, before), "ttlBefore": before}),),
        )
    if record is None:
        return next(_swap_steps(facts, key))
    if key.swap is None or facts.now < moment_of(key.swap):
        when = f"until {key.swap}" if key.swap else "with the old TTL"
        raise RefusedError(f"resolvers may remember the old value {when}; {AGAIN} without --record")
    if _low(facts.at(key), key.ttl):
        where = some(_low(facts.at(key), key.ttl), 3)
        raise RefusedError(f"not every name server has the key {selector} with the low TTL: {where}; run pulumi up")
    if record == str(key.record):
        by_hand = "if you wrote it by hand, also write the time of that as since"
        raise RefusedError(f"the key {selector} has this value already; name the new value with --record; {by_hand}")
    switches = "while your mail server" if key.own else f"while {facts.service.support}"
    return Step(
        f"resolvers cache the value at {selector} for {key.ttl} s at most, so it can be swapped",
        f"run pulumi up now, {switches} switches to the new key; then {AGAIN}",
        _lost(facts, selector),
        (Change(selector, {"record": record, "since": written(facts.now)}),),
    )


def _ttl(facts: Facts, key: Dkim) -> int | None:
    """Return the TTL for which resolvers remember a key, at least 1; None if no server has the key."""
    seen = facts.at(key)
    if seen.ttl is None:
        return None
    configured = DEFAULT_TTL if facts.ttl is None else facts.ttl
    counted_down = (key.ttl or configured) if seen.cached else 1
    return max(seen.ttl, counted_down, 1)


def _lost(facts: Facts, selector: str) -> str:
    """Return what a swap breaks."""
    old = f"DKIM fails for mail in transit that was signed with the old key at {selector}"
    new = f"for new mail until both DNS and {facts.signer(facts.key(selector))} have the new key"
    spf = "Then DMARC depends on aligned SPF alone, which fails for forwarded mail"
    return f"{old}, and {new}. {spf}. {bridge(facts, selector)}"


def _swaps(facts: Facts) -> Iterator[Step]:
    for key in facts.keys:
        if key.ttl_before is not None and key.signing:
            yield from _swap_steps(facts, key)


def _is_swapped(key: Dkim) -> bool:
    """Return whether the new value is in the config: it is younger than the time from which it was allowed."""
    if key.swap is None or key.since is None or "T" not in key.since:
        return False
    return moment_of(key.since) >= moment_of(key.swap)


def _low(seen: Seen, ttl: int | None) -> list[str]:
    """Return the servers that do not have the key with its low TTL."""
    high = [f"a server has it with a TTL of {seen.ttl} s"] if ttl is not None and (seen.ttl or 0) > ttl else []
    return [*_problems(seen), *high]


def _swap_steps(facts: Facts, key: Dkim) -> Iterator[Step]:
    """Yield the step of a swap that is prepared, or done."""
    selector, seen, ttl = key.selector_of(facts.service), facts.at(key), key.ttl
    later = f"no mail yet. During the swap, {_lost(facts, selector)}"
    agree = f". Agree with {facts.service.support} ({facts.service.support_address}) on a moment after that"
    agree = "" if key.own else agree
    if _is_swapped(key):
        yield _after_swap(facts, key)
    elif low := _low(seen, ttl):
        now = f"not every name server has the key {selector} with the low TTL: {some(low, 3)}"
        yield Step(now, f"run pulumi up, then run this command with --swap {selector} again", later, waits=True)
    elif key.swap is None:
        ready = written(facts.now + _remembered(key.ttl_before or 0))
        why = f"a resolver may remember the record with the old TTL for {key.ttl_before} s"
        now = f"every name server has the key {selector} with the low TTL"
        yield Step(now, f"wait until {ready}, because {why}{agree}", later, (Change(selector, {"swap": ready}),))
    elif facts.now < moment_of(key.swap):
        now = f"a resolver may still remember the key {selector} with the old TTL"
        yield Step(now, f"wait until {key.swap}{agree}", later, waits=True)
    else:
        moment = f"at the moment that you agreed with {facts.service.support}, "
        then = f"{'' if key.own else moment}run this command with --swap {selector} --record VALUE"
        yield Step(f"the value at {selector} can be swapped: resolvers cache it for {ttl} s at most", then, later)


def _after_swap(facts: Facts, key: Dkim) -> Step:
    selector, seen, service = key.selector_of(facts.service), facts.at(key), facts.service
    if not seen.everywhere:
        now = f"not every name server has the new value at {selector}: {some(_problems(seen), 3)}"
        return Step(now, UP, _lost(facts, selector), waits=True)
    who = "your mail server" if key.own else service.name
    check = f"check that {who} signs with it: send a test message, and pass it to elastx-mrs message"
    return Step(
        f"every name server has the new value at {selector}; resolvers forget the old one within {key.ttl} s",
        f"{check}. Then run pulumi up, which restores the TTL",
        f"mail that was signed with the old key and is not delivered yet. {bridge(facts, selector)}",
        (
            Change(selector, {}, ("ttl", "ttlBefore", "swap"))
            if key.ttl_before == facts.ttl
            else Change(selector, {"ttl": key.ttl_before}, ("ttlBefore", "swap")),
        ),
    )
