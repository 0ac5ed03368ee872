"""Programs for type checkers: each mistake that the types of arguments can show, and programs without one."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from elastx_mrs import MailRelayArgs

HEAD = "import pulumi\nfrom elastx_mrs import DomainArgs, MailRelay, MailRelayArgs\n\n"
REST = {
    "accounts": '["a@acme.example"]',
    "domains": '[{"name": "example.com"}]',
}
"""What a program has that is required."""

OPEN: Mapping[str, tuple[str, str]] = {
    "domains": ('"domains": [{"name": "example.com",', "}],"),
    "profiles": ('"profiles": {"internal": {', "}},"),
}
"""What stands around the keys of an object that is not alone."""


@dataclass(frozen=True)
class Mistake:
    """One call with one mistake.

    :param key: what is wrong.
    :param entry: its line.
    :param path: the objects around it.
    """

    key: str
    entry: str
    path: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Where it is, and what."""
        return ".".join([*self.path, self.entry])

    def program(self) -> str:
        """Return the call, with the mistake on a line of its own that ends in ``# here``."""
        lines = [f"{self.entry},  # here"]
        for key in reversed(self.path):
            before, after = OPEN.get(key, (f'"{key}": {{', "},"))
            lines = [before, *textwrap.indent("\n".join(lines), "    ").split("\n"), after]
        top = self.path[0] if self.path else self.key
        rest = [f'"{key}": {value},' for key, value in REST.items() if key != top]
        return "\n".join(['MailRelay("mail", {', *rest, *lines, "})", ""])


def levels(of: Any = MailRelayArgs, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the path of each object that arguments have, with the types of its keys."""
    hints = get_type_hints(of)
    yield path, hints
    for key, hint in hints.items():
        of_union = next((one for one in get_args(hint) if hasattr(one, "__required_keys__")), None)
        inner = of_union or (get_args(hint)[-1] if get_origin(hint) is not None else hint)
        if hasattr(inner, "__required_keys__"):
            yield from levels(inner, (*path, key))


def of_each_key() -> Iterator[Mistake]:
    """Yield, for each object, an unknown key, and for each of its keys a value of another type and of no such word."""
    for path, hints in levels():
        yield Mistake("typo", '"typo": "x"', path)
        for key, hint in hints.items():
            if path[-1:] == ("domains",) and key == "name":
                continue  # it is there already
            yield Mistake(key, f'"{key}": b"x"', path)
            if any(get_origin(one) is Literal for one in (hint, *get_args(hint))):
                yield Mistake(key, f'"{key}": "qarantine"', path)


OTHERS = [
    Mistake("accounts", '"accounts": "a@acme.example"'),
    Mistake("accounts", '"accounts": ["a@acme.example", 3]'),
    Mistake("domains", '"domains": "example.com"'),
    Mistake("domains", '"domains": ["example.com"]'),
    Mistake("domains", '"domains": {"name": "example.com"}'),
    Mistake("name", '"domains": [{"spf": {"external": True}}]'),
    Mistake("name", '"domains": [{"Name": "example.com"}]'),
    Mistake("include", '"include": "_spf.example.net"', ("domains", "spf")),
    Mistake("external", '"external": "yes"', ("dkim",)),
    Mistake("dkim", '"dkim": "v=DKIM1; p="'),
    Mistake("dkim", '"dkim": [{"record": "v=DKIM1; p="}, {"typo": "s1"}]'),
    Mistake("ttl", '"ttl": "1h"', ("domains",)),
    Mistake("timeout", '"timeout": "60"', ("verification",)),
    Mistake("rootHints", '"rootHints": ["192.0.2.1"]', ("verification",)),
    Mistake("server", '"server": "ns1.example.com"', ("rfc2136",)),
    Mistake("zones", '"zones": ["example.com"]', ("cloudflare",)),
    Mistake("zones", '"zones": {"example.com": 1}', ("cloudflare",)),
]
MISTAKES = list({one.name: one for one in [*of_each_key(), *OTHERS]}.values())

RIGHT = """
from collections.abc import Mapping
from typing import Any, cast

from elastx_mrs import DkimArgs, SpfArgs, stack_config

config = pulumi.Config()
accounts = ["a@acme.example", "b@acme.example"]
names = ("example.com", "example.se")
google: SpfArgs = {"include": ["_spf.google.com"], "all": "softfail"}
domains: list[DomainArgs] = [{"name": name, "spf": google} for name in names]
domains.append({"name": "news.example.com", "ttl": 300, "accounts": accounts[:1], "dmarc": {"p": "none", "rua": ()}})
zone: pulumi.Output[str] = pulumi.Output.secret("0123")

MailRelay("a", {"accounts": accounts, "domains": domains, "cloudflare": {}})
MailRelay("b", {"accounts": tuple(accounts), "domains": tuple(domains), "cloudflare": {"zones": {"example.com": zone}}})
MailRelay("c", {"accounts": config.require_secret_object("accounts"), "domains": config.require_object("domains")})
MailRelay("d", {"accounts": [config.require_secret("account")], "domains": [{"name": config.require("name")}]})
MailRelay("e", {
    "accounts": accounts,
    "domains": [{"name": name} for name in names],
    "dkim": {"record": config.get("dkim"), "selector": "elastx"},
    "ttl": config.get_int("ttl"),
    "verification": {"timeout": 60, "resolvers": config.get_object("resolvers"), "via": "resolvers"},
    "rfc2136": {"profiles": {"internal": {"zones": names}}},
}, pulumi.ResourceOptions(protect=True))
MailRelay("f", stack_config())
of_elastx: DkimArgs = {"record": config.require("dkim")}
own: DkimArgs = {"selector": "s1", "record": config.require("own"), "own": True, "since": "2026-11-30", "signs": False}
MailRelay("i", {"accounts": accounts, "domains": [{"name": "example.com", "dkim": [of_elastx, own]}], "dkim": own})

def of_any(given: Mapping[str, Any]) -> None:
    MailRelay("g", cast("MailRelayArgs", given))

def with_accounts(args: MailRelayArgs) -> MailRelay:
    return MailRelay("h", {**args, "accounts": accounts})
"""
