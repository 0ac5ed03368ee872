"""The test Internet is what its domains' names say: so say dig, delv, pyspf, checkdmarc, dkimpy and opendkim-testkey.

None of this asks anything of ours. What verification says of the same domains is in ``test_verify``.
"""

from typing import Any

import pytest

from tests.verify.namespace import BIND, KNOT, NSD, RESOLVER, SIX, TOP, World
from tests.verify.scene import DKIM, DMARC, SPF, TOKEN
from tests.verify.world import ANCHORS
from tests.verify.world.companies import COMPANIES, OLD_DMARC, STRANGER, UNTOLD
from tests.verify.world.company import CUTTING, DEAD_SIX, SILENT, SLOW
from tests.verify.world.judges import Judged
from tests.verify.world.odd import LATE_SECONDS

pytest_plugins = ["tests.verify.world.fixture"]
pytestmark = pytest.mark.xdist_group("verify-world")


def dig(internet: World, server: str, name: str, rdtype: str = "TXT", *options: str) -> str:
    asked = ("dig", "+norec", "+time=3", "+tries=1", *options, f"@{server}", name, rdtype)
    return internet.run(*asked).stdout


def flags(output: str) -> set[str]:
    (line,) = (line for line in output.splitlines() if line.startswith(";; flags:"))
    return set(line.partition(":")[2].partition(";")[0].split())


def status(output: str) -> str:
    return output.partition("status: ")[2].partition(",")[0]


def texts(output: str) -> set[str]:
    """The TXT values of an answer, their strings joined."""
    found = [line.partition("TXT\t")[2] for line in output.splitlines() if "\tTXT\t" in line and line[0] != ";"]
    return {value.replace('" "', "").strip('"') for value in found}


@pytest.mark.parametrize("server", [BIND, KNOT, NSD], ids=["bind", "knot", "nsd"])
def test_three_kinds_of_servers_have_the_domain_that_is_good(internet: World, server: str) -> None:
    apex = dig(internet, server, "good.com")
    assert (status(apex), "aa" in flags(apex), texts(apex)) == ("NOERROR", True, {TOKEN, SPF})
    assert texts(dig(internet, server, "elastx._domainkey.good.com")) == {DKIM}
    assert texts(dig(internet, server, "_dmarc.good.com")) == {DMARC}


@pytest.mark.parametrize(
    ("name", "zones", "value"),
    [
        ("_dmarc.good.com", [".", "com.", "good.com."], DMARC),
        ("elastx._domainkey.child.com", [".", "com.", "child.com.", "_domainkey.child.com."], DKIM),
    ],
)
def test_delegation_leads_from_the_root_to_the_record(internet: World, name: str, zones: list[str], value: str) -> None:
    trace = internet.run("dig", "+trace", "+nodnssec", name, "TXT").stdout
    passed = dict.fromkeys(line.split()[0] for line in trace.splitlines() if "\tNS\t" in line)
    assert list(passed) == zones
    assert texts(trace) == {value}


@pytest.mark.parametrize(
    ("domain", "server", "expected"),
    [("servfail.com", NSD, "SERVFAIL"), ("refused.com", NSD, "REFUSED"), ("undelegated.com", TOP, "NXDOMAIN")],
)
def test_a_server_gives_the_error_that_the_domain_is_called_after(
    internet: World, domain: str, server: str, expected: str
) -> None:
    assert status(dig(internet, server, domain)) == expected


@pytest.mark.parametrize(("domain", "server"), [("silent.com", SILENT), ("unreachable6.com", DEAD_SIX)])
@pytest.mark.parametrize("via", ["+notcp", "+tcp"])
def test_a_silent_server_has_its_port_open_and_says_nothing(
    internet: World, domain: str, server: str, via: str
) -> None:
    output = dig(internet, server, domain, "TXT", via, "+time=1")
    assert "timed out" in output
    assert "refused" not in output
    assert "status" not in output


