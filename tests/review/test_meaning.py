"""The meaning of changes, by RFC 7208, RFC 9989, RFC 6376 and the service's page."""

from dataclasses import replace
from typing import Any

import pytest

from elastx_mrs.review.meaning import Risk
from elastx_mrs.review.plain import told
from elastx_mrs.review.preview import read
from elastx_mrs.review.report import headlines, review
from elastx_mrs.service import ELASTX as SERVICE
from tests import golden
from tests.review.previews import CLOUDFLARE, preview, step, txt

ELASTX = "v=spf1 include:elastx.email"
REVOKED = "v=DKIM1; p="
TOKEN = "elastx-mrs=" + "0123456789abcdef" * 4


def meaning(*steps: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The sentences, and the kinds of risk."""
    rows = list(review(read(preview(*steps))).rows)
    says = [told(one) for row in rows for one in row.meaning.says]
    risks: list[Risk] = [risk for row in rows for risk in row.meaning.risks]
    return says, [risk.kind for risk in risks]


def changed(owner: str, old: str, new: str) -> tuple[list[str], list[str]]:
    return meaning(step("update", "x", txt(owner, old), txt(owner, new)))


@pytest.mark.parametrize(
    ("old", "new", "said", "risks"),
    [
        ("-all", "~all", "-all → ~all (looser)", ["loosened"]),
        ("~all", "?all", "~all → ?all (looser)", ["loosened"]),
        ("-all", "", "-all → no all (looser)", ["loosened"]),  # neutral: RFC 7208 §4.7
        ("?all", "", "?all → no all", []),
        ("~all", "-all", "~all → -all (stricter)", []),
        ("-all", "+all", "-all → all (looser)", ["loosened"]),
        ("ip4:192.0.2.1 -all", "-all", "- ip4:192.0.2.1", []),
        ("-all", "ip4:192.0.2.1 -all", "+ ip4:192.0.2.1", ["senders"]),
        ("-all", "-ip4:192.0.2.1 -all", "+ -ip4:192.0.2.1", []),
        ("a mx -all", "mx a -all", "the same terms in another order", []),
        ("-all", "redirect=_spf.example.net", "+ redirect=_spf.example.net", ["senders"]),
        (
            "a -all",
            "a mx exists:%{i}.example.net -all",
            "2 → 4 of 10 lookups in the record itself; included records are not counted",
            ["senders"],
        ),
    ],
)
def test_spf(old: str, new: str, said: str, risks: list[str]) -> None:
    says, found = changed("example.com", f"{ELASTX} {old}".rstrip(), f"{ELASTX} {new}".rstrip())
    assert any(line == said or line.startswith(f"{said} (") for line in says), says
    assert found == risks


SPELLED = "include:ELASTX.email."


@pytest.mark.parametrize(
    ("new", "seen", "said"),
    [
        (f"v=spf1 {SPELLED} -all", {}, ""),  # it may include another record that has the include
        (f"v=spf1 {SPELLED} -all", {"example.com": f"it is reached by {SPELLED}"}, f"it is reached by {SPELLED}"),
        ("v=spf1 include:a.example -all", {"example.com": ""}, ""),
        ("v=spf1 ip4:203.0.113.0/24 -all", {}, "the record does not have include:elastx.email literally"),
        ("v=spf1 ip4:203.0.113.0/24 -all", {"example.com": "no record has it"}, "no record has it"),
        (f"{ELASTX} -all", {"example.com": ""}, ""),
    ],
)
def test_spf_that_the_relay_may_refuse(new: str, seen: dict[str, str], said: str) -> None:
    made = step("update", "x", txt("example.com", f"{ELASTX} ip4:203.0.113.0/24 -all"), txt("example.com", new))
    found = review(read(preview(made)), unseen=seen)
    sentence = f"Elastx may refuse mail from example.com: {said}"
    assert (sentence in [told(one) for row in found.rows for one in row.meaning.says]) == bool(said)
    assert (("relay", sentence) in [(kind, told(what)) for kind, what in headlines(found)]) == bool(said)
    assert ("relay" in found.gates) == bool(said)


def test_spf_that_the_relay_refuses_by_a_confirmed_rule() -> None:
    made = step("create", "x", new=txt("example.com", "v=spf1 ip4:203.0.113.0/24 -all"))
    found = review(read(preview(made), service=replace(SERVICE, spf_rule="fault")))
    assert "Elastx will refuse mail from example.com: " in " ".join(told(what) for _, what in headlines(found))


def test_a_removed_key_of_the_service_is_said_to_stop_mail() -> None:
    for selector, told_ in (("elastx", True), ("s1", False)):
        says, risks = meaning(step("delete", "x", txt(f"{selector}._domainkey.example.com", golden.DKIM)))
        rule = "Elastx rejects mail from domains without DKIM (announcement of 2025-01-08, in force since 2025-04-01)"
        assert (rule in says) is told_
        assert risks == ["removed"]


@pytest.mark.parametrize(
    ("old", "new", "said", "risks"),
    [
        ("p=reject", "p=quarantine", "p=reject → p=quarantine (looser)", ["loosened"]),
        ("p=none", "p=reject", "p=none → p=reject (stricter)", []),
        ("p=reject", "p=reject; t=y", "p=reject → p=reject; t=y (looser)", ["loosened"]),  # one step less: §4.7
        ("p=reject; sp=none", "p=reject", "sp=none → sp=reject (stricter)", []),
        ("p=reject", "p=reject; sp=none", "sp=reject → sp=none (looser)", ["loosened"]),
        ("p=reject; sp=reject", "p=none; sp=reject", "p=reject → p=none (looser)", ["loosened"]),
        ("p=reject", "p=reject; np=none", "np=reject → np=none (looser)", ["loosened"]),
        ("p=none", "p=none; aspf=s", "aspf=r → aspf=s (stricter)", []),
        ("p=none; adkim=s", "p=none", "adkim=s → adkim=r (looser)", ["loosened"]),
        ("p=none", "p=none; rua=mailto:a@b.example", "rua + mailto:a@b.example", []),
        ("p=none; rua=mailto:a@b.example", "p=none", "rua - mailto:a@b.example", []),
        ("p=none; pct=10", "p=none", "pct=10 → no pct", []),
        ("p=none; fo=1", "p=none; fo=d", "fo=1 → fo=d", []),
    ],
)
def test_dmarc(old: str, new: str, said: str, risks: list[str]) -> None:
    says, found = changed("_dmarc.example.com", f"v=DMARC1; {old}", f"v=DMARC1; {new}")
    assert said in says
    assert found == risks


def test_dmarc_that_receivers_ignore_has_its_reason() -> None:
    broken, good = "v=DMARC1; p=rejct", "v=DMARC1; p=reject"
    void = f"{broken}, which has a faulty p= and no valid rua= (RFC 9989 §4.10.1): receivers apply no DMARC"
    assert changed("_dmarc.example.com", broken, good) == ([f"today: {void}", f"then: {good}"], [])
    assert changed("_dmarc.example.com", good, broken) == ([f"today: {good}", f"then: {void}"], ["loosened"])
    says, _ = changed("_dmarc.example.com", "v=dmarc1; p=none", good)
    assert says == ["today: v=dmarc1; p=none, which is not a DMARC record", f"then: {good}"]
    says, risks = changed("_dmarc.example.com", "v=DMARC1; p=none;; foo", good)
    assert (says, risks) == (["p=none → p=reject (stricter)"], [])


def test_dmarc_tags_that_follow_p_are_shown_once() -> None:
    says, _ = changed("_dmarc.example.com", "v=DMARC1; p=none", "v=DMARC1; p=reject")
    assert says == ["p=none → p=reject (stricter)"]


def test_the_same_key_in_another_form_is_not_another_key() -> None:
    key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8463 appendix A.2
    says, risks = changed("s._domainkey.example.com", f"v=DKIM1; k=ed25519; p={key}", f"k=ed25519; p={key}")
    assert says[0] == "the same key in another form: Ed25519 256 bits, SHA-256 21fe31dfa154a261…"
    assert risks == []


def test_two_unreadable_keys_are_not_the_same() -> None:
    says, risks = changed("s._domainkey.example.com", "v=DKIM1; p=!", "v=DKIM1; p=?")
    assert says == ["key: a key that receivers cannot read → a key that receivers cannot read"]
    assert risks == ["key"]


def test_a_revoked_key_and_one_of_an_unknown_type() -> None:
    says, risks = changed("s._domainkey.example.com", "v=DKIM1; k=dsa; p=QUJD", "v=DKIM1; p=")
    assert says == ["key: a key that receivers cannot read → a revoked key (empty p=)"]
    assert risks == ["key"]


def test_a_key_of_several_goes_by_its_name() -> None:
    one, other = f"v=DKIM1; p={golden.KEY}", "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

    def risk(owner: str, new: str) -> str:
        (found,) = review(read(preview(step("update", owner, txt(owner, one), txt(owner, new))))).risks
        return told(found.what)

    assert "the DKIM key of example.com will be replaced" in risk("elastx._domainkey.example.com", other)
    assert "the DKIM key of s1._domainkey.example.com will be replaced" in risk("s1._domainkey.example.com", other)
    assert "the DKIM key at s1._domainkey.example.com will be revoked" in risk("s1._domainkey.example.com", REVOKED)


def test_a_policy_that_receivers_ignore_is_shown_next_to_the_other() -> None:
    says, risks = changed("_dmarc.example.com", "v=DMARC1; p=reject; p=none", "v=DMARC1; p=reject")
    why = "which has the tag 'p' twice (RFC 6376 §3.2): receivers apply no DMARC"
    assert says == [f"today: v=DMARC1; p=reject; p=none, {why}", "then: v=DMARC1; p=reject"]
    assert risks == []


def test_a_long_value_is_cut() -> None:
    says, _ = meaning(step("create", "x", new=txt("_dmarc.example.com", f"v=DMARC1; p=none; x={'y' * 5000}")))
    assert len(says[0]) < 1000
    assert says[0].endswith("…")


def test_an_unreadable_spf_record_is_shown_without_comment() -> None:
    says, _ = meaning(step("create", "x", new=txt("example.com", "v=spf1 ip4:x -all")))
    assert says == ["v=spf1 ip4:x -all"]


def test_another_selector_removes_the_old_key() -> None:
    old, new = (txt(f"{selector}._domainkey.example.com", "v=DKIM1; p=") for selector in ("old", "new"))
    says, risks = meaning(step("replace", "x", old, new))
    assert "will move from old._domainkey.example.com to new._domainkey.example.com" in says
    assert "will be removed and published again: for a while it may be missing" in says
    assert risks == ["key"]


def test_a_removed_spf_removes_its_other_senders() -> None:
    """As in ``pulumi destroy`` of a domain whose SPF was adopted: the company then has none at all."""
    record = txt("example.com", f"{ELASTX} include:_spf.google.com ip4:192.0.2.1 ~all")
    found = review(read(preview(step("delete", "x", record))))
    others = "include:_spf.google.com, ip4:192.0.2.1"
    assert f"its other senders will be removed, too: {others}" in [
        told(one) for row in found.rows for one in row.meaning.says
    ]
    assert [told(line) for _, line in headlines(found)] == [
        f"the SPF at example.com with its other senders ({others}) will be removed"
    ]
    alone, _ = meaning(step("delete", "x", txt("example.com", f"{ELASTX} -all")))
    assert not any("other senders" in line for line in alone)


def test_a_record_that_changes_its_resource_is_neither_gained_nor_removed() -> None:
    record = txt("example.com", TOKEN)
    says, risks = meaning(step("create", "mail-new", new=record), step("delete", "mail-old", record))
    assert risks == []
    moved = [line for line in says if "will move" in line]
    assert [line.partition(":")[0] for line in moved] == [
        "the same record will move from the resource mail-old", "the same record will move to the resource mail-new",
    ]  # fmt: skip


def test_a_record_that_stays_in_dns_is_released() -> None:
    says, risks = meaning(step("delete", "x", txt("example.com", f"{ELASTX} -all"), retainOnDelete=True))
    assert "will leave the stack and stay in DNS, where nothing manages it (retainOnDelete)" in says
    assert risks == []


def test_an_imported_record_is_taken_over() -> None:
    says, _ = meaning(step("import", "x", new=txt("example.com", f"{ELASTX} -all")))
    assert "exists already, and will be taken over" in says


def test_a_ttl_and_a_comment_alone() -> None:
    old = {
        "name": "example.com",
        "type": "TXT",
        "content": f'"{ELASTX} -all"',
        "ttl": 300,
        "zoneId": "z",
        "comment": "a",
    }
    says, risks = meaning(step("update", "x", old, old | {"ttl": 1, "comment": "b"}, type_=CLOUDFLARE))
    assert says == ["TTL 300 s → automatic", "comment: a → b"]
    assert risks == []


def test_a_secret_value_is_reported_as_secret() -> None:
    says, _ = meaning(step("create", "mail-example.com-spf", new=txt("example.com", "[secret]")))
    assert says == ["its value is secret or not known yet, so the review cannot judge it"]


def test_a_zone_at_two_providers_shows_both_and_counts_a_risk_once() -> None:
    """Their resources may share a name, because their types differ."""
    cloudflare = {"name": "example.com", "type": "TXT", "content": f'"{TOKEN}"', "zoneId": "z", "ttl": 300}
    string = {"publisher": "route53", "zone": "Z1", "owner": "example.com", "value": TOKEN}
    steps = [
        step("create", "mail-example.com-challenge-1", new=cloudflare, type_=CLOUDFLARE),
        step("create", "mail-example.com-challenge-1", new=string, type_="pulumi-python:dynamic/rrset:TxtString"),
        step("create", "mail-example.se-spf", new=txt("example.se", f"{ELASTX} -all")),
    ]
    found = review(read(preview(*steps)))
    domains = {one.name: [row.meaning.record for row in one.rows] for one in found.domains}
    assert [told(one).rpartition(" ")[2] for one in domains["example.com"]] == ["(cloudflare)", "(route53)"]
    assert [told(one) for one in domains["example.se"]] == ["SPF (rfc2136)"]
    assert [risk.kind for risk in found.risks] == ["gained"]
    assert [row.change.again for row in found.rows] == ["", "", ""]
    (alone,) = review(read(preview(steps[0]))).rows
    assert "(" not in told(alone.meaning.record), "one publisher needs no name"
