"""The API's accounts, zones and tokens, with the tokens' permissions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from elastx_mrs.lab.cloudflare.store import Book


class Permission(StrEnum):
    """A token's permission, as Cloudflare's dashboard calls it."""

    ZONE_READ = "Zone:Read"
    DNS_READ = "DNS:Read"
    DNS_EDIT = "DNS:Edit"


_SINCE = "2026-01-01T00:00:00.000000Z"


def identifier(*parts: str) -> str:
    """Return 32 hexadecimal digits, the same for the same parts."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Account:
    """An account, which owns zones."""

    name: str

    @property
    def id(self) -> str:
        """Its identifier."""
        return identifier("account", self.name)


LAB = Account("elastx-mrs lab")


@dataclass
class Zone:
    """A zone of an account in the API; its records are in ``book``.

    :param name_servers: the name servers for its delegation.
    """

    book: Book
    account: Account = LAB
    name_servers: Sequence[str] = ("ada.ns.cloudflare.com", "bob.ns.cloudflare.com")
    status: Literal["initializing", "pending", "active", "moved"] = "active"
    paused: bool = False

    @property
    def name(self) -> str:
        """Its apex."""
        return self.book.name

    @property
    def id(self) -> str:
        """Its identifier, different for a zone with the same name in another account."""
        return identifier("zone", self.account.name, self.name)

    def answer(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "id": self.id, "name": self.name, "status": self.status, "paused": self.paused, "type": "full",
            "development_mode": 0, "name_servers": list(self.name_servers), "original_name_servers": None,
            "original_registrar": None, "original_dnshost": None, "modified_on": _SINCE, "created_on": _SINCE,
            "activated_on": _SINCE if self.status == "active" else None, "meta": {"step": 2},
            "owner": {"id": None, "type": "user", "email": None},
            "account": {"id": self.account.id, "name": self.account.name},
            "permissions": ["#dns_records:edit", "#dns_records:read", "#zone:read"],
            "plan": {"id": identifier("plan", self.book.plan.name), "name": self.book.plan.name, "price": 0},
        }  # fmt: skip


@dataclass(frozen=True)
class Token:
    """An API token with its permissions.

    :param user: the user; requests of all tokens of a user are counted together.
    :param zones: the identifiers of the visible zones; None for all.
    """

    user: str = "lab"
    permissions: frozenset[Permission] = frozenset(Permission)
    zones: frozenset[str] | None = None

    def sees(self, zone: Zone) -> bool:
        """Whether the token can see a zone."""
        return self.zones is None or zone.id in self.zones
