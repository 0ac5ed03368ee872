"""``docs/policy.md``: each wrong value gets its rule's message, each right value gets none, and no rule is missing."""

import ast
import base64
import functools
import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import pytest
import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from elastx_mrs.cli.main import main
from elastx_mrs.config.parse import ConfigError, parse_stack
from elastx_mrs.config.remarks import remarks
from elastx_mrs.notices import NOTICES
from tests import golden
from tests.docs.test_docs import printed
from tests.engine.stack import ROOT
from tests.records import test_dkim_rsa as weak

PAGE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")

BASE = {
    "accounts": ["user@example.com"],
    "domains": ["example.com"],
    "dkim": golden.DKIM,
    "dmarc": {"p": "reject", "rua": ["mailto:dmarc@example.com"]},
}
"""A config without errors and remarks. A value of the page replaces the one of its key."""

RULES = (
    *(
        f"records/{name}.py"
        for name in ("challenge", "dkim", "dkim_key", "dkim_rsa", "dkim_state", "dmarc", "names", "record")
    ),
    *(
        f"records/{name}.py"
        for name in ("lookalikes", "paste", "report", "spf", "spf_macro", "spf_slips", "spf_terms", "text")
    ),
    "config/dkim.py",
    "config/remarks.py",
    "config/rules.py",
)
"""The modules whose messages the page must list."""

NO_ROW = {
    "the config is refused earlier, in words that the page has": (
        "; only printable ASCII is allowed (RFC 6376 §3.2)",
        ", which is not allowed in a term (RFC 7208 §7.1)",
        "in it; terms are printable ASCII, separated by spaces (RFC 7208 §12)",
        "has a quote that is never closed, or a final backslash, at position",
    ),
    "verification says it of a published token": (
        "upper-case letters", "white space before it", "white space after it", "white space in it",
        "quotes or backslashes in its value", "characters that are not printable ASCII",
    ),
    "it is about servers, TSIG or publishers, and not about mail": (
        "192.0.2.1, [2001:db8::1]:53 or ns1.example.com", "an address, tls://dns.example or https://dns.example/dns-query",
        "write one of", "that is too weak; make a new key with hmac-sha256",
        "is the key itself, not its name; write its name, such as mail-relay, and the key as tsigKey",
        "is not an address; write", "has a name that is not ASCII; write", "is not a resolver; write",
        "is not a server's address; write", "no publisher; write", ", to say where records are published;",
        "if somebody else publishes the records by hand, write external: true",
        "cannot tell which zones it has;", "] for its domains",
    ),
    "verification says it of a key": (
        "revoked: receivers reject its signatures, retired since", ": remove it from the config",
    ),
    "it is the form of a key, for a value of another type": (
        "the value as one text, such as 'v=DKIM1; p=", "', an object such as {selector: s1, record: 'v=DKIM1; p=",
        "'}, or a list of these", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    ),
    "it is about an installation": (
        "badkeys is not installed, though elastx-mrs depends on it", "there is no", "in the badkeys that is installed",
    ),
    "it is a limit, and takes a config too large for a page": (
        "no key is that long", "need more than", "; move some domains to another stack",
    ),
}  # fmt: skip
"""Messages that need no row, by the reason."""

Level = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")


class Rule(NamedTuple):
    """A row of the page.

    :param key: of the config, which the values are for; ``config`` for several keys.
    :param message: a part of the message; ``…`` stands for any text.
    """

    key: str
    message: str
    wrong: str
    right: str


class Said(NamedTuple):
    level: Level
    text: str


def _rules() -> Iterator[tuple[Level, Rule]]:
    """Yield the rows of each table with a column ``wrong``, with the level that the heading above names."""
    level: Level = "error"
    key = ""
    for line in PAGE.splitlines():
        if line.startswith("#"):
            level = next((one for one in LEVELS if f"{one}s" in line), "error")
        if line.startswith("| message | wrong"):
            (key,) = re.findall(r"`(\w+)`", line)
        elif not line.startswith("|"):
            key = ""
        elif key and not line.startswith("|---"):
            cells = line.strip("| ").split(" | ")
            message, wrong, right = (cell.strip().strip("`") for cell in cells[:3])
            yield level, Rule(key, message, wrong, right)


ROWS = list(_rules())


def test_there_are_rows_of_every_kind() -> None:
    assert {(level, rule.key) for level, rule in ROWS} >= {
        (level, key) for level in LEVELS for key in ("spf", "dkim", "dmarc")
    }


