"""The checks of ``elastx-mrs doctor`` for Cloudflare: plugin, token, zones, and the token's permissions.

Nothing is changed. To find out whether a token may edit, they send an empty change of a record that does not exist. If
the token may not, Cloudflare refuses with code 10000, before it looks for the record; otherwise with 81044.
"""

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from elastx_mrs import limits
from elastx_mrs.check import Check, Verdict
from elastx_mrs.display import some
from elastx_mrs.lookup.aside import aside
from elastx_mrs.publish.cloudflare import cures, errors, plugin
from elastx_mrs.publish.cloudflare.api import Answer, Api, UnaskedError
from elastx_mrs.publish.cloudflare.settings import Cloudflare
from elastx_mrs.publish.cloudflare.zone import ZoneInfo, find_zones
from elastx_mrs.publish.examination import NONE_HERE, READABLE, Examination, Subject, of_message
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import MAX_NAME, longest_zone, to_ascii

T = TypeVar("T")

ZONES_PER_PAGE = 50
"""Cloudflare's maximum for a page of zones."""

NOBODYS = "0" * 32
"""The id of a record that does not exist."""

GONE = 81044
"""Cloudflare's code for it."""

ENDS_SOON = datetime.timedelta(days=14)
LISTED = 5

_TOKEN, _ZONE, _READ, _EDIT = "cloudflare-token", "cloudflare-zone", "cloudflare-read", "cloudflare-edit"
_EXPECTED = {
    _TOKEN: "a token that Cloudflare accepts",
    _ZONE: "an active zone for each domain",
    _READ: "the token may list the records of each zone",
    _EDIT: "the token may change the records of each zone",
}
_NOT_ASKED = "skipped, because a check above failed"


def examine(subject: Subject) -> Sequence[Examination]:
    """Return the examinations: of the plugin on this machine, and of the account."""
    late = f"check www.cloudflarestatus.com, {cures.BASE_URL}, the network and any proxy"
    return [
        Examination(plugin.CHECK, partial(plugin.examine, subject), "run it again"),
        Examination(_TOKEN, partial(_account, subject), late),
    ]


def _account(subject: Subject) -> Iterator[Check]:
    config = lambda key: subject.get(f"cloudflare:{key}")  # noqa: E731
    for check in _asked(subject, config):
        known = errors.secrets(config, subject.environment)
        yield Check(
            check.name, check.verdict, check.expected, errors.shorten(check.seen, known), check.cure, check.notices
        )


def _asked(subject: Subject, config: Any) -> Iterator[Check]:
    hidden = [f"cloudflare:{key}" for key in errors.SETTINGS if subject.hidden(f"cloudflare:{key}")]
    if hidden:
        seen = f"{hidden[0]} is encrypted in the stack's file"
        yield Check(_TOKEN, "unchecked", _EXPECTED[_TOKEN], seen, READABLE)
        yield from _left(_ZONE, _READ, _EDIT)
        return
    problem = errors.credentials(config, subject.environment)
    if problem:
        verdict: Verdict = "absent" if problem.startswith("no token") else "wrong"
        yield of_message(_TOKEN, verdict, _EXPECTED[_TOKEN], problem)
        yield from _left(_ZONE, _READ, _EDIT)
        return
    token = config("apiToken") or subject.environment.get("CLOUDFLARE_API_TOKEN")
    if not token:
        seen = "the stack uses an API key; only tokens are examined"
        yield Check(_TOKEN, "unchecked", _EXPECTED[_TOKEN], seen, f"use a token instead: {cures.TOKEN}")
        yield from _left(_ZONE, _READ, _EDIT)
        return
    api = Api(config("baseUrl") or subject.environment.get(cures.BASE_URL) or cures.API, str(token))
    try:
        yield from _of_token(subject, api)
    except UnaskedError as error:
        yield of_message(_TOKEN, "unreachable", _EXPECTED[_TOKEN], str(error))
        yield from _left(_ZONE, _READ, _EDIT)


