"""What of a zone is whose: the records that an import takes over, what that changes, and what it must not take."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.adopt.plan import Found, Plan, Zone, import_file, plan
from elastx_mrs.adopt.state import State
from elastx_mrs.identity import CLOUDFLARE_TYPE, COMPONENT_TYPE
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.text import presentation
from tests import golden
from tests.records.foreign import NOT_OURS

APEX = "example.com"
SPF = TxtRecord(APEX, "spf", APEX, golden.SPF)
DMARC = TxtRecord(APEX, "dmarc", f"_dmarc.{APEX}", "v=DMARC1; p=quarantine;")
DKIM = TxtRecord(APEX, "dkim", f"elastx._domainkey.{APEX}", golden.DKIM)
CHALLENGE = TxtRecord(APEX, "challenge", APEX, golden.TOKEN)
REPORT = TxtRecord(APEX, "report", f"example.se._report._dmarc.{APEX}", "v=DMARC1;")
OTHER_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def txt(name: str, content: str, ttl: int = 1800, id: str = "r1", comment: str = "") -> Found:
    return Found(id, name, "TXT", content, ttl, comment)


def planned(record: TxtRecord, *found: Found, state: State | None = None, comment: str | None = None) -> Plan:
    return plan([record], {APEX: Zone.of("z", APEX, found)}, "mail", state or State(), comment)


@pytest.mark.parametrize("record", [SPF, DMARC, DKIM, CHALLENGE, REPORT], ids=lambda record: record.kind)
def test_an_identical_record_is_imported_and_stays(record: TxtRecord) -> None:
    elsewhere = txt(f"other.{APEX}", presentation(record.value), id="r2")
    made = planned(record, txt(record.name, presentation(record.value)), elsewhere)
    assert [(one.name, one.id) for one in made.imports] == [(f"mail-{APEX}-{record.suffix}", "z/r1")]
    assert (made.changes, made.lost, made.faults, made.absent) == ([], [], [], 0)


@pytest.mark.parametrize("record", [SPF, DMARC, DKIM, CHALLENGE, REPORT], ids=lambda record: record.kind)
def test_what_is_not_there_is_created(record: TxtRecord) -> None:
    others = [txt(APEX, '"google-site-verification=abc"'), txt(APEX, '"elastx-mrs=00"'), txt(APEX, '"v=spf10 -all"')]
    made = planned(record, *others, Found("r9", record.name, "MX", "mail.example.com"))
    assert (made.imports, made.absent) == ([], 1)


@pytest.mark.parametrize(
    ("record", "content", "change"),
    [
        (SPF, '"v=SPF1 include:elastx.email a ~all"', "'v=SPF1 include:elastx.email a ~all' becomes 'v=spf1 incl"),
        (
            SPF,
            "v=spf1 include:elastx.email -all",
            "is put in quotes, as Cloudflare requires; its value in DNS stays the same",
        ),
        (DMARC, '"V = DMARC1; p=none"', "'V = DMARC1; p=none' becomes 'v=DMARC1; p=quarantine;'"),
        (DMARC, r'"v=DMARC1; p=none; x=\027[31m\""', r"""x=\027[31m"' becomes"""),
        (REPORT, '"v=DMARC1; rua=mailto:a@example.com"', "'v=DMARC1; rua=mailto:a@example.com' becomes 'v=DMARC1;'"),
    ],
)
def test_what_the_next_up_changes_is_said(record: TxtRecord, content: str, change: str) -> None:
    made = planned(record, txt(record.name, content))
    assert len(made.imports) == 1
    assert change in made.changes[0]
    assert made.changes[0].isprintable()


@pytest.mark.parametrize(
    ("ttl", "config", "comment", "change"),
    [
        (300, None, "", "TTL 300 becomes 1800"),
        (1, None, "", "TTL automatic becomes 1800"),
        (1800, None, "by hand\u202e", "comment 'by hand<U+202E>' becomes none"),
        (1800, "of {project}/{stack}", "", "no comment becomes the one of cloudflare.comment"),
        (1800, "of {project}/{stack}", "of mail/prod", ""),
        (1800, "{component}.", "mailx", "comment 'mailx' becomes the one of cloudflare.comment"),
        (1800, "{component}.", "mail.", ""),
    ],
)
def test_ttl_and_comment_change_too(ttl: int, config: str | None, comment: str, change: str) -> None:
    found = txt(APEX, presentation(CHALLENGE.value), ttl, comment=comment)
    (said,) = planned(CHALLENGE, found, comment=config).changes or [""]
    assert said == (f"{APEX} challenge {golden.TOKEN[:23]}… {change}" if change else "")


@pytest.mark.parametrize(
    ("record", "content", "lost"),
    [
        (
            SPF,
            '"v=spf1 ip4:192.0.2.1 INCLUDE:_spf.google.com -all"',
            "loses ip4:192.0.2.1 include:_spf.google.com, and",
        ),
        (SPF, '"v=spf1 inc:oops include:elastx.email ~all"', "loses inc:oops, and"),
        (SPF, '"v=spf1 redirect=_spf.example.net"', "loses redirect=_spf.example.net, and"),
        (DKIM, f'"{OTHER_KEY}"', "is a different key, and mail signed with it fails"),
        (DKIM, '"v=DKIM1; p=damaged!"', "is a different key"),
        (DMARC, '"v=DMARC1; p=quarantine; sp=reject"', "DMARC becomes weaker"),
        (DMARC, '"v=DMARC1; p=reject"', "DMARC becomes weaker"),
    ],
)
def test_what_somebody_loses_is_said(record: TxtRecord, content: str, lost: str) -> None:
    made = planned(record, txt(record.name, content))
    assert len(made.imports) == 1
    assert lost in made.lost[0]


