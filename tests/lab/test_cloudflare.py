"""Records in the lab's Cloudflare API, over HTTP through Cloudflare's own SDK, and the DNS that they are one with.

What is expected is what Cloudflare documents of its API (the SDK's docstrings say it), and what it was seen to do.
"""

from collections.abc import Iterator
from typing import Any

import cloudflare
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.lab.cloudflare.zone import Account
from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.records.text import presentation
from tests.lab.api import add, client, read, refused, zone
from tests.lab.client import ZONES, ask, strings

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=3900)


def test_a_record_is_served_as_soon_as_it_is_made_and_until_it_is_deleted(api: cloudflare.Cloudflare, lab: Lab) -> None:
    serial = strings(ask(lab, "example.com", "SOA"))
    made = add(api, lab, '"v=spf1 -all"', ttl=1)
    assert strings(ask(lab, "new.example.com")) == ['"v=spf1 -all"']
    assert ask(lab, "new.example.com").answer[0].ttl == 300, "automatic"
    assert strings(ask(lab, "example.com", "SOA")) != serial
    api.dns.records.update(made.id, zone_id=zone(lab), name="new.example.com", type="TXT", content='"b"', ttl=600)
    assert strings(ask(lab, "new.example.com")) == ['"b"']
    assert ask(lab, "new.example.com").answer[0].ttl == 600
    api.dns.records.delete(made.id, zone_id=zone(lab))
    assert ask(lab, "new.example.com").answer == []
    with pytest.raises(cloudflare.NotFoundError) as error:
        api.dns.records.get(made.id, zone_id=zone(lab))
    assert refused(error) == (404, 81044)


@given(value=PRINTABLE)
def test_quoted_pieces_of_255_come_back_as_they_are_and_one_long_string_cut(shared: Lab, value: str) -> None:
    with client(shared) as api:
        made = add(api, shared, presentation(value))
        try:
            assert read(api, shared, made.id).content == presentation(value)
            (served,) = ask(shared, "new.example.com").answer[0]
            assert b"".join(served.strings).decode() == value
        finally:
            api.dns.records.delete(made.id, zone_id=zone(shared))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("shared") / "lab", ZONES) as running:
        running.cloudflare.api.limit.requests = 10**6
        yield running


@pytest.mark.parametrize(
    ("given", "stored", "served"),
    [
        ('"' + "a" * 300 + '"', '"' + "a" * 255 + '" "' + "a" * 45 + '"', '"' + "a" * 255 + '" "' + "a" * 45 + '"'),
        ("v=spf1 -all", "v=spf1 -all", '"v=spf1 -all"'),
        ("a" * 300, "a" * 300, '"' + "a" * 255 + '" "' + "a" * 45 + '"'),
        (r'"a\"b\\c"', r'"a\"b\\c"', r'"a\"b\\c"'),
        ('"a"   "b"', '"a" "b"', '"a" "b"'),
    ],
    ids=["one long string", "unquoted", "long and unquoted", "escapes", "spaces between"],
)
def test_the_form_that_content_is_stored_and_served_in(
    api: cloudflare.Cloudflare, lab: Lab, given: str, stored: str, served: str
) -> None:
    assert add(api, lab, given).content == stored
    assert strings(ask(lab, "new.example.com")) == [served]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"ttl": 59}, 9021),
        ({"ttl": 86401}, 9021),
        ({"ttl": 0}, 9021),
        ({"comment": "x" * 101}, 9313),
        ({"tags": ["owner:mail"]}, 9300),
        ({"content": '"open'}, 9207),
        ({"content": '"tab\t"'}, 9051),
        ({"content": presentation("x" * 4096)}, 9015),
        ({"name": "a..example.com"}, 9000),
        ({"name": "alias.example.com"}, 81053),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cloudflare_refuses(api: cloudflare.Cloudflare, lab: Lab, record: dict[str, Any], code: int) -> None:
    fields = {"content": '"a"', "name": "new.example.com"} | record
    with pytest.raises(cloudflare.BadRequestError) as error:
        add(api, lab, fields.pop("content"), fields.pop("name"), **fields)
    assert refused(error) == (400, code)


