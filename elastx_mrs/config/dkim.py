"""The DKIM keys of a domain in a config: one, or a list, each with what signs with it and since when.

The rules for a key's value are in :mod:`elastx_mrs.records.dkim`. Here are the rules for keys together.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from elastx_mrs.config.base import Shape, bare, bounded, one_or_more, service_of
from elastx_mrs.records import RecordError, dkim, dkim_state, names
from elastx_mrs.records.dkim_state import REVOKED, State, iso_date, iso_moment
from elastx_mrs.records.record import ttl_problem
from elastx_mrs.service import Service

SAMPLE_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""The public key of RFC 8032 §7.1, TEST 1."""


def _key(text: str, info: ValidationInfo) -> str:
    return dkim.from_paste(text, (info.data or {}).get("selector", ""), service_of(info))


def _date_text(value: Any) -> Any:
    """Return a date or a time as text, as a YAML reader or a program may give an object."""
    if isinstance(value, datetime):
        with suppress(OverflowError):  # the first or the last day of all
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value.tzinfo else value.isoformat()
    return value.isoformat() if isinstance(value, date) else value


_Date = Annotated[str, BeforeValidator(_date_text), AfterValidator(iso_date)]
_Moment = Annotated[str, BeforeValidator(_date_text), AfterValidator(iso_moment)]


Ttl = Annotated[
    int,
    BeforeValidator(lambda value: bounded(int(value) if isinstance(value, float) and value.is_integer() else value)),
]
"""Seconds, of one record."""


def _seconds(value: int) -> int:
    if problem := ttl_problem(value):
        raise RecordError(problem)
    return value


class Dkim(Shape):
    """A DKIM key of a domain: the value that Elastx provides, your own, or a record that somebody else publishes."""

    written: ClassVar[str] = (
        "the value as one text, such as 'v=DKIM1; p=…', an object such as {selector: s1, record: 'v=DKIM1; p=…'}, or a "
        "list of these"
    )
    examples: ClassVar[Mapping[str, Any]] = {
        "selector": "s1",
        "external": True,
        "record": SAMPLE_KEY,
        "own": True,
        "since": "2026-11-30",
        "signs": False,
        "retire": "2026-12-07",
        "revoked": True,
        "ttl": 60,
        "ttl_before": 1800,
        "swap": "2026-11-30T10:15Z",
    }

    selector: Annotated[str, AfterValidator(names.selector)] = ""
    """The selector. The record's name is <selector>._domainkey.<domain> (RFC 6376 §3.6.2.1)."""
    external: bool = False
    """Somebody else publishes the key. It is not created, but it is still verified."""
    record: Annotated[str, AfterValidator(_key)] | None = None
    """The public key, v=DKIM1; p=…: the value that Elastx provides, or that of elastx-mrs dkim generate. You can paste
    it from dig or a zone file. Required unless external.
    """
    own: bool | None = None
    """You sign with this key before you hand in mail, so the relay does not sign with it. Default: false."""
    since: _Moment | None = None
    """The date or the time (UTC) at which the key was on every name server, such as 2026-11-30. A key that signs for
    over a year gets a notice.
    """
    signs: bool | None = None
    """Whether mail is signed with this key today. Write false for a new key until the signer uses it. Default: true,
    unless retire is set.
    """
    retire: _Date | None = None
    """The date from which the key may be removed. Nothing signs with it now, but mail in transit still needs it."""
    revoked: bool = False
    """Publish an empty p=, so receivers reject all signatures of this key. Only after a compromise, and only for a key
    whose date retire has come. Default: false.
    """
    ttl: Ttl | None = None
    """The TTL of this record, in seconds. elastx-mrs dkim rotate lowers it before a swap. Default: that of the domain.
    """
    ttl_before: Annotated[Ttl, AfterValidator(_seconds)] | None = None
    """The TTL that the record had before a swap, in seconds. elastx-mrs dkim rotate writes and removes it."""
    swap: _Moment | None = None
    """The time (UTC) from which another value may be published at this selector, because resolvers have forgotten the
    record with the old TTL. elastx-mrs dkim rotate writes and removes it.
    """

    def selector_of(self, service: Service) -> str:
        """Return the configured selector, or else the one that ``service`` uses."""
        return self.selector or service.dkim_selector

    @property
    def signing(self) -> bool:
        """Whether mail is signed with this key today."""
        return self.retire is None if self.signs is None else self.signs

    @property
    def published(self) -> str | None:
        """The value to publish; None if somebody else publishes the key, or if it is missing."""
        if self.external:
            return None
        return REVOKED if self.revoked else None if self.record is None else str(self.record)

    def state(self, today: date) -> State:
        """Return the state that the config gives the key."""
        return dkim_state.state_of(signs=self.signing, retire=self.retire, today=today)

    def described(self, today: date) -> str:
        """Return the state in words, for a report."""
        return dkim_state.described(self.state(today), self.since, self.retire, revoked=self.revoked)


