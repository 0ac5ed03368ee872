"""What Pulumi 3.259 makes of YAML: measured with ``pulumi config --json``, and measured again by tests/engine.

Each row is a value as people write it, and what it is at the top of ``config``, where Pulumi keeps text, in a list, and
as an object's key.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Row:
    written: str
    top: str
    inside: Any
    key: str


def _text(*written: str) -> list[Row]:
    """Rows of what is text everywhere."""
    return [Row(one, one, one, one) for one in written]


def _number(written: str, value: int) -> Row:
    return Row(written, str(value), value, str(value))


SCALARS = [
    # YAML 1.1 has booleans and base 60 here; YAML 1.2, and go-yaml, have text.
    *_text("off", "on", "yes", "no", "y", "N", "Off", "1:00:00", "59:59:59", "=", "tRUE"),
    *[Row(one, "true", True, "true") for one in ("true", "True", "TRUE")],
    *[Row(one, "false", False, "false") for one in ("false", "False", "FALSE")],
    *[Row(one, "", None, "<nil>") for one in ("~", "null", "Null", "NULL")],
    # Octal numbers of both versions, and what only looks like one.
    *[_number(one, 15) for one in ("017", "0o17", "0O17", "+017")],
    _number("089", 89),
    _number("08", 8),
    _number("-017", -15),
    _number("00", 0),
    _number("0b11", 3),
    _number("-0b11", -3),
    _number("0b-11", -3),
    _number("0x1F", 31),
    _number("0X1f", 31),
    _number("1_000", 1000),
    _number("1.", 1),
    _number("+12", 12),
    _number("1e3", 1000),
    _number("1E+3", 1000),
    _number("-0", 0),
    _number("-0.0", 0),
    _number("1e-400", 0),
    Row("1.50", "1.5", 1.5, "1.5"),
    Row(".5", "0.5", 0.5, "0.5"),
    Row("1_0.5_0", "10.5", 10.5, "10.5"),
    Row("1e6", "1000000", 1_000_000, "1e+06"),
    Row("1e21", "1e+21", 1e21, "1e+21"),
    Row("1e-7", "1e-7", 1e-7, "1e-07"),
    Row("1234567.5", "1234567.5", 1234567.5, "1.2345675e+06"),
    Row("9223372036854775807", "9223372036854775807", 2**63 - 1, "9223372036854775807"),
    Row("18446744073709551616", "18446744073709552000", 18446744073709552000, "1.8446744073709552e+19"),
    # Too large for Go's numbers, or not whole.
    *_text("1e400", "-1e400", "0x1ffffffffffffffff", "0b102", "0o8", "0x", "1.5.5", "192.0.2.1", "1e", "+", ".", "._5"),
    # Dates.
    *[
        Row(one, "2024-01-01 00:00:00 +0000 UTC", "2024-01-01 00:00:00 +0000 UTC", "2024-01-01 00:00:00 +0000 UTC")
        for one in ("2024-01-01", "2024-1-1", "2024-01-01T00:00:00Z", "2024-01-01 0:0:0")
    ],
    Row("2024-02-29T10:20:30.120Z", *["2024-02-29 10:20:30.12 +0000 UTC"] * 3),
    Row("2024-01-01T10:00:00+05:45", *["2024-01-01 10:00:00 +0545 +0545"] * 3),
    *_text("2024-13-45", "2023-02-29", "2024-01-01T24:00:00Z", "2024-01-01T10:00:00", "2024-01", "12024-01-01"),
    # Tags.
    Row("!!str 12", "12", "12", "12"),
    Row('!!int "12"', "12", 12, "12"),
    Row("!!float 1", "1", 1, "1"),
    Row("!!bool True", "true", True, "true"),
    Row("!!binary aGk=", "hi", "hi", "hi"),
    Row("!mine 12", "12", "12", "12"),
    Row("!!python/object:os.system x", "x", "x", "x"),
    Row("! 12", "12", 12, "12"),
    Row("'12'", "12", "12", "12"),
    Row('"\\u00e5\\t"', "å\t", "å\t", "å\t"),
]

OBJECTS: list[tuple[str, Any]] = [
    ("{1: x, true: y, ~: z}", {"1": "x", "true": "y", "<nil>": "z"}),
    ("{on: 1, off: 2}", {"on": 1, "off": 2}),
    ("{a: , b: ~}", {"a": None, "b": None}),
    ("{a, b: 1}", {"a": None, "b": 1}),
    ("!!set {a, b}", {"a": None, "b": None}),
    ("!!omap [a: 1]", [{"a": 1}]),
    ("{<<: {b: 1}, c: 2}", {"b": 1, "c": 2}),
    ("{<<: {b: 1}, b: 2}", {"b": 2}),
    ("{<<: [{b: 1}, {b: 2, d: 3}]}", {"b": 1, "d": 3}),
    ("{.inf: 1, -.inf: 2}", {"+Inf": 1, "-Inf": 2}),
    ('{c: 1, <<: {"b": 2, !!str d: 3}}', {"c": 1, "b": 2, "d": 3}),
    ("{<<: {<<: {b: 1, c: 1}, b: 2}}", {"b": 2, "c": 1}),
    ("{c: 1, <<: {0x1F: 2}}", {"c": 1, "0x1F": 2}),
    ("{1: 1, <<: {0x1F: 2}}", {"1": 1, "31": 2}),
    ("[&v {b: 1}, *v, {<<: *v, c: 2}]", [{"b": 1}, {"b": 1}, {"b": 1, "c": 2}]),
    ("[&v 1, &v 2, *v]", [1, 2, 2]),
    ("{&k key: 1, b: *k}", {"key": 1, "b": "key"}),
    ("[2001:db8::1, 1:00:00, a:b]", ["2001:db8::1", "1:00:00", "a:b"]),
    ("{mode: off}", {"mode": "off"}),
    ("{p: reject, pct: 1e2}", {"p": "reject", "pct": 100}),
    ("[]", []),
    ("{}", {}),
]

WHOLE: list[tuple[bytes, dict[str, Any]]] = [
    (b"\xef\xbb\xbfconfig:\n  a:x: off\n", {"a:x": "off"}),
    (b"config:\r\n  a:x: |\r\n    b\r\n    c\r\n  a:y: [off]\r\n", {"a:x": "b\nc\n", "a:y": ["off"]}),
    ("config: {a:x: å}\n".encode("utf-16"), {"a:x": "å"}),
    (b"%YAML 1.1\n---\nconfig: {a:x: yes}\n", {"a:x": "yes"}),
    (b"config:\n  a:x: 1\n---\nconfig: [[[\n", {"a:x": "1"}),
    (b"config:\n  a:x:\n  a:y: ~\n", {"a:x": "", "a:y": ""}),
    (b"config:\n", {}),
    (b"", {}),
    (b"---\n---\nconfig: {a:x: 1}\n", {}),
    (b"config:\n  a:x:\t1 \t# tabs that are not indentation\n", {"a:x": "1"}),
    (b"config:\n  name: 1\n  a:config:x: 2\n", {"elastx-mrs:name": "1", "a:x": "2"}),
    (b"base: &b {a:x: 1, a:y: 2}\nconfig:\n  <<: *b\n  a:x: 3\n", {"a:x": "3", "a:y": "2"}),
]

REFUSED: list[tuple[bytes, str]] = [
    (b"config:\n  a:x: 1\n  a:x: 2\n", "3:3"),
    (b"config:\n  a:x: {1: a, '1': b}\n", "2:15"),
    (b"config:\n  a:x: {<<: {b: 1}, <<: {c: 2}}\n", "2:21"),
    (b"x: 1\nx: 2\nconfig: {}\n", "2:1"),
    (b"config:\n  a:x: .inf\n", "2:8"),
    (b"config:\n  a:x: [-.INF]\n", "2:9"),
    (b"config:\n  a:x: .nan\n", "2:8"),
    (b"config:\n  a:x: &a [*a]\n", "2:12"),
    (b"config:\n  a:x: &a {<<: *a}\n", "2:16"),
    (b"config:\n  a:x: *nowhere\n", "2:8"),
    (b"config:\n\ta:x: 1\n", "2:1"),
    (b"config:\n  a:x:\n    - 1\n\t- 2\n", "4:1"),
    (b"config:\n  a:x: [1\n  a:y: 2\n", "3:6"),
    (b"config:\n  a:x: {{ name }}\n", "2:9"),
    (b"config:\n  a:x: {<<: 3}\n", "2:13"),
    (b"config:\n  a:x: !!int abc\n", "2:8"),
    (b"config:\n  a:x: !!bool yes\n", "2:8"),
    (b"config:\n  a:x: !!binary a\n", "2:8"),
    (b"config:\n  a:x: \x07\n", "2:8"),
    (b"config:\n  a:x: \xff\n", "2:8"),
    (b"%YAML 1.2\n---\nconfig: {}\n", "1:1"),
    (b"config: 3\n", "1:1"),
    (b"config: [a]\n", "1:1"),
    (b"[config]\n", "1:1"),
    (b"1: x\nconfig: {}\n", "1:1"),
    (b"config:\n  1: x\n", "2:3"),
    (b"config:\n  a:b:c: x\n", "2:3"),
    (
        b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (two, two, b", ".join([b"*%c" % one] * 10)) for one, two in pairwise(b"abcdefg"))
        + b"config: {}\n",
        "4:16",
    ),
]

DEEP = b"x: " + b"[" * 20_000 + b"]" * 20_000 + b"\nconfig: {}\n"
"""Refused too: by Pulumi from 10,000 levels on, by us from 101."""

PROJECTS: list[tuple[str, str, dict[str, Any]]] = [
    # What the project's config has, what the stack's has, and what Pulumi gives the program; the project is elastx-mrs.
    ("dmarc: {value: {p: reject}}", "", {"elastx-mrs:dmarc": {"p": "reject"}}),
    ("dmarc: {default: {p: reject}}", "", {"elastx-mrs:dmarc": {"p": "reject"}}),
    ("elastx-mrs:dmarc: {default: {p: reject}}", "", {"elastx-mrs:dmarc": {"p": "reject"}}),
    ("a:dmarc: {value: {p: reject}}", "", {"a:dmarc": {"p": "reject"}}),
    ("a:config:x: {value: 1}", "", {"a:x": "1"}),
    (
        "guard: off\n  ttl: 017\n  accounts: [a@b.se]\n  a:x: true",
        "",
        {
            "elastx-mrs:guard": "off",
            "elastx-mrs:ttl": "15",
            "elastx-mrs:accounts": ["a@b.se"],
            "a:x": "true",
        },
    ),
    ("ttl: {type: integer, default: 0x1F}", "", {"elastx-mrs:ttl": "31"}),
    ("accounts: {type: array, items: {type: string}, default: [a]}", "", {"elastx-mrs:accounts": ["a"]}),
    ("spf: {default: {}}\n  cloudflare: {default: ''}", "", {"elastx-mrs:spf": {}, "elastx-mrs:cloudflare": ""}),
    ("dmarc: {description: none, default: ~}", "", {}),
    # The stack's value takes the place of the whole.
    ("dmarc: {value: {p: reject}}", "elastx-mrs:dmarc: {rua: [a]}", {"elastx-mrs:dmarc": {"rua": ["a"]}}),
    ("dmarc: {value: {p: reject}}", "dmarc: {rua: [a]}", {"elastx-mrs:dmarc": {"rua": ["a"]}}),
    ("dmarc: {value: {p: reject}}", "dmarc:", {"elastx-mrs:dmarc": ""}),
    ("dmarc: {default: {p: reject}}", "elastx-mrs:dmarc: ~", {"elastx-mrs:dmarc": ""}),
]

PROJECTS_REFUSED = [
    "a:dmarc: {default: {p: reject}}",
    "dmarc: {value: 1, default: 2}",
    "a:dmarc: {description: x}",
    "dmarc:",
    "a:b:c: 1",
    "dmarc: 1\n  dmarc: 2",
    "dmarc: [",
]
