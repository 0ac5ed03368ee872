"""The questions: each answer is checked by the config's own rules, and asked for again with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from elastx_mrs import registry
from elastx_mrs.scaffold import questions
from elastx_mrs.scaffold.answers import Answers, problems
from elastx_mrs.scaffold.questions import ask_settings, complete, missing, propose
from tests import golden
from tests.registry.test_registry import TOY
from tests.scaffold.plans import provider

CUT = [golden.DKIM[at : at + 120] for at in range(0, len(golden.DKIM), 120)]
STRINGS = " ".join(f'"{one}"' for one in CUT)
OWNER = "elastx._domainkey.example.com"
DIG = f"""
; <<>> DiG 9.18 <<>> TXT {OWNER}
;; global options: +cmd
;; Got answer:

;; QUESTION SECTION:
;{OWNER}. IN TXT

;; ANSWER SECTION:
{OWNER}. 1800 IN TXT {STRINGS}
"""
PASTED = {
    "the value": golden.DKIM,
    "the value between quotes": f'"{golden.DKIM}"',
    "the value between a shell's quotes": f"'{golden.DKIM}'",
    "several strings": STRINGS,
    "wrapped by a terminal": "\n".join(CUT),
    "a line of a zone file": f"{OWNER}. 1800 IN TXT {STRINGS}",
    "a zone file's brackets": "elastx._domainkey IN TXT (\n" + "\n".join(f'  "{one}"' for one in CUT) + "\n)",
    "escaped semicolons": golden.DKIM.replace(";", "\\;"),
    "a whole answer of dig": DIG.strip("\n"),
    "a short answer of dig": STRINGS,
    "an answer of host": f"{OWNER} descriptive text {STRINGS}",
    "lines of nsupdate": f"server 192.0.2.1\nupdate add {OWNER} 1800 TXT {STRINGS}\nsend",
    "blanks around it": f"   {golden.DKIM}  ",
    "a Windows line end": f"{golden.DKIM}\r",
}


@dataclass
class Script:
    """Answers from a list of lines, and keeps what is said and asked."""

    lines: list[str]
    said: list[str] = field(default_factory=list)
    forgotten: int = 0

    def say(self, text: str) -> None:
        self.said.append(text)

    def line(self, prompt: str) -> str:
        self.said.append(prompt)
        return self.lines.pop(0)

    def forget(self) -> None:
        self.forgotten += 1

    def reasons(self, typed: str) -> list[str]:
        return [one for one in self.said if f"'{typed}'" in one]


def asked(*lines: str, providers: Sequence[registry.Provider] | None = None) -> tuple[Answers, Script]:
    script, answers = Script(list(lines)), Answers()
    complete(answers, script, providers or registry.every())
    assert script.lines == []
    return answers, script


MAIL = ["example.com", "", "a@acme.example", "", golden.DKIM, ""]


def test_every_question_shows_an_example() -> None:
    for text in (questions.DOMAINS, questions.ACCOUNTS, questions.DKIM):
        assert ", such as " in text
    for one in registry.every():
        assert all(question.example for question in one.start.questions)


def test_valid_answers_are_accepted() -> None:
    answers, _ = asked(*MAIL, "cloudflare")
    assert (answers.domains, answers.accounts, answers.dkim) == (["example.com"], ["a@acme.example"], golden.DKIM)
    assert answers.provider is provider("cloudflare")


def test_a_list_has_one_or_several_names_a_line() -> None:
    answers, _ = asked("a.se, b.se c.se", "d.se", "", *MAIL[2:], "rfc2136")
    assert answers.domains == ["a.se", "b.se", "c.se", "d.se"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("localhost", "is a single label; write the whole name, such as example.com"),
        ("https://example.com", "is a URL"),
        ("exa mple.com", "is a single label"),
        ("*.example.com", "wildcard"),
        ("example.com.", ""),
    ],
)
def test_the_question_for_a_domain_repeats_with_the_reason(typed: str, reason: str) -> None:
    _, script = asked(typed, "good.com", "", *MAIL[2:], "cloudflare")
    assert not reason or any(reason in one for one in script.said)


def test_only_the_wrong_names_of_a_line_are_refused() -> None:
    answers, script = asked("a.se,localhost,b.se,a.se", "", *MAIL[2:], "cloudflare")
    assert answers.domains == ["a.se", "b.se"]
    assert any("is a single label" in one for one in script.reasons("localhost"))
    assert any("the same domain" in one for one in script.said)


@pytest.mark.parametrize("key", [golden.DKIM, f'"{CUT[0]}"', golden.DKIM.partition("; ")[2], f"{OWNER}. TXT {STRINGS}"])
def test_a_key_pasted_as_a_domain_or_an_account_gets_one_message(key: str) -> None:
    answers, script = asked(key, *MAIL[:2], key, *MAIL[2:], "cloudflare")
    assert (answers.domains, answers.accounts) == (["example.com"], ["a@acme.example"])
    begin = "This looks like a DKIM key, which a later question asks for. "
    assert [one for one in script.said if "DKIM key" in one and one not in (questions.DKIM, "DKIM key: ")] == [
        f"{begin}Write one such as example.com.",
        f"{begin}Write one such as smtp-prod@acme.example.",
    ]
    assert not any(word in one for one in script.said for word in ("URL", "single label", golden.DKIM[30:60]))
    assert script.forgotten == 3


def test_an_empty_list_is_refused() -> None:
    _, script = asked("", *MAIL, "cloudflare")
    assert "At least one is needed. Write one such as example.com." in script.said


def test_an_internationalized_domain_is_shown_as_a_labels() -> None:
    _, script = asked("bücher.example", "", *MAIL[2:], "cloudflare")
    assert "'bücher.example' is xn--bcher-kva.example in DNS." in script.said


def test_an_account_that_looks_like_another_gives_a_warning() -> None:
    answers, script = asked(*MAIL[:2], "a@acme.example", "A@acme.example", "", *MAIL[4:], "cloudflare")
    assert answers.accounts == ["a@acme.example", "A@acme.example"]
    assert any(one.startswith("warning: accounts[1]: looks like accounts[0]") for one in script.said)


def test_thousands_of_names_are_pasted_in_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is checked once, with the one that it may be the same as."""
    checked: list[int] = []
    real = problems

    def counted(given: dict[str, list[str]], path: str) -> list[str]:
        checked.append(len(given["domains"]))
        return real(given, path)

    monkeypatch.setattr(questions, "problems", counted)
    taken: list[str] = []
    many = " ".join(f"d{number}.se" for number in range(50))
    script = Script([many, "D7.se xn--bcher-kva.se bücher.se", ""])
    questions._list(script, "Domain", "domains", taken)
    assert (len(taken), max(checked), len(checked)) == (51, 2, 53)
    assert [one for one in script.said if "same domain" in one] == [
        "'D7.se' is the same domain as 'd7.se'; list it once",
        "'bücher.se' is the same domain as 'xn--bcher-kva.se'; list it once",
    ]


