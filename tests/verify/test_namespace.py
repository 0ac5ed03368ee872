"""Verification with delegation, port 53 and resolvers as on the Internet; other tools agree."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from elastx_mrs.records.text import presentation
from tests.golden import ACCOUNT
from tests.verify.namespace import BIND, FAR, KNOT, NSD, RESOLVER, ROOT, SIX, TOP, World, signed, world
from tests.verify.scene import DKIM, DMARC, SPF, TOKEN, records, rows

pytestmark = pytest.mark.xdist_group("verify-namespace")

OLD = "v=DMARC1; p=none"
NAMES = {"ns1": BIND, "ns2": KNOT, "ns3": NSD, "ns6": SIX}


def zone(name: str, body: str, servers: str = "ns1 ns2 ns3", ttl: int = 3600) -> str:
    listed = "".join(f"@ NS {server}.{name}.\n{server} {_address(server)}\n" for server in servers.split())
    return f"$TTL {ttl}\n$ORIGIN {name}.\n@ SOA ns1.{name}. h. 1 3600 900 604800 300\n{listed}{body}"


def _address(server: str) -> str:
    return f"{'AAAA' if ':' in NAMES[server] else 'A'} {NAMES[server]}"


PLACES = {"good.com": "ns1 ns2 ns3", "six.com": "ns1 ns6", "twospf.com": "ns1 ns2 ns3", "nokey.com": "ns1 ns2 ns3",
          "twodmarc.com": "ns1 ns2 ns3", "old.com": "ns1", "negative.com": "ns1", "expired.com": "ns1",
          "signed.com": "ns1", "bogus.com": "ns1", "both.com": "ns1"}  # fmt: skip
BODIES = {name: records() for name in PLACES} | {
    "twospf.com": records(spf=[SPF, "v=spf1 -all"]),
    "nokey.com": records(dkim=[]),
    "twodmarc.com": records(dmarc=[DMARC, OLD]),
    "old.com": records(dmarc=[OLD]),
    "negative.com": records(dkim=[]),
    "expired.com": records(dmarc=[OLD]),
}


def zones(folder: Path) -> tuple[dict[str, dict[str, str]], str]:
    texts = {name: zone(name, BODIES[name], PLACES[name], 1 if name == "expired.com" else 3600) for name in PLACES}
    texts["elastx.email"] = zone("elastx.email", '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\n', "ns1")
    digests, anchors = "ns1.both.com. AAAA 2001:db8::1\n", ""
    for name in ("signed.com", "bogus.com"):
        texts[name], digest = signed(folder / name, name, texts[name])
        if name == "bogus.com":
            digest = digest[:-8] + "00000000"
        digests += f"{name}. DS {digest}\n"
        anchors += f'  trust-anchor: "{name}. DS {digest}"\n'
    delegations = "".join(
        f"{name}. NS {server}.{name}.\n{server}.{name}. {_address(server)}\n"
        for name, servers in PLACES.items()
        for server in servers.split()
    )
    soa = "SOA ns.top. h. 1 3600 900 604800 300"
    root = f"$TTL 3600\n$ORIGIN .\n@ {soa}\n@ NS a.root.\na.root. A {ROOT}\nns.top. A {TOP}\n" + "".join(
        f"{tld} NS ns.top.\n" for tld in ("com", "email", "top")
    )
    com = f"$TTL 3600\n$ORIGIN com.\n@ {soa}\n@ NS ns.top.\n{delegations}{digests}"
    email = f"$TTL 3600\n$ORIGIN email.\n@ {soa}\n@ NS ns.top.\nelastx NS ns1.elastx\nns1.elastx A {BIND}\n"
    top = f"$TTL 3600\n$ORIGIN top.\n@ {soa}\n@ NS ns.top.\nns A {TOP}\n"
    everywhere = {name: texts[name] for name, servers in PLACES.items() if "ns3" in servers}
    return {
        "root": {".": root},
        "top": {"com": com, "email": email, "top": top},
        "bind": texts,
        "knot": everywhere,
        "nsd": everywhere,
        "six": {"six.com": texts["six.com"]},
    }, anchors


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("net")
    made, anchors = zones(folder / "keys")
    with world(folder / "world", made, anchors) as running:
        yield running


def verify(net: World, domain: str, *options: str) -> tuple[int, dict[str, Any]]:
    done = net.verify("--records", "-", "--format", "json", *options, stdin=rows(domain))
    assert done.stdout, done.stderr
    (found,) = json.loads(done.stdout)["domains"]
    return done.returncode, {check["check"]: check for check in found["checks"]}


def failing(checks: dict[str, Any]) -> dict[str, str]:
    return {name: check["verdict"] for name, check in checks.items() if check["verdict"] not in ("pass", "unchecked")}


def test_three_kinds_of_servers_and_other_tools_agree(net: World) -> None:
    code, checks = verify(net, "good.com")
    assert (code, failing(checks)) == (0, {}), checks
    assert {check["verdict"] for check in checks.values()} == {"pass"}, checks
    assert f"'{SPF}'" in checks["spf-policy"]["seen"]

    for server in (BIND, KNOT, NSD, RESOLVER):
        assert presentation(DMARC) in net.dig(f"@{server}", "_dmarc.good.com", "TXT").strip()
        assert f'"{TOKEN}"' in net.dig(f"@{server}", "good.com", "TXT")
    assert opendkim(net, "good.com").returncode == 0
    assert judged(net, "good.com") == {"spf": True, "dmarc": True}


def opendkim(net: World, domain: str) -> subprocess.CompletedProcess[str]:
    return net.run("opendkim-testkey", "-x", str(net.folder / "opendkim.conf"), "-d", domain, "-s", "elastx", "-vvv")


def judged(net: World, domain: str) -> dict[str, bool]:
    """The result of checkdmarc, which queries the resolver."""
    script = f"""
