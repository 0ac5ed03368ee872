"""Read zones and their records from Cloudflare through its Python SDK, without changes.

The SDK is imported only when it is used, because the import takes half a second.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from elastx_mrs import limits
from elastx_mrs.adopt.plan import Found, Zone
from elastx_mrs.adopt.refusals import CannotReadError, RefusedError, credentials, explained, not_cloudflare
from elastx_mrs.display import counted
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.lookup.transport.body import bounded
from elastx_mrs.progress import Progress
from elastx_mrs.publish.clock import Clock
from elastx_mrs.publish.cloudflare import cures
from elastx_mrs.publish.cloudflare.rate import Pace
from elastx_mrs.publish.cloudflare.zone import ZoneInfo, find_zones
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import longest_zone, to_ascii

if TYPE_CHECKING:
    import httpx
    from cloudflare import AsyncCloudflare

ZONES_PER_PAGE, RECORDS_PER_PAGE = 50, 5000
"""Cloudflare's maximum for a page of zones. A page of records could be larger."""

SIDE_BY_SIDE = 8
"""Zones that are read in parallel."""

T = TypeVar("T")


@dataclass
class Read:
    """The zone of each domain, the zones that could not be read (by reason), and the number of requests."""

    zones: dict[str, Zone] = field(default_factory=dict)
    unasked: dict[str, list[str]] = field(default_factory=dict)
    requests: int = 0


def read_zones(
    domains: Sequence[str],
    given: Mapping[str, str],
    account_id: str | None,
    environ: Mapping[str, str] = os.environ,
    *,
    elsewhere: Collection[str] = (),
) -> Read:
    """Return the zones of ``domains`` with their records.

    :param given: the zone ids that the config names, by domain. For other domains, zones are listed once.
    :param account_id: list only the zones of this account; None for all that the token sees.
    :param elsewhere: the domains that may be another publisher's: without a zone, they are left out.
    :raises NotInstalledError: if the extra ``cloudflare`` is missing.
    :raises RefusedError: if Cloudflare refuses the token, an id or a domain.
    :raises CannotReadError: if Cloudflare did not answer, or refuses for now.
    """
    try:
        import cloudflare  # noqa: F401
    except ModuleNotFoundError as error:
        raise NotInstalledError(str(error.name), "cloudflare") from None
    token, base_url = credentials(environ)
    reader = _Reader(token, base_url, Clock.of(environ))
    return asyncio.run(_telling(reader.read(domains, given, account_id, elsewhere), reader))