def test_the_limits_themselves_are_allowed(api: cloudflare.Cloudflare, lab: Lab) -> None:
    allowed: list[dict[str, Any]] = [{"ttl": 60}, {"ttl": 86400}, {"ttl": 1}, {"comment": "x" * 100}]
    for number, more in enumerate(allowed):
        add(api, lab, '"a"', f"n{number}.example.com", **more)


def test_identical_records_are_refused_and_a_second_spf_is_not(api: cloudflare.Cloudflare, lab: Lab) -> None:
    add(api, lab, '"v=spf1 -all"')
    for again in ('"v=spf1 -all"', "v=spf1 -all"):
        with pytest.raises(cloudflare.BadRequestError) as error:
            add(api, lab, again)
        assert refused(error) == (400, 81058)
    add(api, lab, '"v=spf1 a -all"')
    assert strings(ask(lab, "new.example.com")) == ['"v=spf1 -all"', '"v=spf1 a -all"']


def test_a_name_and_type_has_room_for_8192_characters(api: cloudflare.Cloudflare, lab: Lab) -> None:
    piece = '"' + "x" * 76 + "{:02}" + '"'  # 80 characters, quotes included
    for number in range(99):
        add(api, lab, piece.format(number))
    add(api, lab, piece.format(99))
    add(api, lab, '"' + "y" * 90 + '"')  # 8,092
    with pytest.raises(cloudflare.BadRequestError) as error:
        add(api, lab, '"' + "z" * 99 + '"')
    assert refused(error) == (400, 83011)
    add(api, lab, '"' + "z" * 98 + '"')


def test_a_cname_at_the_apex_stands_beside_others_and_elsewhere_alone(api: cloudflare.Cloudflare, lab: Lab) -> None:
    add(api, lab, "shop.example.net", "example.com", type="CNAME")
    add(api, lab, '"beside it"', "example.com")
    assert '"beside it"' in strings(ask(lab, "example.com"))
    add(api, lab, "a.example.net", "new.example.com", type="CNAME")
    for name, kind, content in (
        ("ns1.example.com", "CNAME", "shop.example.net"),
        ("new.example.com", "CNAME", "b.example.net"),
        ("example.com", "CNAME", "b.example.net"),
        ("example.com", "A", "192.0.2.1"),
    ):
        with pytest.raises(cloudflare.BadRequestError) as error:
            add(api, lab, content, name, type=kind)
        assert refused(error) == (400, 81053)


def test_names_are_whole_lower_case_a_labels(api: cloudflare.Cloudflare, lab: Lab) -> None:
    for given_name, stored in (
        ("@", "example.com"), ("X.example.com", "x.example.com"), ("short", "short.example.com"),
        ("bücher.example.com", "xn--bcher-kva.example.com"), ("*.w", "*.w.example.com"),
    ):  # fmt: skip
        assert add(api, lab, '"n"', given_name).name == stored


def test_lists_have_pages_and_filters(api: cloudflare.Cloudflare, lab: Lab) -> None:
    for number in range(150):
        add(api, lab, f'"{number}"', f"n{number}.example.com", comment="ours")
    first = api.dns.records.list(zone_id=zone(lab), comment={"exact": "ours"})
    assert len(first.result) == 100
    assert len(list(first)) == 150
    assert [r.name for r in api.dns.records.list(zone_id=zone(lab), name={"exact": "n7.example.com"})] == [
        "n7.example.com"
    ]
    assert len(list(api.dns.records.list(zone_id=zone(lab), name={"startswith": "n14"}, type="TXT"))) == 11
    assert len(list(api.dns.records.list(zone_id=zone(lab), content={"contains": '"149"'}))) == 1
    other = Account("other")
    for number in range(30):
        lab.cloudflare.api.add_zone(f"z{number}.example", other)
    assert len(api.zones.list().result) == 20
    assert len(list(api.zones.list(account={"id": other.id}))) == 30
    assert [z.name for z in api.zones.list(name="z7.example")] == ["z7.example"]