def test_a_lame_server_refers_to_others_and_is_no_authority(internet: World) -> None:
    output = dig(internet, TOP, "lame.com")
    assert (status(output), "aa" in flags(output), texts(output)) == ("NOERROR", False, set())
    assert "AUTHORITY SECTION" in output


def test_a_server_that_cuts_everything_answers_over_tcp(internet: World) -> None:
    cut = dig(internet, CUTTING, "truncating.com", "TXT", "+ignore")
    assert "tc" in flags(cut)
    assert texts(cut) == set()
    whole = dig(internet, CUTTING, "truncating.com")
    assert "Truncated, retrying in TCP mode" in whole
    assert texts(whole) == {TOKEN, SPF}


def test_a_slow_server_is_right_a_second_late(internet: World) -> None:
    output = dig(internet, SLOW, "slow.com")
    assert texts(output) == {TOKEN, SPF}
    assert int(output.partition("Query time: ")[2].split()[0]) >= LATE_SECONDS * 1000


def test_a_server_is_behind_in_records_and_in_serial(internet: World) -> None:
    assert texts(dig(internet, KNOT, "stale.com")) == {SPF}
    assert texts(dig(internet, KNOT, "_dmarc.stale.com")) == {OLD_DMARC}
    serials = {server: dig(internet, server, "stale.com", "SOA", "+short").split()[2] for server in (BIND, KNOT, NSD)}
    assert serials == {BIND: "2", KNOT: "1", NSD: "2"}


def test_two_addresses_of_one_server_say_different_things(internet: World) -> None:
    addresses = dig(internet, TOP, "disagree.com", "NS", "+noall", "+additional")
    assert {line.split()[4] for line in addresses.splitlines() if line.startswith("ns1.")} == {BIND, KNOT}
    said = {server: texts(dig(internet, server, "_dmarc.disagree.com")) for server in (BIND, KNOT)}
    assert said == {BIND: {DMARC}, KNOT: {OLD_DMARC}}


def test_parent_and_zone_name_different_servers(internet: World) -> None:
    def named(server: str, section: str) -> set[str]:
        output = dig(internet, server, "nsdiffer.com", "NS", "+noall", section)
        return {line.split()[4].partition(".")[0] for line in output.splitlines()}

    assert named(TOP, "+authority") == {"ns1", "ns2"}
    assert named(BIND, "+answer") == {"ns1", "ns2", "ns3"}


def test_one_server_is_on_ipv6_alone(internet: World) -> None:
    glue = dig(internet, TOP, "six.com", "NS", "+noall", "+additional")
    assert [line.split()[3:] for line in glue.splitlines() if line.startswith("ns3.")] == [["AAAA", SIX]]
    assert texts(dig(internet, SIX, "six.com")) == {TOKEN, SPF}


def test_an_alias_leads_to_another_zone_and_another_in_a_circle(internet: World) -> None:
    output = dig(internet, RESOLVER, "_dmarc.cname.com", "TXT", "+rec")
    assert "CNAME\tpolicy.keys.net." in output
    assert texts(output) == {DMARC}
    assert "CNAME\ta.loop.com." in dig(internet, BIND, "_dmarc.loop.com")
    assert status(dig(internet, RESOLVER, "_dmarc.loop.com", "TXT", "+rec")) == "SERVFAIL"


@pytest.mark.parametrize("server", [BIND, KNOT, NSD], ids=["bind", "knot", "nsd"])
def test_challenges_are_what_the_names_say(internet: World, server: str) -> None:
    assert texts(dig(internet, server, "unknown.com")) == {TOKEN, STRANGER, SPF}
    assert texts(dig(internet, server, "nochallenge.com")) == {SPF}