async def _telling(work: Coroutine[Any, Any, T], reader: "_Reader") -> T:
    """Do the work, and print a line on standard error every two seconds."""
    saying = Progress(lambda *_: _say(f"{reader.doing} …"), limits.QUIET, limits.QUIET)
    return await saying.wait("Cloudflare", work)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class _Reader:
    """Reads zones in parallel, within the rate limit.

    :ivar doing: the current step, for the user.
    """

    def __init__(self, token: str, base_url: str, clock: Clock) -> None:
        self._token = token
        self._base_url = base_url
        self._host = urlsplit(base_url).hostname
        self._pace = Pace(clock, True, _say)
        self._requests = 0
        self.doing = "asking Cloudflare for its zones"

    async def read(
        self, domains: Sequence[str], given: Mapping[str, str], account_id: str | None, elsewhere: Collection[str]
    ) -> Read:
        async with self._client() as client:
            missing = [domain for domain in domains if domain not in given]
            ids = {domain: (given[domain], "") for domain in domains if domain in given}
            if missing:
                ids |= _places(missing, await self._zones(client, account_id), elsewhere)
            read = await self._records_of(client, ids)
            read.requests = self._requests
            return read

    async def _records_of(self, client: "AsyncCloudflare", ids: Mapping[str, tuple[str, str]]) -> Read:
        """Read each zone once, even if it has several domains."""
        read, done = Read(), 0
        places = asyncio.Semaphore(SIDE_BY_SIDE)
        names: dict[str, str] = {}
        for zone_id, name in ids.values():
            names[zone_id] = names.get(zone_id) or name

        async def one(zone_id: str, name: str) -> Zone | None:
            nonlocal done
            async with places:
                try:
                    zone = Zone.of(zone_id, name, await self._records(client, zone_id))
                except CannotReadError as refusal:
                    if refusal.all_zones:
                        raise
                    read.unasked.setdefault(str(refusal), []).append(name or f"zone {zone_id}")
                    zone = None
            done += 1
            self.doing = f"reading Cloudflare's records: {done} of {counted(len(names), 'zone')} so far"
            return zone

        self.doing = f"reading Cloudflare's records of {counted(len(names), 'zone')}"
        found = await asyncio.gather(*(one(*item) for item in names.items()))
        by_id = {zone.id: zone for zone in found if zone is not None}
        read.zones = {domain: by_id[zone_id] for domain, (zone_id, _) in ids.items() if zone_id in by_id}
        return read

    def _client(self) -> "AsyncCloudflare":
        from cloudflare import AsyncCloudflare, DefaultAsyncHttpxClient
        from httpx import AsyncByteStream

        async def paced(request: "httpx.Request") -> None:
            await self._pace.take()
            self._requests += 1

        async def final(response: "httpx.Response") -> None:
            if response.status_code == 429:  # Cloudflare blocks for minutes, and a retry prolongs that
                response.headers["x-should-retry"] = "false"
            too_much = CannotReadError(
                f"{self._host} sent more than {limits.CLOUDFLARE_PAGE.text} for one page, or "
                f"compressed it although that was not requested; check {cures.BASE_URL}, and any proxy on the way"
            )
            bounded(AsyncByteStream, response, limits.CLOUDFLARE_PAGE.most, too_much)

        http = DefaultAsyncHttpxClient(
            event_hooks={"request": [paced], "response": [final]}, headers={"accept-encoding": "identity"}
        )
        client = AsyncCloudflare(api_token=self._token, base_url=self._base_url, http_client=http)
        # The SDK would read these from the environment and prefer them to the token.
        client.api_key = client.api_email = client.user_service_key = None
        return client

    async def _zones(self, client: "AsyncCloudflare", account_id: str | None) -> list[Mapping[str, Any]]:
        account: Any = {"account": {"id": account_id}} if account_id else {}

        async def page(number: int) -> Any:
            return await client.zones.with_raw_response.list(page=number, per_page=ZONES_PER_PAGE, **account)

        return await self._pages(page, "zones")

    async def _records(self, client: "AsyncCloudflare", zone_id: str) -> list[Found]:
        async def page(number: int) -> Any:
            raw = client.dns.records.with_raw_response
            return await raw.list(zone_id=zone_id, page=number, per_page=RECORDS_PER_PAGE)

        return [_found(row) for row in await self._pages(page, "records")]

    async def _pages(self, ask: Callable[[int], Coroutine[Any, Any, Any]], what: str) -> list[Mapping[str, Any]]:
        """Return the rows of all pages. The SDK's own paging would request one more, empty page."""
        from cloudflare import APIError

        rows: list[Mapping[str, Any]] = []
        for number in range(1, limits.CLOUDFLARE_PAGES.most + 1):
            try:
                async with asyncio.timeout(limits.CLOUDFLARE_REQUEST.most):
                    response = (await ask(number)).http_response
            except APIError as error:
                raise explained(error, what, self._base_url, self._token) from None
            except TimeoutError:
                wait = limits.CLOUDFLARE_REQUEST.text
                raise CannotReadError(
                    f"{self._host} gave no complete answer in {wait}; check the network and any proxy, and try again"
                ) from None
            try:
                content = response.json()
                rows += (result := _rows(content))
                last = not result or number >= content["result_info"]["total_pages"]
            except (ValueError, TypeError, KeyError, AttributeError):
                raise not_cloudflare(response, self._base_url) from None
            if last:
                return rows
        raise CannotReadError(
            f"{self._host} has over {limits.CLOUDFLARE_PAGES.text} of {what}; write the ids of the zones under "
            f"cloudflare.zones, and check {cures.BASE_URL}"
        )


def _rows(content: Any) -> list[Mapping[str, Any]]:
    """Return a page's rows; raise one of several errors if the content is not a page of Cloudflare's."""
    rows = content["result"]
    if content["success"] is not True or not all({"id", "name"} <= row.keys() for row in rows):
        raise TypeError
    return list(rows)


def _found(row: Mapping[str, Any]) -> Found:
    type_, content, comment = (str(row.get(key) or "") for key in ("type", "content", "comment"))
    ttl = row.get("ttl")
    return Found(str(row["id"]), _ascii(str(row["name"])), type_, content, ttl if isinstance(ttl, int) else 1, comment)


def _ascii(name: str) -> str:
    """Return a name as lower-case A-labels. A name without A-labels is returned as it is: it matches no domain."""
    try:
        return to_ascii(name.removesuffix("."))
    except RecordError:
        return name


def _places(
    domains: Sequence[str], zones: Sequence[Mapping[str, Any]], elsewhere: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Return id and name of each domain's zone.

    :raises RefusedError: names every domain without a zone, and every zone that exists twice.
    """
    listed = [_zone(zone) for zone in zones]
    there = [zone.name for zone in listed]
    here = [domain for domain in domains if domain not in elsewhere or longest_zone(domain, there)]
    try:
        found = find_zones(here, listed)
    except RecordError as error:
        raise RefusedError("\n  ".join(error.problems)) from None
    return {domain: (zone.id, zone.name) for domain, zone in found.items()}


def _zone(zone: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(str(zone["id"]), _ascii(str(zone["name"])), str((zone.get("account") or {}).get("id") or ""))
