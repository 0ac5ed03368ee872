"""The API: Cloudflare's paths for zones and DNS records, for the lab's zones, as a Starlette application."""

import asyncio
import json
import os
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from elastx_mrs.lab.cloudflare import listing
from elastx_mrs.lab.cloudflare.errors import RefusedError, no_route, not_allowed
from elastx_mrs.lab.cloudflare.limit import Limit, LimitedError
from elastx_mrs.lab.cloudflare.log import Request
from elastx_mrs.lab.cloudflare.rules import FREE
from elastx_mrs.lab.cloudflare.store import Book
from elastx_mrs.lab.cloudflare.zone import Account, Permission, Token, Zone, identifier
from elastx_mrs.lab.zones import ZoneStore
from elastx_mrs.publish.clock import Clock

BASE = "/client/v4"
LOG = "requests.jsonl"
"""The log file: one request a line, as JSON; each start begins a new file."""

Intercept = Callable[[HttpRequest, Callable[[], Response]], Awaitable[Response]]
"""Answers a request, given a function that does the work; status 0 is logged as no answer."""

_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{32,})")
_ID = re.compile(r"[0-9a-f]{32}")


class CloudflareApi:
    """The API's state and its application, on one event loop.

    Tests and trials set ``limit`` (the rate limit and its clock), ``delay`` (real seconds until DNS serves a change),
    ``intercept`` (a wrapper around each request), ``tokens``, ``zones``, and :meth:`add_zone`. They read ``log``, all
    requests in order.

    :param store: the zones of the lab's DNS; the API has all of them.
    :param directory: the folder for identifiers, comments and the log; None to store nothing.
    :param token: the token with all permissions.
    """

    def __init__(self, store: ZoneStore, token: str, directory: Path | None = None, clock: Clock | None = None) -> None:
        self.tokens: dict[str, Token] = {token: Token()}
        self.limit = Limit(clock or Clock.of(os.environ))
        self.intercept: Intercept = _at_once
        self.delay = 0.0
        self.log: list[Request] = []
        self._due: OrderedDict[asyncio.TimerHandle, Callable[[], None]] = OrderedDict()
        self._log_file = directory / LOG if directory is not None else None
        if self._log_file is not None:
            self._log_file.parent.mkdir(parents=True, exist_ok=True)
            self._log_file.write_text("", encoding="utf-8")
        self.zones: dict[str, Zone] = {}
        self._begun = self.limit.clock.now()
        for name, servers in store.delegations().items():
            path = directory / f"{name}.json" if directory is not None else None
            self._put(Zone(Book(name, FREE, store, path, self._later), name_servers=servers))
        self._app = Starlette(routes=self._routes())

    def add_zone(self, name: str, account: Account, **settings: Any) -> Zone:
        """Add a zone that only the API has, because nothing is delegated to it."""
        zone = Zone(Book(name, FREE, None, None, self._later), account, **settings)
        self._put(zone)
        return zone

    def zone(self, name: str, account: Account | None = None) -> Zone:
        """Return a zone by its name; ``account`` selects one if several have it."""
        return next(z for z in self.zones.values() if z.name == name and account in (None, z.account))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        await self._app(scope, receive, send)

    def _put(self, zone: Zone) -> None:
        self.zones[zone.id] = zone

    def close(self) -> None:
        """Publish all delayed changes now, so accepted changes survive the lab."""
        while self._due:
            timer, publish = self._due.popitem(last=False)
            timer.cancel()
            publish()

    def _later(self, publish: Callable[[], None]) -> None:
        if not self.delay:
            publish()
            return

        def due() -> None:
            del self._due[timer]
            publish()

        timer = asyncio.get_running_loop().call_later(self.delay, due)
        self._due[timer] = publish

    def _routes(self) -> list[Route]:
        def route(path: str, method: str, handle: Callable[[HttpRequest, Token, Any], Any]) -> Route:
            async def answer(request: HttpRequest) -> Response:
                return await self._answer(request, handle)

            return Route(f"{BASE}{path}", answer, methods=[method])

        records = "/zones/{zone}/dns_records"
        return [
            route("/zones", "GET", self._list_zones),
            route(
                "/zones/{zone}",
                "GET",
                lambda request, token, _: self._zone(request, token, Permission.ZONE_READ).answer(),
            ),
            route(records, "GET", self._list_records),
            route(records, "POST", lambda request, token, body: self._edited(request, token).add(body).answer()),
            route(f"{records}/{{record}}", "GET", self._get),
            route(f"{records}/{{record}}", "PUT", lambda r, t, body: self._edited(r, t).replace(_id(r), body).answer()),
            route(f"{records}/{{record}}", "PATCH", lambda r, t, body: self._edited(r, t).patch(_id(r), body).answer()),
            route(f"{records}/{{record}}", "DELETE", self._delete),
            route("/user/tokens/verify", "GET", lambda *_: {"id": identifier("token"), "status": "active"}),
            Route("/{path:path}", self._nowhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ]

    async def _answer(self, request: HttpRequest, handle: Callable[[HttpRequest, Token, Any], Any]) -> Response:
        """Answer a request, and log it."""
        raw = await request.body()
        response = await self.intercept(request, lambda: self._work(request, raw, handle))
        now = self.limit.clock.now() - self._begun
        self._note(Request(request.method, path_of(request), _json(raw), response.status_code or None, now))
        return response

    def _note(self, request: Request) -> None:
        self.log.append(request)
        if self._log_file is not None:
            with self._log_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(request)) + "\n")

    def _work(self, request: HttpRequest, raw: bytes, handle: Callable[[HttpRequest, Token, Any], Any]) -> Response:
        headers: dict[str, str] = {}
        try:
            token = self._token(request)
            headers = self.limit.count(token.user)
            body = _json(raw)
            if request.method in ("POST", "PUT", "PATCH") and not isinstance(body, dict):
                raise RefusedError(400, 9207, "Request body is invalid.")
            result = handle(request, token, body)
        except LimitedError as refused:
            return JSONResponse(refused.envelope(), refused.status, refused.headers)
        except RefusedError as refused:
            return JSONResponse(refused.envelope(), refused.status, headers)
        if not (isinstance(result, dict) and "result_info" in result):
            result = {"success": True, "errors": [], "messages": [], "result": result}
        return JSONResponse(result, headers=headers)

    def _token(self, request: HttpRequest) -> Token:
        given = request.headers.get("Authorization")
        if given is None:
            raise RefusedError(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        match = _BEARER.fullmatch(given)
        if match is None:
            chain = (6111, "Invalid format for Authorization header")
            raise RefusedError(400, 6003, "Invalid request headers", chain)
        if match[1] not in self.tokens:
            raise RefusedError(403, 9109, "Invalid access token")
        return self.tokens[match[1]]

    def _list_zones(self, request: HttpRequest, token: Token, _: Any) -> Any:
        if Permission.ZONE_READ not in token.permissions:
            text = f"Actor 'com.cloudflare.api.token.{identifier('token')}' requires permission "
            raise RefusedError(403, 0, text + "'com.cloudflare.api.account.zone.list' to list zones")
        return listing.zones((z.answer() for z in self.zones.values() if token.sees(z)), request.query_params)

    def _list_records(self, request: HttpRequest, token: Token, _: Any) -> Any:
        records = self._read(request, token).all()
        return listing.records((record.answer() for record in records), request.query_params)

    def _get(self, request: HttpRequest, token: Token, _: Any) -> Any:
        return self._read(request, token).get(_id(request)).answer()

    def _delete(self, request: HttpRequest, token: Token, _: Any) -> Any:
        self._edited(request, token).remove(_id(request))
        return {"id": _id(request)}

    def _read(self, request: HttpRequest, token: Token) -> Book:
        may_edit = Permission.DNS_EDIT in token.permissions
        return self._zone(request, token, Permission.DNS_EDIT if may_edit else Permission.DNS_READ).book

    def _edited(self, request: HttpRequest, token: Token) -> Book:
        return self._zone(request, token, Permission.DNS_EDIT).book

    def _zone(self, request: HttpRequest, token: Token, permission: Permission) -> Zone:
        number = request.path_params["zone"]
        if not _ID.fullmatch(number):
            raise no_route(request.url.path)
        zone = self.zones.get(number)
        if zone is None or not token.sees(zone) or permission not in token.permissions:
            raise not_allowed()
        return zone

    async def _nowhere(self, request: HttpRequest) -> Response:
        return await self._answer(request, _no_route)


def path_of(request: HttpRequest) -> str:
    """Return a request's path for the log."""
    return request.url.path.removeprefix(BASE) + (f"?{request.url.query}" if request.url.query else "")


async def _at_once(_request: HttpRequest, work: Callable[[], Response]) -> Response:
    return work()


def _no_route(request: HttpRequest, _token: Token, _body: Any) -> Any:
    raise no_route(request.url.path)


def _id(request: HttpRequest) -> str:
    number: str = request.path_params["record"]
    if not _ID.fullmatch(number):
        raise no_route(request.url.path)
    return number


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None
