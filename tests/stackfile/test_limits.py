"""What a stack's file may have at most: each limit, one below it, and the time that many values take."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from elastx_mrs import limits
from elastx_mrs.config.parse import ConfigError, parse
from elastx_mrs.stackfile.check import check
from elastx_mrs.stackfile.document import InaccessibleError, UnreadableError, read
from tests import golden
from tests.cli.stackfiles import HEAD, write

BELOW = {
    "nesting": "x: " + "[" * 99 + "]" * 99,
    "key": f"? {'k' * 1024}\n: 1",
    "tag lines": "%TAG !a! b\n" + "".join(f"%TAG !a{n}! b\n" for n in range(99)) + "---\nx: 1",
}
BEYOND = {
    "nesting": ("x: " + "[" * 100 + "]" * 100, "1:103: has more than 100 nested lists and objects"),
    "aliases": ("a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 101)), "100:"),
    "key": (f"x: 1\n? {'k' * 1025}\n: 1", "2:3: has a key of more than 1,024 characters"),
    "tag lines": (
        "".join(f"%TAG !a{n}! b\n" for n in range(101)) + "---\nx: 1",
        "101:1: has more than 100 lines that begin with %TAG",
    ),
}


@pytest.mark.parametrize("what", BELOW)
def test_a_file_just_below_a_limit_is_read(what: str, tmp_path: Path) -> None:
    assert read(write(tmp_path / "Pulumi.test.yaml", BELOW[what])).content


@pytest.mark.limit("NESTING", "KEY", "TAG_LINES")
@pytest.mark.parametrize("what", BEYOND)
def test_a_file_beyond_a_limit_is_refused_with_its_place(what: str, tmp_path: Path) -> None:
    text, problem = BEYOND[what]
    file = write(tmp_path / "Pulumi.test.yaml", text)
    with pytest.raises(InaccessibleError) as raised:
        read(file)
    assert str(raised.value).startswith(f"{file}:{problem}")
    assert "; " in str(raised.value), "what to do"


@pytest.mark.limit("STACK_FILE", "VALUES", "STACK_TEXT")
@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("STACK_FILE", "a: [1, 2]\n", "has more than 10 octets; name a stack's file"),
        ("VALUES", "[1, 2, 3, 4, 5, 6, 7, 8, 9]\n", ": has more than 10 values; "),
        ("STACK_TEXT", "a: &a 12345\nb: *a\n", ": has more than 10 octets of text; "),
    ],
)
def test_how_much_a_file_may_hold(
    name: str, text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers themselves would take seconds."""
    file = write(tmp_path / "Pulumi.test.yaml", text)
    monkeypatch.setattr(limits, name, getattr(limits, name)._replace(most=10))
    assert read(file).content
    write(tmp_path / "Pulumi.test.yaml", text.replace("9]", "9, 10]").replace("]", " ]").replace("5", "5" * 9))
    with pytest.raises(UnreadableError) as raised:
        read(file)
    assert problem in str(raised.value)


def calls(action: Callable[[], object]) -> int:
    """How often Python calls something, C's functions too: the same on every machine, and however busy it is."""
    count = 0

    def counting(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counting)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def with_domains(text: str) -> Callable[[int], str]:
    return lambda count: f"{HEAD}  elastx-mrs:domains:\n" + "".join(f"    - {text.format(n)}\n" for n in range(count))


MANY: dict[str, Callable[[int], str]] = {
    "domains": with_domains("d{0}.example"),
    "invalid domains": with_domains("bad_{0}.example"),
    "unknown keys": with_domains("{{name: d{0}.example, spff: 1}}"),
    "one domain again and again": with_domains("d.example"),
    "records of their own": with_domains("{{name: d{0}.example, spf: {{include: [i{0}.example]}}}}"),
    "policies for subdomains": with_domains('{{name: d{0}.example, dmarc: "v=DMARC1; p=none; sp=none"}}'),
    "unknown accounts": with_domains("{{name: d{0}.example, accounts: [a{0}@acme.example]}}"),
    "encrypted domains": with_domains("{{secure: x{0}}}"),
    "encrypted names": with_domains("{{name: {{secure: x{0}}}, spff: 1}}"),
    "keys of config": lambda count: HEAD + "".join(f"  elastx-mrs:k{n}: x\n" for n in range(count)),
    "keys of others": lambda count: HEAD + "".join(f"  elastx-mr{n}:k: x\n" for n in range(count)),
    "keys twice": lambda count: HEAD + "  elastx-mrs:ttl: 300\n" * count,
    "zones": lambda count: (
        HEAD.replace("cloudflare: {}", f"rfc2136: {{zones: [{', '.join(f'z{n}.example' for n in range(count))}]}}")
        + with_domains("d{0}.example")(count).removeprefix(HEAD)
    ),
}


