"""Is each record on every name server? Compared as joined octets (RFC 7208 §3.3, RFC 6376 §3.6.2.2)."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.authority import Observation, Observer
from elastx_mrs.receiver import relay
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.challenge import is_challenge, is_exact, misspelling
from elastx_mrs.records.dmarc_policy import is_dmarc
from elastx_mrs.records.names import MAX_NAME, fits
from elastx_mrs.records.spf_terms import is_spf
from elastx_mrs.service import Service
from elastx_mrs.verify.checks.per_server import RESTORE, Fault, Judge, judged, listed, nothing, right
from elastx_mrs.verify.expected import Expected, Key
from elastx_mrs.verify.result import Detail, Outcome


async def record(observer: Observer, expected: Expected, wanted: TxtRecord) -> Outcome:
    """Check that a declared record is on every server."""
    seen = await observer.txt(wanted.name)
    value = wanted.value.encode("ascii")
    details, notices = judged(
        seen,
        listed([value]),
        judge_of(wanted.kind, value, expected.service),
        effect_of(wanted.kind, expected, wanted.name),
    )
    notices += _aliased(seen)
    key = expected.key_at(wanted.name) if wanted.kind == "dkim" else None
    well = f"as declared, {key.said}" if key is not None else "as declared"
    return _outcome(expected, wanted.suffix, seen, details, well, [*notices, *_state(key, seen.name)])


def _state(key: Key | None, name: str) -> list[str]:
    """Return the state of a DKIM key, unless mail is signed with it."""
    return [f"the DKIM key at {name} is {key.said}"] if key is not None and key.state != "active" else []


def _outcome(
    expected: Expected, check: str, seen: Observation, details: Sequence[Detail], well: str, notices: Sequence[str]
) -> Outcome:
    """Return the outcome of a check that queries every server for the same name.

    :param well: what the outcome shows if nothing is wrong.
    """
    given = tuple(details), well, tuple(notices)
    return Outcome(expected.domain, check, seen.name, *given, right=right(seen, details))


def _aliased(seen: Observation) -> list[str]:
    return [f"{seen.name} is an alias of {' -> '.join(seen.aliases)}"] if seen.aliases else []


def judge_of(kind: str, value: bytes, service: Service) -> Judge:
    """Return the function that judges an answer, given the expected kind and value."""
    if kind == "challenge":
        return _challenge(value, service)
    return {"spf": _spf, "dkim": _dkim, "dmarc": _dmarc, "report": _report}[kind](value)


def effect_of(kind: str, expected: Expected, name: str) -> Callable[[Answer], str]:
    """Return the function that returns what an application meets at the relay service because of a wrong answer.

    A DKIM key matters to the service if it is the only one with which mail is signed.

    :param name: the owner name of the record.
    """

    def effect(answer: Answer) -> str:
        if kind == "challenge":
            return relay.no_challenge(expected.domain, expected.service)
        if kind == "dkim" and expected.signing_names == [name] and relay.unusable(answer.texts()):
            return relay.no_key(expected.domain, expected.service)
        return ""

    return effect


def _publish(what: str) -> str:
    return f"publish the {what} ({RESTORE}), or wait until this server has it"


def _challenge(value: bytes, service: Service) -> Judge:
    def judge(answer: Answer) -> Fault | None:
        texts = answer.texts()
        if value in texts:
            return None
        for text in texts:
            if (slip := misspelling(text, [value.decode("ascii")])) is not None:
                return (
                    "wrong",
                    listed([text]),
                    f"it {_misspelt(slip, service)}, and publish the declared one ({RESTORE})",
                )
        others = [text for text in texts if is_challenge(text, service)]
        return "absent", listed(others) or _none_among(answer), _publish("challenge")

    return judge


def _none_among(answer: Answer) -> str:
    return "none among its TXT records" if answer.texts() else nothing(answer)


def _spf(value: bytes) -> Judge:
    def judge(answer: Answer) -> Fault | None:
        return _one_of([text for text in answer.texts() if is_spf(text)], value, answer, "SPF record")

    return judge


def _dkim(value: bytes) -> Judge:
    def judge(answer: Answer) -> Fault | None:
        return _one_of(answer.texts(), value, answer, "TXT record (RFC 6376 §3.6.2.2)", "DKIM key")

    return judge


def _dmarc(value: bytes) -> Judge:
    def judge(answer: Answer) -> Fault | None:
        found = [text for text in answer.texts() if is_dmarc(text)]
        return _one_of(found, value, answer, "DMARC record (RFC 9989 §4.10)")

    return judge


def _report(value: bytes) -> Judge:
    def judge(answer: Answer) -> Fault | None:
        texts = answer.texts()
        if any(is_dmarc(text) for text in texts):  # RFC 9990 §4: a DMARC record; v= alone is enough
            return None
        return ("wrong" if texts else "absent"), listed(texts) or nothing(answer), _publish("report authorisation")

    return judge


def _one_of(found: Sequence[bytes], value: bytes, answer: Answer, what: str, name: str = "") -> Fault | None:
    name = name or what.partition(" (")[0]
    if list(found) == [value]:
        return None
    if not found:
        return "absent", listed(answer.texts()) if answer.texts() else nothing(answer), _publish(name)
    if len(found) > 1:
        beside = "all but the declared one" if value in found else "all of them and publish the declared one"
        return "wrong", listed(found), f"there must be exactly one {what}: delete {beside}"
    return (
        "wrong",
        listed(found),
        f"replace it with the declared {name} ({RESTORE}), or put the published one into the config",
    )


async def key(observer: Observer, expected: Expected, wanted: Key) -> Outcome:
    """Check that somebody else's DKIM key is usable; there is no declared value to compare with.

    A retired key may be gone already.
    """
    name = expected.key_name(wanted)
    if not fits(name):
        return _no_room(expected, wanted.check, name)
    seen = await observer.txt(name)
    of_service = wanted.selector == expected.service.dkim_selector
    which = f", the one that {expected.service.name} provides" if of_service else ""
    judge = _any_answer if wanted.state == "retired" else usable_key(expected.service)
    details, notices = judged(seen, f"one DKIM key{which}", judge, effect_of("dkim", expected, name))
    notices += [*_aliased(seen), *_state(wanted, name)]
    return _outcome(expected, wanted.check, seen, details, f"a usable key, {wanted.said}", notices)


def _any_answer(answer: Answer) -> Fault | None:
    return None


def usable_key(service: Service) -> Judge:
    """Return the function that judges an answer if any usable key will do."""

    def judge(answer: Answer) -> Fault | None:
        texts = answer.texts()
        if not texts:
            return "absent", nothing(answer), f"publish the DKIM key that {service.name} provides"
        if len(texts) > 1:
            return "wrong", listed(texts), "there must be exactly one TXT record (RFC 6376 §3.6.2.2): delete the others"
        problems = relay.unusable(texts)
        return ("wrong", listed(texts), "; ".join(f"it {problem}" for problem in problems)) if problems else None

    return judge


def _no_room(expected: Expected, check: str, name: str) -> Outcome:
    """Return that a record is impossible: the domain is so long that the name below it is too long."""
    wanted = f"a record at a name of at most {MAX_NAME} octets (RFC 1035 §3.1)"
    seen = f"{name[:40]}… has {len(name)} octets"
    detail = Detail("wrong", "", wanted, seen, "send from a shorter domain: mail of this one can't be signed")
    return Outcome(expected.domain, check, expected.domain, (detail,), hopeless="no record can be at that name")


async def external(observer: Observer, expected: Expected, kind: Literal["spf", "dmarc"]) -> Outcome:
    """Check that all servers have the same SPF or DMARC record of somebody else. Other checks read the record.

    There may be no DMARC record at all, because a policy from above may apply.
    """
    name = expected.domain if kind == "spf" else expected.policy_name
    if not fits(name):
        return Outcome(expected.domain, kind, expected.domain, seen="none: DNS has no room for its name")
    seen = await observer.txt(name)
    what = "SPF record" if kind == "spf" else "DMARC record"

    def ours(answer: Answer) -> list[bytes]:
        return [text for text in answer.texts() if (is_spf(text) if kind == "spf" else is_dmarc(text))]

    common = Counter(tuple(ours(s.answer)) for s in seen.sightings if s.answer.status != "failed").most_common(1)

    def judge(answer: Answer) -> Fault | None:
        found = ours(answer)
        if len(found) > 1:
            return "wrong", listed(found), f"there must be exactly one {what}: delete the others"
        if kind == "spf" and not found:
            return "absent", listed(answer.texts()) or nothing(answer), f"publish it: {expected.service.basic_spf}"
        if found != list(common[0][0]):
            return "wrong", listed(found) or f"no {what}", "make all name servers serve the same record"
        return None

    wanted = (
        f"one {what}, the same on every server" if kind == "spf" else f"one {what} or none, the same on every server"
    )
    details, notices = judged(seen, wanted, judge)
    return _outcome(expected, kind, seen, details, "the same on every server", notices)


async def challenges(observer: Observer, expected: Expected, *, strict: bool) -> Outcome:
    """Check that only known accounts may send: an unknown challenge at the apex lets a stranger send.

    :param strict: whether an unknown one is ``wrong``. In ``up`` it is a notice, because the engine deletes removed
        records only after the program.
    """
    seen = await observer.txt(expected.domain)
    declared = {record.value for record in expected.records if record.kind == "challenge"}
    known = {text.encode("ascii") for text in declared | expected.known_challenges}
    names = sorted(text.decode("ascii") for text in known)
    strangers: list[bytes] = []
    slips: dict[bytes, str] = {}

    def judge(answer: Answer) -> Fault | None:
        found = [text for text in answer.texts() if is_challenge(text, expected.service)]
        if not expected.accounts_known:
            return _any_challenge(answer, found, expected.service)
        slips.update({text: slip for text in answer.texts() if (slip := misspelling(text, names)) is not None})
        unknown = [text for text in found if text not in known and text not in slips]
        strangers.extend(text for text in unknown if text not in strangers)
        return ("wrong", listed(unknown), _STRANGER) if unknown and strict else None

    def effect(answer: Answer) -> str:
        return "" if expected.accounts_known else relay.no_challenge(expected.domain, expected.service, "every account")

    prefix = expected.service.challenge_prefix
    only = f"no {prefix} string but the declared ones" if expected.accounts_known else f"one {prefix} string or more"
    details, notices = judged(seen, only, judge, effect)
    notices = [f"{listed([text])} {_misspelt(slip, expected.service)}" for text, slip in slips.items()] + notices
    if strangers and not strict:
        notices = [f"{listed([text])} {UNDECLARED}" for text in strangers] + notices
    return _outcome(expected, "challenges", seen, details, only, notices)


def _any_challenge(answer: Answer, found: Sequence[bytes], service: Service) -> Fault | None:
    """Judge an answer if the accounts are not known: one valid challenge is enough."""
    if not found:
        return "absent", _none_among(answer), _ANY
    if any(is_exact(text, service) for text in found):
        return None
    form = f"{service.challenge_prefix} and 64 hex digits in lower case"
    return "wrong", listed(found), f"no account has such a challenge: {form}; {_ANY}"


UNDECLARED = "is published, but not declared"
"""How a notice of an unknown challenge ends."""


def _misspelt(slip: str, service: Service) -> str:
    why = f"it has {slip}, but {service.name} compares the exact string"
    return f"is a misspelt copy of a declared challenge: {why}; delete it"


_STRANGER = (
    "an undeclared account may send as this domain: delete the record, or, if another stack publishes it, list it in "
    "verification.knownChallenges"
)
_ANY = "publish the challenge of each account that sends as this domain"