DkimField = Annotated[list[Annotated[Dkim, bare("record")]], Field(min_length=1), one_or_more]
"""One key, or a list of keys, as a list."""

Problem = tuple[str, str]
"""A place, and what is wrong there."""


def placed(path: str, keys: Sequence[Dkim]) -> Iterator[tuple[str, Dkim]]:
    """Yield each key with its place in the config; a single key has the place of the list."""
    for index, key in enumerate(keys):
        yield (path if len(keys) == 1 else f"{path}[{index}]"), key


def problems(path: str, keys: Sequence[Dkim], service: Service, today: date) -> Iterator[Problem]:
    """Yield the faults of keys that are each well formed.

    :param path: the place of the list.
    """
    seen: dict[str, str] = {}
    for place, key in placed(path, keys):
        yield from _of_key(place, key, service, today)
        selector = key.selector_of(service)
        if (first := seen.setdefault(selector, place)) != place:
            yield (
                place,
                f"has the same selector as {first}, {selector}; write another one, or remove a key (RFC 6376 §3.1)",
            )
    yield from _of_signers(path, keys, service)


def _of_key(place: str, key: Dkim, service: Service, today: date) -> Iterator[Problem]:
    if key.external and (key.record is not None or key.revoked):
        yield place, "has external: true, so no record is created; remove record and revoked, or external"
    if key.own and key.selector_of(service) == service.dkim_selector:
        cure = f"{service.name} signs with the key there; write another selector for a key of your own"
        yield place, f"has own: true at the selector {service.dkim_selector}: {cure}"
    if key.retire is not None and key.since is not None and key.retire < key.since[:10]:
        yield f"{place}.retire", f"is {key.retire}, before since, which is {key.since}; write a later date"
    if key.retire is not None and key.signs:
        cure = "remove retire, or let another key sign and remove signs"
        yield place, f"has signs: true and retire, the date from which the key may be removed; {cure}"
    if key.revoked and (key.signing or key.retire is None):
        cure = "let another key sign, and write today's date as retire"
        yield place, f"has revoked: true, but is not retired, so receivers would reject mail; {cure}"
    elif key.revoked and key.state(today) != "retired":
        cure = f"write {today.isoformat()} after a compromise, or remove revoked"
        yield f"{place}.retire", f"is {key.retire}, in the future, but the key has revoked: true; {cure}"


def _of_signers(path: str, keys: Sequence[Dkim], service: Service) -> Iterator[Problem]:
    """Yield that mail would leave without a signature, for which the relay rejects it."""
    signing = [key for key in keys if key.signing]
    if not signing:
        yield path, f"has no key that signs, and {service.name} rejects mail without DKIM; let one key sign"
        return
    known = any(key.selector_of(service) == service.dkim_selector or key.own is not None for key in signing)
    if len(keys) > 1 and not known:
        text = f"has no key at the selector {service.dkim_selector} that signs, so {service.name} may reject the mail"
        yield path, f"{text}; add it, or write own: true if you sign, or own: false if {service.name} signs"