def _of_token(subject: Subject, api: Api) -> Iterator[Check]:
    """Yield the checks of a token; an account's own token cannot be verified by the user's path, but lists zones."""
    verified = api.ask("GET", "/user/tokens/verify")
    if verified.status < 400:
        token = _read(verified, _token)
        yield token
        if token.verdict != "pass":
            yield from _left(_ZONE, _READ, _EDIT)
            return
    given: Cloudflare = subject.settings
    domains = [domain.name for domain in subject.arguments.published]
    try:
        zones, problems = _zones(api, given, domains, subject.elsewhere)
    except UnaskedError as error:
        if verified.status < 400:
            yield of_message(_ZONE, "wrong" if error.refused else "unreachable", _EXPECTED[_ZONE], str(error))
            yield from _left(_READ, _EDIT)
        elif verified.refused:
            yield of_message(_TOKEN, "wrong", _EXPECTED[_TOKEN], verified.refusal)
            yield from _left(_ZONE, _READ, _EDIT)
        else:
            raise UnaskedError(verified.refusal) from None
        return
    if verified.status >= 400:
        yield Check(_TOKEN, "pass", _EXPECTED[_TOKEN], "Cloudflare lists zones for it")
    yield from problems
    yield from _of_zones(api, zones)


def _token(result: Any) -> Check:
    """Return the check of a token, from Cloudflare's answer about it."""
    status, ends = str(result.get("status")), str(result.get("expires_on") or "")
    if status != "active":
        return Check(_TOKEN, "wrong", _EXPECTED[_TOKEN], f"the token is {status}", f"create another one: {cures.TOKEN}")
    notices = (f"it expires on {ends[:10]}; make a new one before that",) if _soon(ends) else ()
    return Check(_TOKEN, "pass", _EXPECTED[_TOKEN], f"active{f', until {ends[:10]}' if ends else ''}", notices=notices)


def _soon(ends: str) -> bool:
    try:
        return datetime.datetime.fromisoformat(ends) < datetime.datetime.now(datetime.UTC) + ENDS_SOON
    except (ValueError, TypeError):
        return False


def _zones(
    api: Api, given: Cloudflare, domains: Sequence[str], elsewhere: Collection[str]
) -> tuple[list[ZoneInfo], list[Check]]:
    """Return the zones of the domains, and the checks of those that are missing or not served.

    :param elsewhere: the domains that are another publisher's, if they have no zone here.
    """
    named = {domain: str(given.zones[domain]) for domain in domains if isinstance(given.zones.get(domain), str)}
    others = [domain for domain in domains if domain not in given.zones]
    found: dict[str, ZoneInfo] = {}
    problems: list[Check] = []
    for number in dict.fromkeys(named.values()):
        answer = api.ask("GET", f"/zones/{number}")
        if answer.codes:
            fault = f"{number} under cloudflare.zones is not a zone that the token sees"
            seen = f"{fault}; copy the id from the zone's Overview"
            problems.append(of_message(_ZONE, "wrong", _EXPECTED[_ZONE], seen))
        else:
            found[number] = _read(answer, _zone)
    if others:
        try:
            listed = _listed(api, given.account_id)
            there = [zone.name for zone in listed]
            here = [domain for domain in others if domain not in elsewhere or longest_zone(domain, there)]
            found |= {zone.id: zone for zone in find_zones(here, listed).values()}
        except RecordError as error:
            problems += [of_message(_ZONE, "absent", _EXPECTED[_ZONE], problem) for problem in error.problems]
    zones = list(found.values())
    active = [zone.name for zone in zones if zone.status == "active"]
    for zone in zones:
        if zone.status != "active":
            servers = " and ".join(zone.name_servers)
            cure = f"have the registrar delegate {zone.name} to {servers}" if servers else "see Cloudflare's dashboard"
            seen = f"the zone {zone.name} is {zone.status}: Cloudflare does not serve it"
            problems.append(Check(_ZONE, "wrong", _EXPECTED[_ZONE], seen, cure))
    if active:
        problems.insert(0, Check(_ZONE, "pass", _EXPECTED[_ZONE], f"active: {some(active, LISTED)}"))
    if not zones and not problems:
        problems.append(Check(_ZONE, "unchecked", _EXPECTED[_ZONE], NONE_HERE))
    return zones, problems