def test_octets_that_are_not_utf_8_are_refused() -> None:
    _, script = asked("b\udcfccher.example", "good.com", "", "b\udcfc@acme.example", *MAIL[2:], "cloudflare")
    assert len([one for one in script.said if "\\252" in one]) == 2


def test_an_endless_paste_is_refused() -> None:
    """limits.PASTED."""
    line = "a" * 4000
    _, script = asked(*MAIL[:4], *[line] * 18, *MAIL[4:], "cloudflare")
    assert any("has more than 64 KiB" in one for one in script.said)


@pytest.mark.parametrize("form", PASTED)
def test_a_key_is_accepted_in_every_pasted_form(form: str) -> None:
    answers, script = asked(*MAIL[:4], *PASTED[form].split("\n"), "", "cloudflare")
    assert answers.arguments().dkim[0].record == golden.DKIM
    assert script.forgotten == 1


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "The key is empty"),
        (CUT[0], "cut off"),
        ("v=spf1 -all", "is for another record"),
        ("-----BEGIN PRIVATE KEY-----", "private"),
        ("v=DKIM1; p=", "revoked"),
    ],
)
def test_a_wrong_key_is_refused(typed: str, reason: str) -> None:
    lines = [typed, ""] if typed else [""]
    answers, script = asked(*MAIL[:4], *lines, *MAIL[4:], "cloudflare")
    assert any(reason in one for one in script.said), script.said
    assert answers.dkim == golden.DKIM


