"""check_host() and the counts compared with pyspf's and checkdmarc's, with the differences and their reasons."""

import asyncio
from collections.abc import Iterator

import checkdmarc.spf
import checkdmarc.utils
import dns.resolver
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elastx_mrs.lab.session import open_lab
from elastx_mrs.receiver.spf import Result, check_host
from elastx_mrs.receiver.spf_tree import expand
from tests.lookup.fakes import Dns, Records, pyspf_query

NOBODY = "203.0.113.77"
SENDER = "strong-bad@example.com"
NAMES = ["example.com", *(f"n{index}.example" for index in range(6))]
ADDRESSES = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", NOBODY]

TARGETS = st.sampled_from([*NAMES, *NAMES, "none.example", "N1.Example."])
MACROS = st.sampled_from(["%{l}.example", "%{ir}.%{v}.example", "%{d}", "%{o}", "%{d2}", "n%{l1r-}.example", "%{h}"])
LENGTHS = st.sampled_from(["", "", "", "/24", "//64", "/31//127"])
LOOKUPS = st.builds(
    lambda qualifier, name, target, length: f"{qualifier}{name}:{target}{length}",
    st.sampled_from(["", "", "-", "~", "?"]),
    st.sampled_from(["a", "mx"]),
    TARGETS | MACROS,
    LENGTHS,
)
INCLUDES = st.builds(
    lambda qualifier, target: f"{qualifier}include:{target}", st.sampled_from(["", "", "-", "?"]), TARGETS
)
PLAIN = st.sampled_from(["ip4:192.0.2.1", "-ip4:192.0.2.2", "ip6:2001:db8::/126", "?ip4:192.0.2.0/24", "a", "mx"])
OTHERS = st.one_of(
    st.builds("exists:{}".format, TARGETS | MACROS),
    st.builds("ptr:{}".format, TARGETS),
    st.sampled_from(["exp=n1.example", "moo=x", "a/33", "ptr"]),
)
ENDS = st.sampled_from([["-all"], ["~all"], ["?all"], ["-all"], []])


@st.composite
def policies(draw: st.DrawFn, terms: st.SearchStrategy[str]) -> str:
    end = draw(ENDS)
    found = draw(st.lists(terms, max_size=4)) + end
    if not end and draw(st.booleans()):
        found.append(f"redirect={draw(TARGETS)}")
    return f"TXT v=spf1 {' '.join(found)}"


@st.composite
def worlds(draw: st.DrawFn, terms: st.SearchStrategy[str]) -> dict[str, list[str]]:
    """Return the records of a few domains that lead to each other."""
    found: dict[str, list[str]] = {}
    for name in NAMES:
        lines = draw(st.lists(policies(terms), min_size=0 if name != NAMES[0] else 1, max_size=1))
        lines += [f"A {a}" for a in draw(st.lists(st.sampled_from(ADDRESSES[:2]), max_size=2, unique=True))]
        lines += [f"AAAA {a}" for a in draw(st.lists(st.sampled_from(ADDRESSES[2:4]), max_size=2, unique=True))]
        hosts = draw(st.sampled_from([[], [], NAMES[1:2], NAMES[1:4], ["none.example"], ["."]]))
        lines += [f"MX {10 + index} {host}" for index, host in enumerate(hosts)]
        for rdtype in draw(st.sampled_from([[], [], [], [], ["A"], ["TXT"], ["MX", "AAAA"]])):
            lines = [line for line in lines if not line.startswith(f"{rdtype} ")] + [f"{rdtype} !"]
        if lines:
            found[name] = lines
    for address in ADDRESSES[:2]:
        name = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
        found[name] = [f"PTR {host}" for host in draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))]
    return found


def ours(records: Records, address: str) -> Result:
    return asyncio.run(check_host(Dns(records).ask, address, "example.com", SENDER, "mail.example.net"))


def known(records: Records, result: Result, theirs: str, text: str) -> bool:
    """Whether a difference is one of those on purpose, each of which has a test of its own below."""
    terms = [line for lines in records.values() for line in lines if line.startswith("TXT v=spf1")]
    return (
        "trivial recursion" in text
        or "moo= MUST appear at most once" in text
        or ("Too many DNS lookups" in text and any("redirect=" in line for line in terms))
        or (theirs in ("temperror", "permerror") and result.result == "pass" and "mx" in result.reason)
        or (theirs in ("temperror", "permerror") and any("mx" in line for line in terms) and _many_hosts(records))
        or (theirs == "temperror" and any("ptr" in line for line in terms))
    )