@pytest.mark.parametrize("what", MANY)
def test_four_times_as_many_take_four_times_as_long(what: str, tmp_path: Path) -> None:
    few = write(tmp_path / "few" / "Pulumi.test.yaml", MANY[what](100))
    many = write(tmp_path / "many" / "Pulumi.test.yaml", MANY[what](400))
    check(few)  # imports, and what is computed once
    assert calls(partial(check, many)) < 5 * calls(partial(check, few))


class Compared(str):
    """Text that counts what it is compared with."""

    comparisons = 0

    def __eq__(self, other: object) -> bool:
        Compared.comparisons += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


@pytest.mark.parametrize("accounts", ["listed", "named"])
def test_accounts_are_not_compared_each_with_each(accounts: str) -> None:
    def compared(count: int) -> int:
        Compared.comparisons = 0
        many = [Compared(f"a{n}@acme.example") for n in range(count)]
        domain = {"name": "a.example", **({"accounts": many} if accounts == "named" else {})}
        given = {"accounts": many, "domains": [domain], "dkim": golden.DKIM, "cloudflare": {}}
        assert len(parse(given, camel_case=True).accounts) == count
        return Compared.comparisons

    assert compared(400) < 5 * (compared(100) + 10)


def faults(**given: Any) -> list[str]:
    values = {"accounts": ["a@acme.example"], "domains": ["a.example"], "dkim": golden.DKIM, "cloudflare": {}}
    try:
        parse(values | given, camel_case=True)
    except ConfigError as error:
        return str(error).splitlines()
    return []


@pytest.mark.limit("FAULTS")
def test_errors_are_listed_up_to_a_number_and_then_counted() -> None:
    most = limits.FAULTS.most
    assert len(faults(domains=[f"b_{n}.example" for n in range(most)])) == most + 1
    lines = faults(domains=[f"b_{n}.example" for n in range(most + 5)])
    assert (lines[0], lines[-1]) == ("1005 faults:", "  and 5 more; fix these first")
    assert len(lines) == most + 2


@pytest.mark.limit("SUGGESTIONS", "SUGGESTED")
def test_similar_accounts_are_searched_within_limits() -> None:
    accounts = [f"account{n}@acme.example" for n in range(limits.SUGGESTED.most)]
    domains = [{"name": f"d{n}.example", "accounts": ["acount7@acme.example"]} for n in range(22)]
    lines = faults(accounts=accounts, domains=domains)
    assert sum("did you mean" in line for line in lines) == limits.SUGGESTIONS.most
    assert sum("add it there" in line for line in lines) == 2
    assert not any("did you mean" in line for line in faults(accounts=[*accounts, "x@acme.example"], domains=domains))


def test_records_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECORDS", limits.RECORDS._replace(most=12))
    accounts = ["a@acme.example", "b@acme.example", "c@acme.example"]
    assert faults(accounts=accounts, domains=["a.example", "b.example"]) == []
    assert faults(accounts=[*accounts, "d@acme.example"], domains=["a.example", "b.example"]) == [
        "domains: need more than 12 records; move some domains to another stack"
    ]


def test_reports_of_one_policy_about_many_domains_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECORDS", limits.RECORDS._replace(most=12))
    domains = ["a.example", "b.example"]
    assert faults(domains=domains, dmarc={"rua": ["mailto:d@a.example"]}) == []
    both = ["mailto:d@a.example", "mailto:d@b.example", "mailto:e@b.example"]
    assert faults(domains=domains, dmarc={"rua": both}) == []
    (line,) = faults(domains=[*domains, "c.example"], dmarc={"rua": both})
    assert line.startswith("domains: need more than 12 records")