def test_a_key_of_another_domain_gives_a_warning() -> None:
    _, script = asked(*MAIL[:4], f"elastx._domainkey.other.com. TXT {STRINGS}", "", "cloudflare")
    assert any(one.startswith("warning: the key ") and "other.com" in one for one in script.said)


def test_a_publisher_is_named() -> None:
    answers, script = asked(*MAIL, "", "cloudfare", "RFC2136 ")
    assert answers.provider is provider("rfc2136")
    known = "cloudflare, rfc2136, route53 or octodns"
    assert script.reasons("cloudfare") == [f"'cloudfare' is not a publisher; write {known}"]


def settings(
    name: str, *lines: str, zones: Sequence[str] = ("example.com",), **given: object
) -> tuple[dict[str, object], Script]:
    chosen, script = provider(name), Script(list(lines))
    answers = Answers(["example.com"], ["a@acme.example"], golden.DKIM, chosen, dict(given))
    ask_settings(answers, chosen, script, zones)
    assert script.lines == []
    return answers.settings, script


def test_an_empty_line_takes_the_proposal_or_leaves_out_the_setting() -> None:
    assert settings("rfc2136", "", "", "")[0] == {"zones": ["example.com"]}
    assert settings("cloudflare", "")[0] == {}


def test_settings_are_checked_by_the_provider_s_own_rules() -> None:
    found, script = settings("rfc2136", "other.se", "example.com, other.se", "dns://a", "ns1.example.com", "", zones=[])
    assert found == {"zones": ["example.com", "other.se"], "server": "ns1.example.com"}
    assert any("example.com is in none of rfc2136.zones (other.se)" in one for one in script.said)
    assert any("is not an address" in one for one in script.said if one.startswith("server: ")), script.said


def test_octodns_s_class_decides_what_else_is_asked_for() -> None:
    found, script = settings("octodns", "", "Hetzner", "octodns_hetzner.HetznerProvider", "token=abcdefgh", "")
    assert found == {"class": "octodns_hetzner.HetznerProvider"}
    assert "class: is needed; write one such as octodns_hetzner.HetznerProvider" in script.said
    assert any("'Hetzner' is not the path of a Python class" in one for one in script.said)
    assert any(one.startswith("keys: is a secret, and init writes none") for one in script.said)
    assert not any("abcdefgh" in one for one in script.said)
    found, _ = settings("octodns", "octodns_ovh.OvhProvider", "endpoint=ovh-ca", "")
    assert found["zones"] == ["example.com"]


def test_a_key_that_is_typed_for_its_name_is_not_repeated() -> None:
    secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA=="
    _, script = settings("rfc2136", "", "", secret, "mail-relay")
    assert not any(secret in one for one in script.said)


def test_a_given_setting_is_not_asked_for() -> None:
    assert settings("rfc2136", "", server="192.0.2.1", keyName="k")[0]["server"] == "192.0.2.1"


def test_required_settings_of_another_package_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOY))
    found, script = settings("toy", "", "example.se", "example.com")
    assert found == {"zone": "example.com"}
    assert any("is needed" in one for one in script.said)
    assert any("example.com is not in the toy's zone example.se" in one for one in script.said)
    chosen, answers = provider("toy"), Answers(provider=provider("toy"))
    propose(answers, chosen, ["example.com"])
    assert missing(answers)[-1] == "--setting zone=…"


def test_all_missing_options_are_named_at_once() -> None:
    assert missing(Answers()) == [
        "--domain example.com",
        "--account smtp-prod@acme.example",
        "--dkim 'v=DKIM1; p=…'",
        "--publisher NAME",
    ]
    assert missing(Answers(["a.se"], ["a@b.se"], golden.DKIM, provider("rfc2136"))) == []
