"""The two questions about a domain, against BIND and Knot: will receivers accept its mail, and will the relay?"""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import click
import dns.message
import dns.query
import pytest

from elastx_mrs.cli.views.verify import FORMATS
from elastx_mrs.config.dkim import SAMPLE_KEY
from elastx_mrs.receiver import relay
from elastx_mrs.service import ELASTX, Service
from elastx_mrs.verify import report
from elastx_mrs.verify.answers import answers_of
from elastx_mrs.verify.expected import Key
from elastx_mrs.verify.wait import Job
from tests.lookup.nets import net
from tests.verify.scene import DAEMONS, ONE, TOKEN, declared, looked_at, who

pytestmark = pytest.mark.xdist_group("verify-net")

CHALLENGE = f"challenge-{TOKEN.partition('=')[2][:12]}"
FAULT = replace(ELASTX, spf_rule="fault")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with net(tmp_path_factory.mktemp("net"), DAEMONS) as common:
        yield common


def verify(port: int, domain: str, service: Service = ELASTX, **kinds: str) -> Job:
    expected = replace(declared(domain, **kinds), service=service)
    return asyncio.run(looked_at(expected, who(port)))


def answers(job: Job) -> tuple[str, str]:
    return tuple(answers_of(job))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("domain", "receivers", "of_relay", "check", "seen"),
    [
        ("good.com", "pass", "pass", "", ""),
        ("one-down.com", "pass", "pass", "", ""),
        # These pass at receivers, and not at the relay.
        ("own-ip.com", "pass", "warning", "spf-relay", "no record has include:elastx.email"),
        ("two-down.com", "pass", "warning", "spf-relay", "2 includes lead there, and the rule allows 1"),
        ("redirected.com", "pass", "warning", "spf-relay", "redirect=good.com > include:elastx.email"),
        ("spelled.com", "pass", "warning", "spf-relay", "include:ELASTX.email.: another spelling may not count"),
        ("unproved.com", "pass", "absent", CHALLENGE, "none among its TXT records"),
        ("large-typo.com", "pass", "wrong", CHALLENGE, "ELASTX-MRS="),
        # These pass at the relay, and not at receivers.
        ("late-all.com", "wrong", "pass", "spf-policy", "gets fail"),
        ("before.com", "wrong", "pass", "spf-policy", "mail from 203.0.113.64 gets fail"),
        ("third.com", "wrong", "pass", "spf-tree", "include:twospf.com"),
        ("nodmarc.com", "absent", "pass", "dmarc", "no such name"),
        ("twodmarc.com", "wrong", "pass", "dmarc", "p=none"),
        # A domain without a key passes at neither.
        ("nokey.com", "absent", "absent", "dkim", "no such name"),
        ("revoked.com", "wrong", "wrong", "dkim", "p="),
    ],
)
def test_each_question_has_its_own_answer(
    port: int, domain: str, receivers: str, of_relay: str, check: str, seen: str
) -> None:
    job = verify(port, domain, spf="" if domain != "unproved.com" else declared(domain).records[1].value)
    assert answers(job) == (receivers, of_relay), report.lines(job.outcomes.values())
    if check:
        (detail, *_) = job.outcomes[check].details
        assert seen in detail.seen
    assert bool(job.open()) == (not {receivers, of_relay} <= {"pass", "warning"})


def test_what_an_application_meets_is_said_for_each_row(port: int) -> None:
    (detail, *_) = verify(port, "unproved.com").outcomes[CHALLENGE].details
    assert detail.effect == f"Elastx refuses mail from unproved.com by this account: {relay.STAGE}"
    (detail, *_) = verify(port, "nokey.com").outcomes["dkim"].details
    assert detail.effect.startswith("Elastx rejects mail from domains without DKIM (announcement of 2025-01-08")
    (detail, *_) = verify(port, "nokey.com", dkim="").outcomes["dkim"].details
    assert "such as nokey.com" in detail.effect
    (detail, *_) = verify(port, "twokeys.com").outcomes["dkim"].details
    assert detail.effect, "receivers and the relay find no key"
    # With a usable key that is not the declared one, the domain has DKIM: only receivers refuse its signatures.
    job = verify(port, "good.com", dkim=SAMPLE_KEY)
    assert (answers(job), job.outcomes["dkim"].details[0].effect) == (("wrong", "pass"), "")
    (detail, *_) = verify(port, "twodmarc.com").outcomes["dmarc"].details
    assert detail.effect == ""


SERVICE_S, OWN = Key("elastx"), Key("s1", "dkim-s1")


@pytest.mark.parametrize(
    ("domain", "keys", "failing", "of_relay"),
    [
        ("own-key.com", [OWN], set(), "pass"),
        ("own-key.com", [SERVICE_S], {"dkim"}, "absent"),
        ("own-key.com", [SERVICE_S, OWN], {"dkim"}, "pass"),  # mail has a signature, so the relay takes it
        ("own-key.com", [replace(SERVICE_S, state="pending"), OWN], {"dkim"}, "pass"),
        ("good.com", [SERVICE_S, replace(OWN, state="pending")], {"dkim-s1"}, "pass"),
        ("good.com", [replace(SERVICE_S, state="retired"), OWN], {"dkim-s1"}, "absent"),
        ("nokey.com", [replace(SERVICE_S, state="retired"), OWN], {"dkim-s1"}, "absent"),
    ],
)
def test_the_relay_needs_a_key_with_which_mail_is_signed(
    port: int, domain: str, keys: list[Key], failing: set[str], of_relay: str
) -> None:
    expected = replace(declared(domain, dkim=""), keys=tuple(keys))
    job = asyncio.run(looked_at(expected, who(port)))
    assert {outcome.check for outcome in job.open()} == failing
    assert answers_of(job).relay == of_relay


