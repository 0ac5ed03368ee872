"""Notices that a config acknowledges: by the stack, by a domain, never a warning; and unknown names."""

from typing import Any

import pytest

from elastx_mrs import notices
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import ConfigError, parse_stack
from elastx_mrs.config.remarks import Said, acknowledged, remarks
from elastx_mrs.records import Remark
from tests import golden

SE, COM = "example.se", "example.com"


def config(**values: Any) -> Arguments:
    given: dict[str, Any] = {
        "accounts": ["a@b.se"],
        "dkim": golden.DKIM,
        "dmarc": "v=DMARC1; p=reject",
        "domains": [COM, SE],
        "rfc2136": {"zones": [COM, SE]},
    }
    return parse_stack({f"elastx-mrs:{key}": value for key, value in (given | values).items()})


def names(arguments: Arguments) -> list[str]:
    return [one.remark.notice.name if one.remark.notice else one.remark.level for one in remarks(arguments)]


def domain(name: str, *known: str) -> dict[str, Any]:
    return {"name": name, "acknowledged": list(known)}


def test_a_notice_ends_in_its_name() -> None:
    texts = [str(one) for one in remarks(config())]
    assert [text.rpartition(" ")[2] for text in texts] == ["[no-rua]", "[one-key]"]


def test_the_stack_acknowledges_for_all_domains() -> None:
    found = config(acknowledged=["one-key", "no-rua"])
    assert remarks(found) == []
    assert acknowledged(found) == {"one-key": "dkim", "no-rua": "dmarc"}


@pytest.mark.parametrize(
    ("domains", "left"),
    [
        ([domain(COM, "no-rua"), SE], ["no-rua", "one-key"]),
        ([domain(COM, "no-rua"), domain(SE, "no-rua")], ["one-key"]),
        ([domain(COM, "one-key"), domain(SE, "one-key", "no-rua")], ["no-rua"]),
    ],
)
def test_a_notice_about_several_domains_needs_each_of_them(domains: list[Any], left: list[str]) -> None:
    assert names(config(domains=domains)) == left


def test_a_notice_about_no_domain_is_the_stack_s(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said("dmarc", Remark("says something", notices.NOTICES[0]))
    monkeypatch.setattr("elastx_mrs.config.remarks._all", lambda _: [said])
    assert remarks(config(domains=[domain(COM, notices.NOTICES[0].name)])) == [said]
    assert remarks(config(acknowledged=[notices.NOTICES[0].name])) == []


def test_a_domain_acknowledges_its_own_notices() -> None:
    own = {**domain(COM, "p-none"), "dmarc": "v=DMARC1; p=none; rua=mailto:d@example.com"}
    found = config(domains=[own, {**own, "name": SE, "acknowledged": []}], acknowledged=["one-key"])
    assert [str(one).partition(":")[0] for one in remarks(found)] == ["domains[1].dmarc"]
    assert acknowledged(found) == {"one-key": "dkim", "p-none": "domains[0].dmarc"}


def test_a_warning_stays_whatever_is_acknowledged() -> None:
    everything = [one.name for one in notices.NOTICES]
    found = config(acknowledged=everything, spf="v=spf1 ptr -all", dmarc="v=DMARC1; p=none; t=y")
    assert set(names(found)) == {"warning"}
    assert len(remarks(found)) == 2


def faults(**values: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config(**values)
    return [str(fault) for fault in caught.value.faults]


def test_an_unknown_name_is_an_error() -> None:
    assert faults(acknowledged=["no-rua", "one-kye"]) == [
        "acknowledged[1]: is 'one-kye', which is not a notice; did you mean one-key?"
    ]
    (said,) = faults(domains=[COM, domain(SE, "zzz")])
    assert said.startswith("domains[1].acknowledged[0]: is 'zzz', which is not a notice; the notices are one-key, ")
    assert said.endswith(notices.NOTICES[-1].name)


@pytest.mark.parametrize("name", ["x" * 1_000_000, "", "one-key\n", "\u202eone-key", "[one-key]"])
def test_an_odd_name_is_one_short_line(name: str) -> None:
    (said,) = faults(acknowledged=[name])
    assert said.isprintable()
    assert len(said) < 500


def test_a_list_is_wanted() -> None:
    assert faults(acknowledged="one-key") == ["acknowledged: is a string; write a list, such as ['one-key']"]


def test_a_retired_name_stays_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "RETIRED", {"old-name": "no longer found"})
    assert names(config(acknowledged=["old-name"])) == ["no-rua", "one-key"]
