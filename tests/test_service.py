"""The relay service is one value: a made-up second service is declared, verified, reviewed and adopted from another.

No module is patched. That a service is named in ``elastx_mrs/service.py`` alone is checked in the source.
"""

import asyncio
import hashlib
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import elastx_mrs
from elastx_mrs.adopt import from_dns
from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import ConfigError, parse, parse_stack
from elastx_mrs.config.remarks import remarks
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Run, Vantage, Who
from elastx_mrs.message.chain import judge
from elastx_mrs.message.parse import read as read_message
from elastx_mrs.records import RecordError, TxtRecord, challenge, spf
from elastx_mrs.records.text import presentation
from elastx_mrs.review.meaning import Say
from elastx_mrs.review.preview import read
from elastx_mrs.review.report import headlines, review
from elastx_mrs.service import ELASTX, Service
from elastx_mrs.verify import plan, report
from elastx_mrs.verify.expected import from_domains
from elastx_mrs.verify.wait import Job, wait
from tests import golden
from tests.lookup.fakes import Dns
from tests.review.previews import preview, step, txt
from tests.servers import NameServer, start
from tests.servers.zones import HEAD

MAILHOP = Service(
    name="Mailhop",
    spf_host="_spf.mailhop.example",
    spf_levels=0,
    spf_rule="fault",
    spf_source="Mailhop's manual",
    challenge_prefix="mailhop-verify=",
    dkim_selector="mh",
    dkim_source="Mailhop's manual",
    smtp_host="submit.mailhop.example",
    smtp_port=2587,
    smtp_starttls=True,
    max_emails_per_second=50,
    support="Mailhop's help desk",
    support_address="help@mailhop.example",
    support_url="https://mailhop.example/help",
)
ACCOUNT = "user@domain.com"
DIGITS = golden.TOKEN.partition("=")[2]
"""Of that account, as the page of Elastx's own service has them."""

CHALLENGE = f"mailhop-verify={DIGITS}"
SPF = "v=spf1 include:_spf.mailhop.example ip4:198.51.100.0/24 ~all"
DMARC = "v=DMARC1; p=quarantine; adkim=r; aspf=r;"
STRANGER = f"mailhop-verify={'0' * 64}"
CONFIG: dict[str, Any] = {
    "accounts": [ACCOUNT],
    "dkim": f"mh._domainkey.example.com. 1800 IN TXT {presentation(golden.DKIM)}",
    "dmarc": DMARC,
    "spf": {"ip4": ["198.51.100.0/24"], "all": "softfail"},
    "domains": ["example.com"],
}
RECORDS = [
    TxtRecord("example.com", "challenge", "example.com", CHALLENGE),
    TxtRecord("example.com", "spf", "example.com", SPF),
    TxtRecord("example.com", "dkim", "mh._domainkey.example.com", golden.DKIM),
    TxtRecord("example.com", "dmarc", "_dmarc.example.com", DMARC),
]


def _zone(name: str, *records: tuple[str, str]) -> str:
    lines = [f"{owner}. TXT {presentation(value)}\n" for owner, value in records]
    return HEAD.format(name=name) + "".join(lines)


ZONES = {
    "example.com": _zone("example.com", *((one.name, one.value) for one in RECORDS)),
    "elsewhere.com": _zone("elsewhere.com", ("elsewhere.com", golden.SPF), ("elsewhere.com", STRANGER)),
    "bare.com": _zone("bare.com", ("bare.com", golden.TOKEN)),
    "mailhop.example": _zone("mailhop.example", ("_spf.mailhop.example", "v=spf1 ip4:203.0.113.0/24 -all")),
    "elastx.email": _zone("elastx.email", ("elastx.email", "v=spf1 ip4:192.0.2.0/24 -all")),
}