import json, checkdmarc.spf, checkdmarc.dmarc
def good(check):
    try:
        check({domain!r}, nameservers=[{RESOLVER!r}])
        return True
    except Exception:
        return False
print(json.dumps({{"spf": good(checkdmarc.spf.get_spf_record), "dmarc": good(checkdmarc.dmarc.query_dmarc_record)}}))
"""
    done = net.run(sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr
    found: dict[str, bool] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_other_tools_refuse_what_verification_refuses(net: World) -> None:
    code, checks = verify(net, "twospf.com")
    assert code == 1
    assert failing(checks) == {"spf": "wrong", "spf-policy": "wrong"}
    assert {detail["server"] for detail in checks["spf"]["details"]} == {
        f"ns1.twospf.com ({BIND})",
        f"ns2.twospf.com ({KNOT})",
        f"ns3.twospf.com ({NSD})",
    }
    assert judged(net, "twospf.com")["spf"] is False

    code, checks = verify(net, "nokey.com")
    assert (code, failing(checks)) == (1, {"dkim": "absent"})
    assert opendkim(net, "nokey.com").returncode != 0

    code, checks = verify(net, "twodmarc.com")
    assert (code, failing(checks)) == (1, {"dmarc": "wrong", "dmarc-policy": "wrong"})
    assert judged(net, "twodmarc.com")["dmarc"] is False


def test_a_server_on_ipv6_only_is_queried(net: World) -> None:
    code, checks = verify(net, "six.com")
    assert (code, failing(checks)) == (0, {})
    assert "ns6.six.com" in checks["delegation"]["seen"]


def test_a_missing_ipv6_is_one_notice_and_fails_nothing(net: World) -> None:
    code, checks = verify(net, "both.com")
    assert (code, failing(checks)) == (0, {})
    assert checks["delegation"]["notices"] == [
        "this machine has no IPv6: 1 of the servers' addresses could not be queried"
    ]
    assert not any(check["notices"] for name, check in checks.items() if name != "delegation")


def test_a_resolver_with_an_old_answer_is_cached_and_fails_only_on_request(net: World, tmp_path: Path) -> None:
    assert OLD in net.dig(f"@{RESOLVER}", "_dmarc.old.com", "TXT")
    net.change("old.com", zone("old.com", records(), "ns1"))
    code, checks = verify(net, "old.com")
    assert (code, failing(checks)) == (0, {"resolvers": "cached"})
    (detail,) = checks["resolvers"]["details"]
    assert detail["server"] == RESOLVER
    assert f"'{OLD}', kept for 3" in detail["seen"], "of 3600 s, some have passed"

    stack = {
        "accounts": [ACCOUNT],
        "dkim": DKIM,
        "dmarc": DMARC,
        "domains": ["old.com"],
        "verification": {"resolversMustAgree": True, "timeout": 0},
    }
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text(yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in stack.items()}}))
    done = net.verify("--stack-config", str(file))
    assert done.returncode == 1, done.stdout + done.stderr


def test_a_negative_answer_is_cached_for_the_soas_minimum(net: World) -> None:
    assert net.dig(f"@{RESOLVER}", "elastx._domainkey.negative.com", "TXT") == ""
    net.change("negative.com", zone("negative.com", records(), "ns1"))
    code, checks = verify(net, "negative.com")
    assert (code, failing(checks)) == (0, {"resolvers": "cached"})
    assert "no such name, kept for " in checks["resolvers"]["details"][0]["seen"]
    left = int(checks["resolvers"]["details"][0]["seen"].partition("kept for ")[2].split()[0])
    assert 0 < left <= 300


def test_an_answer_served_once_after_it_expired_is_checked_again(net: World) -> None:
    """RFC 8767: with ``serve-expired`` it fetches the new answer only after it gave the old one."""
    assert OLD in net.dig(f"@{RESOLVER}", "_dmarc.expired.com", "TXT")
    net.change("expired.com", zone("expired.com", records(), "ns1", 1))
    subprocess.run(["sleep", "1.5"], check=True)
    code, checks = verify(net, "expired.com")
    assert (code, failing(checks)) == (0, {})


@pytest.mark.parametrize("resolver", [RESOLVER, f"tls://{FAR}", f"https://{FAR}/dns-query"])
def test_a_signed_domain_validates_where_ad_can_be_believed(net: World, resolver: str) -> None:
    code, checks = verify(net, "signed.com", "--resolver", resolver)
    assert (code, checks["dnssec"]["verdict"], checks["resolvers"]["verdict"]) == (0, "pass", "pass"), checks


def test_ad_over_plain_dns_is_not_believed(net: World) -> None:
    code, checks = verify(net, "signed.com", "--resolver", FAR)
    assert (code, checks["dnssec"]["verdict"]) == (0, "unchecked")
    assert "AD over plain DNS" in checks["dnssec"]["details"][0]["seen"]
    # An authority is not a resolver, so it never validates.
    code, checks = verify(net, "signed.com", "--resolver", BIND)
    assert (code, checks["dnssec"]["verdict"]) == (0, "unchecked")
    assert checks["resolvers"]["verdict"] != "wrong"


def test_a_certificate_for_another_name_is_refused(net: World) -> None:
    trusted = net.environment.pop("SSL_CERT_FILE")
    try:
        code, checks = verify(net, "signed.com", "--resolver", f"tls://{FAR}")
    finally:
        net.environment["SSL_CERT_FILE"] = trusted
    assert (code, checks["resolvers"]["verdict"]) == (0, "unchecked")
    assert "certificate that is not valid" in checks["resolvers"]["details"][0]["seen"]


def test_a_bogus_domain_is_wrong(net: World) -> None:
    code, checks = verify(net, "bogus.com")
    assert (code, checks["dnssec"]["verdict"]) == (1, "wrong")
    assert "SERVFAIL" in checks["dnssec"]["details"][0]["seen"]
    assert "status: SERVFAIL" in net.run("dig", f"@{RESOLVER}", "bogus.com", "TXT").stdout
    assert "status: NOERROR" in net.run("dig", "+cd", f"@{RESOLVER}", "bogus.com", "TXT").stdout


def test_via_resolvers_reports_what_it_could_not_check(net: World) -> None:
    code, checks = verify(net, "good.com", "--via", "resolvers")
    assert (code, failing(checks)) == (0, {})
    assert checks["delegation"]["verdict"] == "unchecked"
    assert "did not check the delegation or each name server" in checks["delegation"]["details"][0]["seen"]
    code, checks = verify(net, "nokey.com", "--via", "resolvers")
    assert (code, failing(checks)) == (1, {"dkim": "absent"})


def test_domains_alone_are_checked_as_far_as_possible(net: World) -> None:
    done = net.verify("good.com", "nokey.com", "--format", "json")
    assert done.returncode == 1
    found = {
        item["domain"]: {c["check"]: c["verdict"] for c in item["checks"]}
        for item in json.loads(done.stdout)["domains"]
    }
    assert set(found["good.com"].values()) == {"pass"}
    assert found["nokey.com"]["dkim"] == "absent"