def test_a_challenge_is_found_in_a_set_that_needs_tcp(port: int) -> None:
    query = dns.message.make_query("large.com", "TXT")
    assert dns.query.udp(query, ONE, port=port, timeout=5).flags & 0x0200, "truncated"
    job = verify(port, "large.com")
    assert answers(job) == ("pass", "pass")
    (detail, *_) = verify(port, "large-typo.com").outcomes[CHALLENGE].details
    assert (detail.verdict, "upper-case letters" in detail.cure) == ("wrong", True)
    assert "Elastx refuses mail from large-typo.com" in detail.effect


def test_one_word_of_the_service_makes_the_rule_a_fault(port: int) -> None:
    job = verify(port, "own-ip.com", FAULT, spf="")
    assert answers(job) == ("pass", "wrong")
    assert report.verdict(job) == "wrong"
    assert job.outcomes["spf-relay"].hopeless == "waiting does not change the SPF of own-ip.com"
    assert verify(port, "one-down.com", FAULT, spf="").open() == []


@pytest.fixture(scope="module")
def flat(port: int) -> Job:
    return verify(port, "own-ip.com", spf="")


def shown(format_: str, *jobs: Job) -> str:
    return FORMATS[format_](jobs, report.NOWHERE)


def test_a_warning_passes_and_is_told_in_the_text(port: int, flat: Job) -> None:
    first, second, third, *fields, last = click.unstyle(shown("text", verify(port, "good.com"), flat)).splitlines()
    assert first == "pass        good.com"
    assert second == "pass        own-ip.com (receivers: pass, relay: warning)"
    assert third == "warning     own-ip.com: spf-relay"
    expected, seen, effect, fix = fields[:4]
    assert expected.startswith("  expected  include:elastx.email, literally, in the SPF record of own-ip.com or of a")
    assert expected.endswith(f"({ELASTX.spf_source})")
    assert seen.startswith("  seen      no record has include:elastx.email")
    assert effect == f"  effect    Elastx may refuse mail from own-ip.com: {relay.STAGE}"
    assert fix.endswith("or ask Elastx Support (support@elastx.se) whether it is needed")
    assert last == "2 of 2 domains verified, 1 with a warning"


def test_json_has_both_answers(flat: Job) -> None:
    found: dict[str, Any] = json.loads(shown("json", flat))
    (domain,) = found["domains"]
    assert (found["verdict"], domain["verdict"]) == ("pass", "pass")
    assert (domain["receivers"], domain["relay"]) == ("pass", "warning")
    (check,) = [one for one in domain["checks"] if one["check"] == "spf-relay"]
    assert check["verdict"] == "warning"
    assert check["details"][0]["effect"].startswith("Elastx may refuse mail from own-ip.com")


def test_markdown_shows_a_warning_above_the_folded_notes(port: int, flat: Job) -> None:
    text = shown("markdown", verify(port, "good.com"), flat)
    assert "Verified: `good.com`\n" in text
    assert "Verified (receivers: pass, relay: warning): `own-ip.com`\n" in text
    assert text.index("- **warning**, `own-ip.com`: spf-relay: ") < text.index("<details>")
    assert "receivers: wrong, relay: pass\n" in shown("markdown", verify(port, "late-all.com", spf=""))


def test_github_gets_a_warning(flat: Job) -> None:
    *annotations, answers_, summary = shown("github", flat).splitlines()
    assert annotations[0].startswith("::warning title=own-ip.com%3A warning::spf-relay: no record has")
    assert answers_ == "own-ip.com: receivers: pass, relay: warning"
    assert summary == "1 of 1 domain verified, 1 with a warning"


def test_the_page_has_a_badge_for_each_question(port: int, flat: Job) -> None:
    text = shown("html", flat, verify(port, "nokey.com"))
    assert 'receivers <span class="badge pass">pass</span> relay <span class="badge warning">warning</span>' in text
    assert 'receivers <span class="badge absent">absent</span> relay <span class="badge absent">absent</span>' in text
    assert "<dt>effect</dt>" in text


def test_junit_passes_the_case_and_keeps_the_warning(flat: Job) -> None:
    root = ET.fromstring(shown("junit", flat))  # noqa: S314
    (case,) = [one for one in root.iter("testcase") if one.get("name") == "spf-relay"]
    assert [child.tag for child in case] == ["system-out"]
    assert (case[0].text or "").startswith("warning: spf-relay: no record has include:elastx.email")


def test_a_warning_of_several_domains_is_told_once(port: int, flat: Job) -> None:
    again = verify(port, "own-ip.com", spf="")
    again.expected = replace(again.expected, domain="also.com")
    again.outcomes = {
        name: replace(
            one,
            domain="also.com",
            details=tuple(
                replace(d, **{k: getattr(d, k).replace("own-ip.com", "also.com") for k in TEXTS}) for d in one.details
            ),
        )
        for name, one in again.outcomes.items()
    }
    (note,) = [one for one in report.notes([flat, again]) if one.kind == "warning"]
    assert note.domains == ("own-ip.com", "also.com")
    assert "mail from <domain>" in note.text


TEXTS = ("expected", "seen", "cure", "effect")