@pytest.fixture(scope="module", params=["bind", "lab"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with start(request.param, tmp_path_factory.mktemp(request.param), ZONES) as running:
        yield running


CHECKS = (f"challenge-{DIGITS[:12]}", "challenges", "spf", "dkim", "dmarc", "spf-policy", "spf-tree", "dmarc-policy")


def arguments(service: Service = MAILHOP, **more: Any) -> Arguments:
    return parse(CONFIG | more, camel_case=True, publisher=False, service=service)


def verified(server: NameServer, given: Arguments) -> list[Job]:
    """Return the finished jobs of all domains of a config."""
    jobs = plan.jobs(given, given.records(), run(server), [domain.name for domain in given.domains])
    asyncio.run(wait([_once(job) for job in jobs], lambda pending: None))
    return jobs


def _once(job: Job) -> Job:
    job.timeout = 0.0
    return job


def run(server: NameServer) -> Run:
    return Run.of({"ELASTX_MRS_NAMESERVERS": server.address})


def who(server: NameServer) -> Who:
    return plan.who(arguments().verification, run(server))


def said(job: Job) -> str:
    (text,) = report.messages([job])
    return text


def test_the_records_are_those_of_the_service() -> None:
    given = arguments()
    assert given.records() == RECORDS
    assert given.service.smtp == {"host": "submit.mailhop.example", "port": 2587, "starttls": True}


def test_a_stacks_config_is_read_for_the_service_too() -> None:
    values = {f"elastx-mrs:{key}": value for key, value in CONFIG.items()}
    assert parse_stack(values, publisher=False, service=MAILHOP).records() == RECORDS


def test_the_default_service_is_elastx() -> None:
    dkim = golden.DKIM
    given = parse(CONFIG | {"dkim": dkim, "spf": {}}, camel_case=True, publisher=False)
    values = {record.kind: (record.name, record.value) for record in given.records()}
    assert values["challenge"] == ("example.com", golden.TOKEN)
    assert values["spf"] == ("example.com", golden.SPF)
    assert values["dkim"] == ("elastx._domainkey.example.com", dkim)
    assert given.service.smtp == {"host": "smtp.elastx.email", "port": 587, "starttls": True}


def test_elastx_is_as_its_pages_describe_it() -> None:
    """Source: "Getting started" and "FAQ" of Elastx Mail Relay, and its page of January 2024."""
    assert ELASTX.include == "include:elastx.email"
    assert ELASTX.basic_spf == golden.SPF
    assert golden.TOKEN.startswith(ELASTX.challenge_prefix)
    assert ELASTX.dkim_selector == "elastx"
    assert ELASTX.max_emails_per_second == 10
    # Not confirmed by Elastx Support yet: see the value's sources.
    assert (ELASTX.spf_levels, ELASTX.spf_rule) == (1, "warning")
    assert ELASTX.support == "Elastx Support"


@pytest.mark.parametrize("key", ["service", "_service"])
def test_no_config_names_the_service(key: str) -> None:
    with pytest.raises(ConfigError, match="is not a key here"):
        parse_stack({f"elastx-mrs:{name}": value for name, value in (CONFIG | {key: "Mailhop"}).items()})
    with pytest.raises(ConfigError, match="is not a key here"):
        parse(CONFIG | {key: "Mailhop"}, camel_case=False, publisher=False)


def test_the_declared_records_verify_on_a_name_server(server: NameServer) -> None:
    (job,) = verified(server, arguments())
    assert report.failed([job]) == []
    assert [check for check in CHECKS if job.outcomes[check].verdict != "pass"] == []
    assert job.outcomes["spf-policy"].seen == f"'{SPF}' passes Mailhop's addresses"


def test_the_same_zone_does_not_verify_for_elastx(server: NameServer) -> None:
    (job,) = verified(server, arguments(ELASTX, dkim=golden.DKIM))
    failing = {outcome.check: outcome.verdict for outcome in job.open()}
    assert failing[f"challenge-{DIGITS[:12]}"] == "absent"
    assert failing["spf"] == "wrong"
    assert failing["dkim"] == "absent"
    assert "put include:elastx.email, without a qualifier" in said(job)


def test_a_domain_of_another_service_fails_and_the_messages_name_this_one(server: NameServer) -> None:
    (job,) = verified(server, arguments(domains=["elsewhere.com"], spf={"external": True}, dkim={"external": True}))
    text = said(job)
    assert (
        f"wrong: challenges at {server.address}: '{STRANGER}'; expected no mailhop-verify= string but the declared ones"
        in text
    )
    assert "exactly one SPF record that passes every address of Mailhop" in text
    assert "put include:_spf.mailhop.example, without a qualifier" in text
    assert "dkim (mh._domainkey.elsewhere.com)" in text
    assert "publish the DKIM key that Mailhop provides" in text
    assert "lastx" not in text.replace(golden.SPF, "")


def test_a_domain_alone_is_judged_for_the_service(server: NameServer) -> None:
    (expected,) = from_domains(["bare.com"], service=MAILHOP)
    job = Job(expected, who(server), 0.0)
    asyncio.run(wait([job], lambda pending: None))
    text = said(job)
    assert (
        f"absent: challenges at {server.address}: none among its TXT records; "
        "expected one mailhop-verify= string or more" in text
    )
    assert "publish it: v=spf1 include:_spf.mailhop.example -all" in text


def test_two_services_are_verified_in_one_run(server: NameServer) -> None:
    jobs = [Job(expected, who(server), 0.0) for expected in plan.expectations(arguments(), RECORDS)]
    jobs += [Job(one, who(server), 0.0) for one in from_domains(["example.com"], service=ELASTX)]
    asyncio.run(wait(jobs, lambda pending: None))
    assert [job.outcomes["spf-policy"].verdict for job in jobs] == ["pass", "wrong"]


def test_adopt_keeps_what_is_published_and_adds_the_service(server: NameServer) -> None:
    async def adopted() -> Adopted:
        ask = Vantage(who(server), Network()).ask
        return await from_dns.read(ask, "elsewhere.com", [MAILHOP.dkim_selector], MAILHOP)

    found = asyncio.run(adopted())
    assert found.config["spf"] == {"record": "v=spf1 include:_spf.mailhop.example include:elastx.email -all"}
    assert any(line.startswith(f"elsewhere.com has {STRANGER[:24]}…") for line in found.changes)


def shown(what: Say) -> str:
    return what.template.format(*what.values)


def test_a_review_names_the_service_and_its_accounts() -> None:
    steps = [
        step("create", f"mail-example.com-challenge-{DIGITS[:12]}", new=txt("example.com", CHALLENGE)),
        step("create", "mail-example.com-spf", new=txt("example.com", SPF)),
    ]
    found = review(read(preview(*steps, accounts=[ACCOUNT]), service=MAILHOP))
    assert [(kind, shown(what)) for kind, what in headlines(found)] == [
        ("gained", f"account {ACCOUNT} will be able to send as any address of example.com"),
        ("senders", "besides Mailhop, ip4:198.51.100.0/24 will be able to send as example.com"),
    ]


def test_a_review_shows_the_digits_of_an_account_that_nobody_named() -> None:
    made = step("create", f"mail-example.com-challenge-{DIGITS[:12]}", new=txt("example.com", CHALLENGE))
    (row,) = review(read(preview(made), service=MAILHOP)).rows
    assert row.change.kind == "challenge"
    assert shown(row.meaning.record) == f"account {DIGITS[:12]}…"
    assert shown(row.meaning.says[0]) == "will be able to send as any address of example.com"


def test_remarks_and_faults_name_the_service() -> None:
    given = arguments(domains=["example.com", "example.se"], spf="v=spf1 include:_spf.mailhop.exemple ~all")
    texts = [one.remark.text for one in remarks(given)]
    lookalike = "includes _spf.mailhop.exemple, which is not Mailhop's _spf.mailhop.example; is it misspelt?"
    assert lookalike in texts
    assert any("ask Mailhop for one key per domain" in text for text in texts)
    with pytest.raises(ConfigError, match="write the value that Mailhop provides as record"):
        arguments(dkim={})
    with pytest.raises(ConfigError, match=r"has a qualifier on include:_spf\.mailhop\.example; .*mail through Mailhop"):
        arguments(spf="v=spf1 ?include:_spf.mailhop.example ~all")
    with pytest.raises(ConfigError, match="begins with mailhop-verify="):
        arguments(dkim=CHALLENGE)


def test_known_challenges_are_those_of_the_service() -> None:
    (expected,) = plan.expectations(arguments(verification={"knownChallenges": [STRANGER]}), RECORDS)
    assert expected.known_challenges == {STRANGER}
    with pytest.raises(ConfigError, match="write mailhop-verify= and 64 hex digits"):
        arguments(verification={"knownChallenges": [golden.TOKEN]})


def test_a_message_that_fails_spf_is_told_of_the_service() -> None:
    octets = (
        b"Authentication-Results: mx.receiver.example; spf=fail smtp.mailfrom=news@example.com\r\n"
        b"From: news@example.com\r\nReturn-Path: <news@example.com>\r\n\r\nHello.\r\n"
    )
    dns = Dns({"_dmarc.example.com": [f"TXT {DMARC}"], "example.com": ["A 192.0.2.1"]})
    chain = asyncio.run(judge(dns.ask, read_message(octets), MAILHOP))
    assert "include:_spf.mailhop.example" in {one.name: one.cure for one in chain.findings}["SPF"]


def test_rules_take_the_service_and_default_to_elastx() -> None:
    digits = hashlib.sha256(b"user@domain.com").hexdigest()
    assert challenge.token(ACCOUNT, MAILHOP) == f"mailhop-verify={digits}"
    assert challenge.token(ACCOUNT) == golden.TOKEN
    assert challenge.is_challenge(golden.TOKEN.upper())
    assert not challenge.is_challenge(CHALLENGE)
    assert challenge.challenge("example.com", ACCOUNT, service=MAILHOP).suffix == f"challenge-{digits[:12]}"
    with pytest.raises(RecordError, match="twice"):
        spf.whole_record("v=spf1 include:_spf.mailhop.example include:_SPF.mailhop.example. -all", MAILHOP)


SERVICE = ("elastx.email", "elastx-mrs=", "Elastx")
"""What is the service's: its names in DNS and, in capitals, in messages."""

TYPES = ("elastx-mrs:index:", "pulumi-python:dynamic/", "cloudflare:index/dnsRecord:")

STATEMENT = (tokenize.ENCODING, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
"""The tokens before a statement: a string there is documentation."""


def literals(module: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module that are no docstrings, each with its line.

    Tokens are read, because ``ast.parse`` of Python 3.11 fails now and then beside Pulumi's threads (cpython#106905).
    """
    before = tokenize.ENCODING
    with module.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            name = tokenize.tok_name[token.type]
            if (name == "STRING" and before not in STATEMENT) or name == "FSTRING_MIDDLE":
                yield token.start[0], token.string
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                before = token.type


@pytest.mark.parametrize(("home", "texts"), [("service.py", SERVICE), ("identity.py", TYPES)])
def test_names_of_the_service_and_of_pulumi_are_written_in_one_module(home: str, texts: Sequence[str]) -> None:
    package = Path(elastx_mrs.__file__).parent
    found = {
        module.relative_to(package).as_posix(): f"line {line}: {text}"
        for module in sorted(package.rglob("*.py"))
        for line, text in literals(module)
        if any(one in text for one in texts)
    }
    assert list(found) == [home], found
