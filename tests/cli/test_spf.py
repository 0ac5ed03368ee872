"""``elastx-mrs spf`` against a server on this machine; every number counted by hand from the records below."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from elastx_mrs import limits
from elastx_mrs.cli.main import main
from elastx_mrs.cli.spf import planned_record
from elastx_mrs.lab.session import open_lab
from elastx_mrs.receiver import relay
from elastx_mrs.receiver.spf_record import Found, parsed
from elastx_mrs.receiver.spf_tree import Tree
from elastx_mrs.service import ELASTX
from tests.lookup.fakes import Dns

RECORDS = {
    # 1 + 1 for the mx
    "good.example": ["TXT v=spf1 include:plain.example mx -all", "MX 10 mail.example"],
    "mail.example": ["A 192.0.2.25", "AAAA 2001:db8::25"],
    "plain.example": ["TXT v=spf1 ip4:198.51.100.0/24 -all"],
    "elastx.email": ["TXT v=spf1 ip4:192.0.2.0/24 include:plain.example -all"],
    "literal.example": ["TXT v=spf1 include:elastx.email -all"],
    "below.example": ["TXT v=spf1 include:literal.example -all"],
    "spelled.example": ["TXT v=spf1 include:ELASTX.email. -all"],
    "late.example": ["TXT v=spf1 include:elastx.email include:missing.example -all"],
    # 3 times 1 + 2
    "three.example": ["TXT v=spf1 include:two.example include:two.example include:two.example ~all"],
    "two.example": ["TXT v=spf1 include:plain.example a:mail.example -all"],
    "eleven.example": ["TXT v=spf1 include:three.example include:plain.example -all"],
    "broken.example": ["TXT v=spf1 a/33 moo -all"],
    "twice.example": ["TXT v=spf1 -all", "TXT v=spf1 mx -all"],
    "leads.example": ["TXT v=spf1 include:none.example -all"],
    "void.example": ["TXT v=spf1 a:n1.example a:n2.example a:n3.example -all"],
    "open.example": ["TXT v=spf1 +all"],
    "macro.example": ["TXT v=spf1 exists:%{i}.list.example -all"],
    "elsewhere.example": ["TXT v=spf1 include:unserved.invalid -all"],
    "redirected.example": [r"TXT v=spf1 exists:a\b.example redirect=plain.example"],
    "hostile.example": ["TXT v=spf1 a:\x1b[31mred\r\n\x07.example -all"],
    "_spf.plain.example": ["TXT v=spf1 -all"],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with open_lab(tmp_path_factory.mktemp("lab") / "zones", Dns(RECORDS).zones()) as lab:
        yield lab.address


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ELASTX_MRS_NAMESERVERS", raising=False)


def run(server: str, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["spf", *arguments, "--nameserver", server])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_tree_the_sums_and_nothing_else(server: str) -> None:
    result = run(server, "good.example")
    assert result.stdout.splitlines() == [
        "good.example  v=spf1 include:plain.example mx -all",
        "├─ include:plain.example  1  v=spf1 ip4:198.51.100.0/24 -all",
        "└─ mx  1",
        "lookups: 2 of 10, 8 left",
        "void lookups: 0 of 2 for mail over IPv4, 0 of 2 over IPv6",
        "receivers: valid, relay: warning",
        "warning: good.example: no record has include:elastx.email, and listed addresses do not count. "
        "Elastx may refuse mail from good.example: the application gets an SMTP error, at MAIL FROM, at RCPT TO or "
        "after DATA. Fix: write include:elastx.email, exactly like that, into the SPF record of good.example, or ask "
        "Elastx Support (support@elastx.se) whether it is needed",
    ]
    assert result.stderr == ""
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "receivers", "of_relay"),
    [
        (["literal.example"], "valid", "pass"),
        (["below.example"], "valid", "pass"),
        (["good.example", "--add", "include:elastx.email"], "valid", "pass"),
        (["spelled.example"], "valid", "warning"),
        (["late.example"], "wrong", "pass"),
        (["eleven.example"], "wrong", "warning"),
        (["none.example"], "wrong", "warning"),
        (["elsewhere.example"], "unreachable", "unchecked"),
    ],
)
def test_both_questions_are_answered(server: str, arguments: list[str], receivers: str, of_relay: str) -> None:
    result = run(server, *arguments)
    assert f"receivers: {receivers}, relay: {of_relay}" in result.stdout.splitlines()
    assert result.exit_code == {"valid": 0, "wrong": 1, "unreachable": 3}[receivers], "a warning does not fail"
    found = json.loads(run(server, *arguments, "--format", "json").stdout)
    judged = found.get("planned", found)
    assert (judged["receivers"], judged["relay"]["verdict"]) == (receivers, of_relay)
    assert ("effect" in judged["relay"]) == (of_relay != "pass")
    quiet = CliRunner().invoke(main, ["--quiet", "spf", *arguments, "--nameserver", server]).stdout
    assert ("may refuse mail" in quiet) == (of_relay in ("warning", "unchecked") and arguments != ["none.example"])


@pytest.mark.parametrize("name", ["_spf.plain.example", "elastx.email"])
def test_a_name_that_is_only_included_has_no_answers(server: str, name: str) -> None:
    assert "relay" not in run(server, name).stdout
    assert "relay" not in json.loads(run(server, name, "--format", "json").stdout)


def test_a_confirmed_rule_of_the_service_fails(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = replace(ELASTX, spf_rule="fault")
    monkeypatch.setattr(relay.include, "__defaults__", (strict, ""))
    result = run(server, "spelled.example")
    assert "receivers: valid, relay: wrong" in result.stdout
    assert "wrong: spelled.example: it is reached by include:ELASTX.email.: another spelling may not" in result.stdout
    assert result.exit_code == 1


def test_each_branch_has_its_count_and_no_branch_repeats(server: str) -> None:
    result = run(server, "three.example")
    assert result.stdout.splitlines()[1:7] == [
        "├─ include:two.example  3  v=spf1 include:plain.example a:mail.example -all",
        "│  ├─ include:plain.example  1  v=spf1 ip4:198.51.100.0/24 -all",
        "│  └─ a:mail.example  1",
        "├─ include:two.example  3  as above",
        "└─ include:two.example  3  as above",
        "lookups: 9 of 10, 1 left",
    ]
    assert result.exit_code == 0


def test_what_a_planned_change_would_cost(server: str) -> None:
    result = run(server, "good.example", "--add", "include:elastx.email", "--add", "ip4:192.0.2.1")
    planned = result.stdout.partition("planned:\n")[2].splitlines()
    assert planned[0] == "good.example  v=spf1 include:plain.example mx include:elastx.email ip4:192.0.2.1 -all"
    assert planned[-5:] == [
        "record: v=spf1 include:plain.example mx include:elastx.email ip4:192.0.2.1 -all",
        "include:elastx.email: +2",
        "ip4:192.0.2.1: +0",
        "lookups: 2 -> 4 of 10",
        "receivers: valid, relay: pass",
    ]
    assert result.exit_code == 0


def test_a_change_that_makes_an_eleventh_lookup_fails_before_it_is_made(server: str) -> None:
    result = run(server, "three.example", "--add", "include:elastx.email")
    assert "lookups: 9 -> 11 of 10" in result.stdout
    assert "permerror: three.example: takes 11 lookups" in result.stdout
    assert result.exit_code == 1


def test_an_existing_term_is_not_added_again(server: str) -> None:
    result = run(server, "good.example", "--add", "+MX")
    assert "mx: is already in the record, and adds no lookup" in result.stdout
    assert "lookups: 2 -> 2 of 10" in result.stdout


def test_a_plan_for_a_domain_without_a_record(server: str) -> None:
    result = run(server, "none.example", "--add", "include:elastx.email")
    assert "none.example  there is no such name" in result.stdout
    assert "record: v=spf1 include:elastx.email -all" in result.stdout
    assert "lookups: 0 -> 2 of 10" in result.stdout
    assert result.exit_code == 0


def test_nothing_is_added_to_a_broken_record(server: str) -> None:
    result = run(server, "broken.example", "--add", "mx")
    assert "planned: nothing can be added" in result.stdout
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("eleven.example", "permerror: eleven.example: takes 11 lookups, and receivers allow 10"),
        ("broken.example", "permerror: broken.example: its record has a syntax error at position 10"),
        ("twice.example", "permerror: twice.example: it has 2 SPF records"),
        ("none.example", "none: none.example: there is no such name"),
        ("mail.example", "none: mail.example: it has no TXT record"),
        ("leads.example", "permerror: leads.example > include:none.example: leads to none.example"),
        ("void.example", "voids: void.example: makes 3 lookups that find nothing"),
        ("open.example", "open: open.example: has +all"),
    ],
)
def test_a_problem_has_its_path_and_fails(server: str, domain: str, message: str) -> None:
    result = run(server, domain)
    assert message in result.stdout
    assert result.exit_code == 1


def test_a_term_that_depends_on_the_sender_is_not_an_error(server: str) -> None:
    result = run(server, "macro.example")
    assert "└─ exists:%{i}.list.example  1  (sender)" in result.stdout
    assert result.exit_code == 0


def test_a_failed_query_is_neither_right_nor_wrong(server: str) -> None:
    result = run(server, "elsewhere.example")
    assert "temperror: elsewhere.example > include:unserved.invalid: " in result.stdout
    assert "REFUSED" in result.stdout
    assert result.exit_code == 3


def test_a_missing_server_is_unreachable() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        held.close()
        result = run(f"127.0.0.1:{port}", "good.example", "--ip", "192.0.2.25")
    assert "temperror: good.example: could not be looked up" in result.stdout
    assert "192.0.2.25: temperror" in result.stdout
    assert result.exit_code == 3


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("192.0.2.25", "192.0.2.25: pass (good.example: mx)"),
        ("2001:db8::25", "2001:db8::25: pass (good.example: mx)"),
        ("::ffff:192.0.2.25", "192.0.2.25: pass (good.example: mx)"),
        ("203.0.113.1", "203.0.113.1: fail (good.example: -all)"),
    ],
)
def test_the_result_for_an_address(server: str, address: str, says: str) -> None:
    result = run(server, "good.example", "--ip", address)
    assert result.stdout.endswith(f"\n\n{says}\n")
    assert result.exit_code == 0


def test_an_address_is_checked_against_the_plan(server: str) -> None:
    arguments = ["good.example", "--ip", "192.0.2.77", "--ip", "203.0.113.1"]
    assert "192.0.2.77: fail" in run(server, *arguments).stdout
    result = run(server, *arguments, "--add", "include:elastx.email")
    assert "192.0.2.77: pass (good.example: include:elastx.email)" in result.stdout
    assert "203.0.113.1: fail" in result.stdout


def test_json_has_the_same_numbers(server: str) -> None:
    result = run(server, "three.example", "--format", "json", "--add", "include:elastx.email", "--ip", "203.0.113.1")
    found = json.loads(result.stdout)
    assert {key: found[key] for key in ("domain", "lookups", "left", "voids", "problems")} == {
        "domain": "three.example",
        "lookups": 9,
        "left": 1,
        "voids": {"ipv4": 0, "ipv6": 0},
        "problems": [],
    }
    assert [term["lookups"] for term in found["terms"]] == [3, 3, 3]
    assert ["terms" in term for term in found["terms"]] == [True, False, False]
    assert found["planned"]["lookups"] == 11
    assert found["planned"]["problems"][0]["kind"] == "permerror"
    assert found["checked"][0]["result"] == "permerror"
    assert result.exit_code == 1


@pytest.mark.parametrize("format_", ["text", "json"])
def test_nothing_from_dns_reaches_the_terminal_raw(server: str, format_: str) -> None:
    result = run(server, "hostile.example", "--format", format_)
    assert all(character.isprintable() or character == "\n" for character in result.stdout)
    assert r"\027[31mred\013\010\007.example" in result.stdout.replace("\\\\", "\\")
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["https://example.com/"], "DOMAIN 'https://example.com/': is a URL"),
        (["localhost"], "DOMAIN 'localhost': is a single label"),
        (["\x1b[31m.example"], "DOMAIN '<U+001B>[31m.example': "),
        (["good.example", "--add", "elastx.email"], "--add 'elastx.email': the term 'elastx.email' is not a mechanism"),
        (["good.example", "--add", "a/33"], "--add 'a/33': the term 'a/33' has the prefix length /33"),
        (["good.example", "--add", ""], "--add '': is not one term"),
        (["good.example", "--add", "mx a"], "--add 'mx a': is not one term"),
        (["good.example", "--add", "-all"], "--add '-all': is not a term that can come before all"),
        (
            ["good.example", "--add", "redirect=a.example"],
            "--add 'redirect=a.example': is not a term that can come before all",
        ),
        (["good.example", "--add", "a:\x1b[31m.example"], "--add 'a:<U+001B>[31m.example': "),
        (["good.example", "--ip", "192.0.2"], "--ip '192.0.2': is not an IP address"),
        (["good.example", "--ip", "fe80::1%\x1b"], "--ip 'fe80::1%<U+001B>': is not an IP address"),
        (["good.example", "--ip", "192.0.2.0/24"], "--ip '192.0.2.0/24': is not an IP address"),
        (["good.example", "--nameserver", "ns1.example.com"], "--nameserver: 'ns1.example.com' is not a server's"),
    ],
)
def test_bad_input_names_the_option(server: str, arguments: list[str], message: str) -> None:
    result = run(server, *arguments)
    assert message in result.stderr
    assert result.stdout == ""
    assert result.exit_code == 2
    assert all(character.isprintable() or character == "\n" for character in result.stderr)


def test_a_name_that_others_include_is_allowed(server: str) -> None:
    assert run(server, "_spf.PLAIN.example.").stdout.startswith("_spf.plain.example  v=spf1 -all")


def test_the_environment_names_servers_unless_the_option_does(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", server)
    assert CliRunner().invoke(main, ["spf", "good.example"]).exit_code == 0
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", "no server")
    assert CliRunner().invoke(main, ["spf", "good.example"]).exit_code == 2
    assert run(server, "good.example").exit_code == 0


def test_a_long_wait_is_announced_and_a_short_one_is_not(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(server, "good.example").stderr == ""
    monkeypatch.setattr(limits, "QUIET", 0.0)
    assert "still querying name servers" in run(server, "good.example").stderr


@pytest.mark.parametrize(
    ("published", "planned"),
    [
        ("v=spf1 -all", "v=spf1 mx a -all"),
        ("v=spf1 ip4:192.0.2.1/32  +a:x.example ~all e=f", "v=spf1 ip4:192.0.2.1/32 +a:x.example mx a ~all e=f"),
        ("v=spf1 include:x.example redirect=y.example", "v=spf1 include:x.example mx a redirect=y.example"),
        ("v=spf1 redirect=y.example", "v=spf1 mx a redirect=y.example"),
        ("v=spf1", "v=spf1 mx a"),
        ("v=spf1 a -all mx", "v=spf1 a mx -all mx"),
        (r"v=spf1 exists:a\b.example -all", r"v=spf1 exists:a\b.example mx a -all"),
    ],
)
def test_terms_are_added_before_all_and_the_rest_is_unchanged(published: str, planned: str) -> None:
    assert planned_record(Tree("example.com", parsed(published.encode("latin-1"))), ["mx", "a"]) == planned


def test_there_is_no_plan_after_a_failed_query() -> None:
    assert planned_record(Tree("example.com", Found("temperror")), ["mx"]) is None


def test_help_teaches_with_an_example() -> None:
    text = CliRunner().invoke(main, ["spf", "--help"]).stdout
    assert "elastx-mrs spf example.com --add include:elastx.email" in text
    assert "3 a server could not be queried" in " ".join(text.split())