def test_a_signed_domain_validates_from_the_root_and_a_changed_one_does_not(internet: World) -> None:
    def delv(domain: str) -> str:
        anchors = str(internet.folder / ANCHORS)
        done = internet.run("delv", "-a", anchors, "+cd", f"@{RESOLVER}", domain, "TXT")
        return done.stdout + done.stderr

    assert "; fully validated" in delv("signed.com")
    assert "; unsigned answer" in delv("good.com")
    assert "resolution failed: RRSIG failed to verify" in delv("bogus.com")
    assert "ad" in flags(dig(internet, RESOLVER, "signed.com", "TXT", "+rec"))
    assert "ad" not in flags(dig(internet, RESOLVER, "good.com", "TXT", "+rec"))
    assert status(dig(internet, RESOLVER, "bogus.com", "TXT", "+rec")) == "SERVFAIL"
    assert texts(dig(internet, RESOLVER, "bogus.com", "TXT", "+rec", "+cd")) == {TOKEN, SPF}


PASSED = {"spf": ["pass"] * 4, "spf_elsewhere": "fail", "spf_tree": "", "dmarc_error": "", "dkim": "rsa", "opendkim": 0}
NO_KEY = {"dkim": "KeyFormatError", "opendkim": 69}
SYNTAX = "198.51.100.300 is not a valid IPv4 value"
OTHERWISE: dict[str, dict[str, Any]] = {
    "emptychild.com": NO_KEY,
    "loop.com": {"dmarc": "", "dmarc_error": "answered SERVFAIL"},
    "twospf.com": {"spf": ["permerror"] * 4, "spf_elsewhere": "permerror", "spf_tree": "multiple SPF TXT records"},
    "minusinclude.com": {"spf": ["fail"] * 4},
    "minusip4.com": {"spf": ["pass", "fail", "pass", "pass"]},
    "lookalike.com": {"spf": ["fail"] * 4, "spf_elsewhere": "pass"},
    "e1astx.com": {"spf": ["fail"] * 4, "spf_elsewhere": "pass"},
    "broken-tree.com": {"spf_elsewhere": "permerror", "spf_tree": SYNTAX},
    "broken-first.com": {"spf": ["permerror"] * 4, "spf_elsewhere": "permerror", "spf_tree": SYNTAX},
    "twodkim.com": {"dkim": "", "opendkim": 69},  # dkimpy takes whichever of them comes first
    "revoked.com": NO_KEY,
    "nodkim.com": NO_KEY,
    "twodmarc.com": {"dmarc": "", "dmarc_error": "Multiple DMARC policy records are not permitted"},
    "nodmarc.com": {"dmarc": "", "dmarc_error": "A DMARC record does not exist"},
    "sub.inherit.com": {"dmarc": "inherit.com"},
    "bogus.com": {"spf": ["temperror"] * 4, "spf_elsewhere": "temperror", "spf_tree": "answered SERVFAIL"},
    "undelegated.com": {
        **NO_KEY,
        "spf": ["none"] * 4,
        "spf_elsewhere": "none",
        "spf_tree": "does not exist",
        "dmarc": "",
        "dmarc_error": "does not exist",
    },
}
"""What the judges say that differs from what they say of a domain that is good; of words, a part."""

JUDGED = [name for name in (*COMPANIES, "sub.inherit.com", "undelegated.com") if name not in UNTOLD]


@pytest.mark.parametrize("domain", JUDGED)
def test_judges_say_of_each_domain_what_its_name_says(judgements: dict[str, Judged], domain: str) -> None:
    said: dict[str, object] = {**judgements[domain]}
    expected = {**PASSED, "dmarc": domain, **OTHERWISE.get(domain, {})}
    for key in ("spf", "spf_elsewhere", "opendkim", "dmarc"):
        assert said[key] == expected[key], (key, said)
    for key in ("spf_tree", "dmarc_error", "dkim"):
        words = str(said[key])
        assert expected[key] in words, (key, said)
        if key != "dkim":
            assert bool(words) == bool(expected[key]), (key, said)


@pytest.mark.parametrize(
    ("domain", "refused"), [("reports.com", False), ("wildcard.com", False), ("unasked.com", True)]
)
def test_checkdmarc_says_whose_reports_are_taken(judgements: dict[str, Judged], domain: str, refused: bool) -> None:
    warnings = judgements[domain]["dmarc_warnings"]
    assert any("does not indicate that it accepts" in warning for warning in warnings) is refused