@pytest.mark.parametrize(
    ("record", "content"),
    [
        (SPF, '"v=spf1 include:elastx.email ~all"'),
        (DKIM, f'"k=rsa; p={golden.KEY[:200]}" "{golden.KEY[200:]}"'),
        (DMARC, '"v=DMARC1; p=none"'),
        (DMARC, '"v=DMARC1; p=reject; t=y; rua=mailto:a@example.com"'),
    ],
)
def test_what_nobody_loses_by_is_only_a_change(record: TxtRecord, content: str) -> None:
    made = planned(record, txt(record.name, content))
    assert made.changes
    assert made.lost == []


@pytest.mark.parametrize(
    ("record", "contents", "fault"),
    [
        (
            SPF,
            [golden.SPF, "v=spf1 a -all"],
            f"has 2 SPF records: '{golden.SPF}' and 'v=spf1 a -all'; that is permerror",
        ),
        (DMARC, ["v=DMARC1; p=none", "v=DMARC1; p=reject", "other"], "has 2 DMARC records: "),
        (DKIM, [golden.DKIM, "other"], "has 2 TXT records: "),
        (REPORT, ["v=DMARC1", "v=DMARC1;"], "has 2 DMARC records: "),
        (CHALLENGE, [golden.TOKEN, golden.TOKEN], "has 2 identical challenges; remove all but one of them, and run"),
    ],
)
def test_of_several_none_is_chosen(record: TxtRecord, contents: list[str], fault: str) -> None:
    found = [txt(record.name, presentation(content), id=f"r{n}") for n, content in enumerate(contents)]
    made = planned(record, *found)
    assert made.imports == []
    assert fault in made.faults[0]
    assert made.faults[0].startswith(f"{record.name} has ")
    assert golden.TOKEN not in made.faults[0]


@pytest.mark.parametrize("record", [SPF, DMARC, DKIM, REPORT], ids=lambda record: record.kind)
@given(data=st.data())
def test_no_foreign_string_is_ever_imported(record: TxtRecord, data: st.DataObject) -> None:
    foreign = data.draw(NOT_OURS[record.kind])
    assert planned(record, txt(record.name, presentation(foreign))).imports == []


def test_a_foreign_string_where_a_key_is_to_be_is_not_imported() -> None:
    made = planned(DKIM, txt(DKIM.name, '"v=DKIM1-validator=1234567890"'))
    assert (made.imports, made.absent) == ([], 0)
    assert "has the TXT 'v=DKIM1-validator=1234567890', which is not a DKIM key" in made.faults[0]


def test_a_cname_in_the_way() -> None:
    made = planned(DMARC, Found("r1", DMARC.name, "CNAME", "dmarc.example.net"))
    assert f"{DMARC.name} is a CNAME to dmarc.example.net, so it can have no TXT" in made.faults[0]
    flattened = planned(SPF, Found("r1", APEX, "CNAME", "web.example.net"))
    assert (flattened.faults, flattened.absent) == ([], 1)


@pytest.mark.parametrize(("names", "apex"), [([], True), ([f"www.{APEX}"], True), (["example.org", "www.org"], False)])
def test_of_a_zone_known_by_its_id_alone_the_apex_is_what_all_is_below(names: list[str], apex: bool) -> None:
    found = [Found("r1", APEX, "CNAME", "web.example.net"), *(txt(name, '"x"', id=name) for name in names)]
    made = plan([SPF], {APEX: Zone.of("z", "", found)}, "mail", State(), None)
    assert (made.faults == []) == apex


def test_what_is_in_the_state_is_left_out() -> None:
    found = txt(APEX, '"v=spf1 -all"')
    made = planned(
        SPF, found, state=State("urn", owners={"r1": f"mail-{APEX}-spf"}, imported=frozenset({f"mail-{APEX}-spf"}))
    )
    assert (made.imports, made.changes, made.known) == ([], [], 1)
    own = planned(SPF, found, state=State("urn", frozenset(), {"r1": "spf-by-hand"}))
    assert own.imports == []
    assert f"is already in this stack, as the resource spf-by-hand: give mail-{APEX}-spf an alias" in own.faults[0]


def test_a_domain_whose_zone_could_not_be_read_is_passed_over() -> None:
    assert plan([SPF], {}, "mail", State(), None) == Plan()


def test_the_file() -> None:
    made = planned(SPF, txt(APEX, presentation(golden.SPF)))
    record = {"type": CLOUDFLARE_TYPE, "name": f"mail-{APEX}-spf", "id": "z/r1", "parent": "mail"}
    component = {"type": COMPONENT_TYPE, "name": "mail", "component": True}
    assert import_file(made, "mail", State(), None, "6.1.0") == {
        "resources": [component, record | {"version": "6.1.0"}]
    }
    assert import_file(made, "mail", State(), ("dns", "urn:p"), "6.1.0") == {
        "nameTable": {"dns": "urn:p"},
        "resources": [component, record | {"provider": "dns"}],
    }
    for provider in (("mail", "urn:p"), None):
        assert import_file(made, "mail", State("urn:c", provider="urn:p"), provider, None) == {
            "nameTable": {"mail": "urn:c", "mail-provider": "urn:p"},
            "resources": [record | {"provider": "mail-provider"}],
        }


def test_content_that_is_no_content() -> None:
    assert planned(DMARC, txt(DMARC.name, '"v=DMARC1; p=none')).absent == 1, "its quote is never closed"
    (change,) = planned(DMARC, txt(DMARC.name, "v=DMARC1; \ud800")).changes
    assert re.search(r"'v=DMARC1; \\+ud800' becomes", change)