def _encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _rsa(bits: int, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    """Return a sound key of so many bits, the same each time."""
    half = bits // 2
    modulus = weak.prime(half, 11) * weak.prime(bits - half, 12)
    return _encoded(rsa.RSAPublicNumbers(65537, modulus).public_key().public_bytes(Encoding.DER, form))


def _curve() -> str:
    key = ec.derive_private_key(5, ec.SECP256R1()).public_key()
    return _encoded(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _ed25519() -> ed25519.Ed25519PublicKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()


def _odd(check: str) -> str:
    high = {"pattern": b"\xc5" * 16 + weak.seeded(7).randbytes(112), "rsabias": b"\xfe\xff" * 64}[check]
    modulus = weak.without_small_factors(int.from_bytes(high, "big"), weak.seeded(7))
    return _encoded(weak.info(modulus))


STANDS_FOR: dict[str, Callable[[], str]] = {
    "RSA key": lambda: golden.KEY,
    "half of an RSA key": lambda: golden.KEY[: len(golden.KEY) // 8 * 4],
    "RSA key, and 3 more octets": lambda: _encoded(base64.b64decode(golden.KEY) + b"abc"),
    "RSA key of 512 bits": lambda: _rsa(512),
    "RSA key of 1024 bits": lambda: _rsa(1024),
    "RSA key of 4104 bits": lambda: _rsa(4104),
    "RSA key with an exponent of 65 bits": lambda: _encoded(
        weak.info(weak.prime(2048, 11) * weak.prime(2048, 12), (1 << 64) + 13)
    ),
    "RSA key as PKCS #1": lambda: _rsa(2048, PublicFormat.PKCS1),
    "RSA key without the NULL": lambda: _encoded(weak.changed("0d01010105000382", "0d01010104000382")),
    "P-256 key": _curve,
    "Ed25519 key": lambda: _encoded(_ed25519().public_bytes(Encoding.Raw, PublicFormat.Raw)),
    "30 octets": lambda: _encoded(bytes(30)),
    "Ed25519 key as SubjectPublicKeyInfo": lambda: _encoded(
        _ed25519().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ),
    **{
        f"weak RSA key: {name}": functools.partial(lambda make: _encoded(make()), make)
        for name, make in weak.WEAK.items()
    },
    "RSA key: pattern": lambda: _odd("pattern"),
    "RSA key: rsabias": lambda: _odd("rsabias"),
    "11 hosts": lambda: ", ".join(f"h{number}.example.com" for number in range(11)),
    "11 networks": lambda: ", ".join(f"192.0.2.{number}" for number in range(11)),
    "40 networks": lambda: ", ".join(f"192.0.2.{number}" for number in range(40)),
    "65 KiB of terms": lambda: "ip4:192.0.2.1 " * 5000,
    "65 KiB of hosts": lambda: ", ".join(f"h{number}.example.com" for number in range(5000)),
    "64 letters": lambda: "a" * 64,
    "65 letters": lambda: "a" * 65,
    "4 labels of 62 letters": lambda: ".".join(["a" * 62] * 4),
    "1,100 letters": lambda: "ä" * 1100,
    "65 KiB of addresses": lambda: ", ".join(f"mailto:d{number}@example.com" for number in range(3000)),
}
"""The long texts behind the placeholders ``<…>`` in the values."""


def _written(text: str) -> Any:
    """Return a value of the page, which is YAML."""
    return yaml.safe_load(re.sub(r"<([^<>]+)>", lambda found: STANDS_FOR[found[1]](), text))


def said(key: str, text: str) -> list[Said]:
    """Return every message about a config with a value of the page."""
    value = _written(text)
    given: dict[str, Any] = BASE | (value if key == "config" else {key: value})
    try:
        arguments = parse_stack({f"elastx-mrs:{name}": one for name, one in given.items()}, publisher=False)
    except ConfigError as error:
        return [Said("error", str(fault)) for fault in error.faults]
    return [Said(one.remark.level, str(one)) for one in remarks(arguments)]


def _named(one: tuple[Level, Rule]) -> str:
    return f"{one[1].key}: {one[1].message}"


@pytest.mark.parametrize(("level", "rule"), ROWS, ids=map(_named, ROWS))
def test_the_wrong_value_gets_the_rule_s_message(level: Level, rule: Rule) -> None:
    pattern = ".*".join(re.escape(part) for part in re.split(r" ?… ?", rule.message))
    found = said(rule.key, rule.wrong)
    assert any(one.level == level and re.search(pattern, one.text) for one in found), found


@pytest.mark.parametrize(("key", "right"), sorted({(rule.key, rule.right) for _, rule in ROWS}))
def test_the_right_value_gets_no_message(key: str, right: str) -> None:
    assert said(key, right) == []


def _messages() -> Iterator[tuple[str, str]]:
    """Yield each part of a message in the rules' modules that is the same whatever the value, with its place."""
    for name in RULES:
        tree = ast.parse((ROOT / "elastx_mrs" / name).read_text(encoding="utf-8"))
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        patterns = {id(argument) for node in ast.walk(tree) if _is_pattern(node) for argument in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone | patterns:
                for part in re.split(r"[\n…]", node.value):
                    if len(re.findall(r"[A-Za-z]{2,}", part)) >= 3 and " " in part.strip():
                        yield f"{name}:{node.lineno}", part.strip()


def _is_pattern(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.")


def test_no_rule_is_missing() -> None:
    everything = "\n".join(one.text for _, rule in ROWS for one in said(rule.key, rule.wrong))
    exempt = {part for parts in NO_ROW.values() for part in parts}
    found = list(_messages())
    assert [f"{place}: {part}" for place, part in found if part not in everything and part not in exempt] == []
    assert exempt <= {part for _, part in found}


def test_the_example_is_real() -> None:
    block = PAGE.partition("```console\n")[2].partition("```")[0]
    command, _, output = block.removeprefix("$ ").replace("\\\n", " ").partition("\n")
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    assert (result.exit_code, result.output) == (2, output)


def _guard_messages() -> list[str]:
    guard = PAGE.partition("\n## The guard\n")[2].partition("\n### Wildcards\n")[0]
    cells = [line.split(" | ")[0] for line in guard.splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", cell)[0] for cell in cells]


@pytest.mark.parametrize("message", _guard_messages())
def test_a_message_of_the_guard_is_in_the_code(message: str) -> None:
    for part in message.split("…"):
        assert part.strip(" :;,") in printed(), part


def test_every_notice_is_on_the_page() -> None:
    assert [one.name for one in NOTICES if f"[{one.name}]" not in PAGE] == []