def _many_hosts(records: Records) -> bool:
    return any(sum(line.startswith("MX ") for line in lines) > 1 for lines in records.values())


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(worlds(st.one_of(PLAIN, LOOKUPS, INCLUDES, INCLUDES, OTHERS)), st.sampled_from(ADDRESSES))
def test_pyspf_gives_the_same_result(records: Records, address: str) -> None:
    result = ours(records, address)
    theirs, text, _ = pyspf_query(records, address, SENDER)
    assert known(records, result, theirs, text) or result.result == theirs, (result, text)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(worlds(st.one_of(PLAIN, LOOKUPS, INCLUDES, INCLUDES)))
def test_the_tree_counts_the_lookups_for_a_sender_that_nothing_matches(records: Records) -> None:
    """Ours, pyspf's and the tree's numbers, for an address that is in no record."""
    result = ours(records, NOBODY)
    if result.result in ("temperror", "permerror"):
        return
    tree = asyncio.run(expand(Dns(records).ask, "example.com"))
    if any(problem.kind == "sender" for problem in tree.problems()):
        return
    assert (tree.lookups, tree.voids[0]) == (result.lookups, result.voids)
    theirs, text, lookups = pyspf_query(records, NOBODY, SENDER)
    assert "trivial recursion" in text or (theirs, lookups) == (result.result, result.lookups)


def example(terms: str, **others: list[str]) -> dict[str, list[str]]:
    return {"example.com": [f"TXT v=spf1 {terms}"], **others}


PASSES = {"pass.example": ["TXT v=spf1 ip4:192.0.2.1 -all"], "none.example.net": ["A 203.0.113.1"]}


@pytest.mark.parametrize(
    ("records", "result", "theirs", "why"),
    [
        (
            example("a:none.example.net " * 10 + "-all redirect=pass.example", **PASSES),
            "fail",
            "permerror",
            "RFC 7208 §6.1: a redirect beside all is ignored, so it is no eleventh lookup",
        ),
        (
            example("ip4:192.0.2.1 moo=x moo=x"),
            "pass",
            "permerror",
            "RFC 7208 §6: unrecognised modifiers are ignored, no matter how often they appear",
        ),
        (
            example("ip4:192.0.2.1 include:example.com", **PASSES),
            "pass",
            "permerror",
            "RFC 7208 §4.6.2: evaluation ends at the first match, before the include that would not end",
        ),
        (
            example(
                "mx -all",
                **{
                    "example.com": ["TXT v=spf1 mx -all", "MX 1 m.example", "MX 2 slow.example"],
                    "m.example": ["A 192.0.2.1"],
                    "slow.example": ["A !"],
                },
            ),
            "pass",
            "temperror",
            "RFC 7208 §5.4: if any address matches, the mechanism matches; the rest need not be asked",
        ),
        (
            example("ptr -all", **{"1.2.0.192.in-addr.arpa": ["PTR !"]}),
            "fail",
            "temperror",
            "RFC 7208 §5.5: if a DNS error occurs while doing the PTR lookup, the mechanism fails to match",
        ),
        (
            example("exists:%{h-}.example -all", **{"mail.exa.mple.net.example": ["A 127.0.0.2"]}),
            "pass",
            "fail",
            "RFC 7208 §7.3: split parts are rejoined with dots, and not with what they were split at",
        ),
    ],
)
def test_intended_differences_from_pyspf(records: Records, result: str, theirs: str, why: str) -> None:
    helo = "mail.exa-mple.net"
    found = asyncio.run(check_host(Dns(records).ask, "192.0.2.1", "example.com", SENDER, helo))
    assert found.result == result, found.reason
    assert pyspf_query(records, "192.0.2.1", SENDER, helo)[0] == theirs


ZONE = {
    "plain.example": ["TXT v=spf1 ip4:192.0.2.0/24 -all"],
    "one.example": ["TXT v=spf1 include:plain.example -all"],
    "on.example": ["TXT v=spf1 redirect=plain.example"],
    "mail.example": ["A 192.0.2.1", "AAAA 2001:db8::1"],
    "void.example": ["TXT v=spf1 a:none.example -all"],
    "many.example": [f"MX {index} mail.example" for index in range(10)],
    "hundred.example": [f"MX {index} m{index}.example" for index in range(11)],
    "loop.example": ["TXT v=spf1 include:pool.example"],
    "pool.example": ["TXT v=spf1 include:loop.example"],
    "syntax.example": ["TXT v=spf1 -all moo"],
    "half.example": ["MX 1 mail.example", "MX 2 none.example"],
    "four.example": ["A 192.0.2.1"],
}