def _listed(api: Api, account_id: str | None) -> list[ZoneInfo]:
    """Return the zones that the token sees."""
    found: list[ZoneInfo] = []
    account = f"&account.id={account_id}" if account_id else ""
    for page in range(1, limits.CLOUDFLARE_PAGES.most + 1):
        answer = api.ask("GET", f"/zones?per_page={ZONES_PER_PAGE}&page={page}{account}")
        found += (zones := _read(answer, lambda rows: [_zone(row) for row in rows]))
        if not zones or page >= answer.pages:
            return found
    raise UnaskedError(
        f"the token sees over {limits.CLOUDFLARE_PAGES.text} of zones; write cloudflare.accountId, or each zone's id "
        "under cloudflare.zones"
    )


def _read(answer: Answer, make: Callable[[Any], T]) -> T:
    """Return the result that is read from an answer. An answer that is not Cloudflare's raises an error."""
    result = answer.result
    try:
        return make(result)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UnaskedError(cures.NOT_CLOUDFLARE) from None


def _zone(row: Mapping[str, Any]) -> ZoneInfo:
    """Return a zone; names that are too long for DNS are cut."""
    name = str(row["name"])[:MAX_NAME]
    with suppress(RecordError):
        name = to_ascii(name)
    servers = tuple(str(server)[:MAX_NAME] for server in [*(row.get("name_servers") or ())][:LISTED])
    account = str((row.get("account") or {}).get("id") or "")
    return ZoneInfo(str(row["id"]), name, account, str(row.get("status")), servers)


def _of_zones(api: Api, zones: Sequence[ZoneInfo]) -> Iterator[Check]:
    """Yield whether the token may read and edit. Of many zones, only some are checked, in parallel."""
    if not zones:
        yield from _left(_READ, _EDIT)
        return
    asked = zones[: limits.DOCTOR_ZONES.most]
    read = {zone.name: aside(partial(api.ask, "GET", f"{_records(zone)}?per_page=1")) for zone in asked}
    edit = {zone.name: aside(partial(api.ask, "PATCH", f"{_records(zone)}/{NOBODYS}", {})) for zone in asked}
    more = f"; {len(zones) - len(asked)} more zones were not checked" if len(zones) > len(asked) else ""
    yield from _permitted(_READ, read, "may list", "Read", more)
    yield from _permitted(_EDIT, edit, "may change", "Edit", more)


def _records(zone: ZoneInfo) -> str:
    return f"/zones/{zone.id}/dns_records"


def _permitted(
    name: str, asked: Mapping[str, "Future[Answer]"], does: str, permission: str, more: str
) -> Iterator[Check]:
    permitted = []
    for zone, future in asked.items():
        try:
            answer = future.result()
        except UnaskedError as error:
            yield of_message(name, "unreachable", _EXPECTED[name], f"{zone}: {error}")
            continue
        if answer.status < 400 or GONE in answer.codes:
            permitted.append(zone)
        elif answer.status == 403 and answer.codes:
            cure = f"give the token the permission Zone > DNS > {permission} for {zone}"
            yield Check(name, "wrong", _EXPECTED[name], f"the token does not have this permission in {zone}", cure)
        elif answer.refused and name == _EDIT:  # it processed the change, so the permission stays unknown
            seen = f"{zone}: Cloudflare answered HTTP {answer.status} to an empty change, so the permission is unknown"
            yield Check(name, "unchecked", _EXPECTED[name], seen)
        else:
            yield of_message(name, "unreachable", _EXPECTED[name], f"{zone}: {answer.refusal}")
    if permitted:
        yield Check(name, "pass", _EXPECTED[name], f"the token {does} the records of {some(permitted, LISTED)}{more}")


def _left(*names: str) -> list[Check]:
    return [Check(name, "unchecked", _EXPECTED[name], _NOT_ASKED) for name in names]