SAME = {
    "?include:plain.example -all": (1, 0),
    "include:one.example -all": (2, 0),
    "include:on.example -all": (2, 0),
    "redirect=plain.example": (1, 0),
    "redirect=plain.example -all": (0, 0),
    "a:mail.example mx:many.example -all exp=explain.example": (2, 0),
    "a:none.example mx:none.example -all": (2, 2),
    "include:void.example -all": (2, 1),
    "exists:%{i}.example -all": (1, 0),
    "include:plain.example include:plain.example ?all": (2, 0),
    "include:one.example " * 5 + "-all": (10, 0),
    "include:one.example " * 5 + "redirect=plain.example": (11, 0),
    "include:one.example " * 5 + "a:mail.example -all": (11, 0),
    "-all a:none.example include:one.example": (0, 0),
}


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dns.resolver.Resolver]:
    """Return dnspython's, asking a server on this machine; checkdmarc asks with it."""
    with open_lab(tmp_path_factory.mktemp("lab") / "zones", Dns(ZONE).zones()) as lab:
        found = dns.resolver.Resolver(configure=False)
        found.nameservers = ["127.0.0.1"]
        found.port = int(lab.address.rpartition(":")[2])
        checkdmarc.utils.DNS_CACHE.clear()
        yield found
        checkdmarc.utils.DNS_CACHE.clear()


def by_checkdmarc(terms: str, resolver: dns.resolver.Resolver) -> tuple[int, int]:
    """Return lookups and void lookups."""
    try:
        found = checkdmarc.spf.parse_spf_record(f"v=spf1 {terms}", "start.example", resolver=resolver)
    except (checkdmarc.spf.SPFTooManyDNSLookups, checkdmarc.spf.SPFTooManyVoidDNSLookups) as error:
        data = error.data or {}
        return data.get("dns_lookups", -1), data.get("void_dns_lookups", 0)
    return found["dns_lookups"], found["void_dns_lookups"]


def by_us(terms: str) -> tuple[int, tuple[int, int], list[str]]:
    tree = asyncio.run(expand(Dns(ZONE).ask, "start.example", f"v=spf1 {terms}"))
    return tree.lookups, tree.voids, [problem.kind for problem in tree.problems()]


@pytest.mark.parametrize(("terms", "counts"), SAME.items(), ids=SAME)
def test_checkdmarc_counts_the_same(terms: str, counts: tuple[int, int], resolver: dns.resolver.Resolver) -> None:
    lookups, voids, _ = by_us(terms)
    assert (lookups, voids[0]) == counts
    assert by_checkdmarc(terms, resolver) == counts


@pytest.mark.parametrize(
    ("terms", "ours", "theirs", "why"),
    [
        ("exists:none.example -all", (1, (1, 1)), (1, 0), "RFC 7208 §4.6.4: exists is looked up, and may be void"),
        ("mx:half.example -all", (1, (1, 1)), (1, 0), "RFC 7208 §4.6.4: so are an mx's addresses, as in pyspf"),
        ("a:four.example -all", (1, (0, 1)), (1, 0), "RFC 7208 §5: an IPv6 sender's check asks for AAAA only"),
        ("ptr:none.example -all", (1, (0, 0)), (1, 1), "RFC 7208 §5.5: ptr asks for the sender's names"),
    ],
)
def test_intended_differences_from_checkdmarc_s_count(
    terms: str, ours: tuple[int, tuple[int, int]], theirs: tuple[int, int], why: str, resolver: dns.resolver.Resolver
) -> None:
    assert by_us(terms)[:2] == ours
    assert by_checkdmarc(terms, resolver) == theirs


@pytest.mark.parametrize(
    "terms",
    [
        "include:loop.example",
        "mx:hundred.example",
        "include:none.example",
        "include:four.example",
        "redirect=loop.example",
    ],
)
def test_checkdmarc_refuses_records_that_are_permerror_here(terms: str, resolver: dns.resolver.Resolver) -> None:
    assert "permerror" in by_us(terms)[2]
    with pytest.raises(checkdmarc.spf.SPFError):
        checkdmarc.spf.parse_spf_record(f"v=spf1 {terms}", "start.example", resolver=resolver)


def test_checkdmarc_passes_over_a_syntax_error_after_all_and_we_do_not(resolver: dns.resolver.Resolver) -> None:
    """RFC 7208 §4.6: a syntax error anywhere in the record is permerror."""
    assert by_us("include:syntax.example -all")[2] == ["permerror"]
    assert by_checkdmarc("include:syntax.example -all", resolver) == (1, 0)
    records = {**ZONE, "example.com": ["TXT v=spf1 include:syntax.example -all"]}
    assert pyspf_query(records, NOBODY, SENDER)[0] == "permerror"
