"""Pages, filters and order of the lab's Cloudflare API's lists, as the published API description says they are."""

from collections.abc import Iterator

import httpx
import pytest

from elastx_mrs.lab.cloudflare.zone import Account
from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.client import ZONES
from tests.lab.plans import ENTERPRISE
from tests.lab.wire import info, made, names, records, txt, wire

ACME, OTHER = Account("Acme"), Account("Other")
OURS = ("a.Example", "b.example", "c.test")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab that has records of every kind that filters tell apart, and 61 zones; no test changes it."""
    with open_lab(tmp_path_factory.mktemp("lists") / "lab", {"example.com": ZONES["example.com"]}) as lab:
        lab.cloudflare.api.limit.requests = 10**6
        lab.cloudflare.api.zone("example.com").book.plan = ENTERPRISE
        for name in OURS:
            lab.cloudflare.api.add_zone(name.lower(), ACME, status="pending" if name == "c.test" else "active")
        for number in range(57):
            lab.cloudflare.api.add_zone(f"z{number:02}.example", OTHER)
        with wire(lab) as http:
            for record in (
                txt('"v=spf1 Include:x -all"', "one.f.example.com", ttl=1000, comment="Stack A", tags=["owner:mail"]),
                txt('"v=DMARC1; p=none"', "two.f.example.com", ttl=300, tags=["owner:web", "old"]),
                txt('"other"', "f.one.example.com", ttl=60, comment="stack b"),
                {"type": "A", "name": "one.f.example.com", "content": "192.0.2.1", "proxied": True, "ttl": 1},
            ):
                made(http.post(records(lab), json=record))
        yield lab


@pytest.fixture(scope="module")
def http(full: Lab) -> Iterator[httpx.Client]:
    with wire(full) as client:
        yield client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "one.f.example.com"}, "1a"),
        ({"name.exact": "ONE.F.example.com"}, "1a"),
        ({"name.contains": "f.one"}, "3"),
        ({"name.startswith": "one."}, "1a"),
        ({"name.endswith": ".F.example.com"}, "12a"),
        ({"name.endswith": ".f.example.com", "type": "TXT"}, "12"),
        ({"content": '"OTHER"'}, "3"),
        ({"content.exact": "other"}, ""),
        ({"content.contains": "include:"}, "1"),
        ({"content.startswith": '"V='}, "12"),
        ({"content.endswith": 'none"'}, "2"),
        ({"comment": "stack a"}, "1"),
        ({"comment.exact": "Stack"}, ""),
        ({"comment.contains": "STACK"}, "13"),
        ({"comment.startswith": "stack"}, "13"),
        ({"comment.endswith": " b"}, "3"),
        ({"comment.present": "", "name.contains": "one"}, "13"),
        ({"comment.absent": "", "name.contains": ".f."}, "2a"),
        ({"proxied": "true"}, "a"),
        ({"proxied": "false", "name.contains": ".f."}, "12"),
        ({"match": "all", "comment.endswith": "a", "content.contains": "spf1"}, "1"),
        ({"match": "all", "comment.endswith": "b", "content.contains": "spf1"}, ""),
        ({"match": "any", "comment.endswith": "b", "content.contains": "spf1"}, "13"),
        ({"tag.present": "Owner"}, "12"),
        ({"tag.absent": "owner", "name.contains": "one."}, "3a"),
        ({"tag.exact": "owner:MAIL"}, "1"),
        ({"tag.startswith": "owner:w"}, "2"),
        ({"tag.endswith": "owner:il"}, "1"),
        ({"tag.contains": "owner:e"}, "2"),
        ({"tag.exact": "owner:mail", "tag.present": "old"}, ""),
        ({"tag.exact": "owner:mail", "tag.present": "old", "tag_match": "any"}, "12"),
        ({"search": "dmarc1"}, "2"),
        ({"name.equals": "one.f.example.com", "name.contains": ".f."}, "12a"),  # an operator that it does not have
    ],
    ids=str,
)
def test_filters_of_records(http: httpx.Client, full: Lab, query: dict[str, str], found: str) -> None:
    known = {'"v=spf1 Include:x -all"': "1", '"v=DMARC1; p=none"': "2", '"other"': "3", "192.0.2.1": "a"}
    answer = http.get(records(full), params=query)
    assert "".join(sorted(known.get(one["content"], "?") for one in answer.json()["result"])) == found
    assert info(answer)["total_count"] == len(found)


@pytest.mark.parametrize(
    ("order", "first", "last"),
    [("ttl", "192.0.2.1", '"v=spf1 Include:x -all"'), ("content", '"other"', "192.0.2.1"), ("type", "192.0.2.1", None)],
)
def test_records_are_ordered_by_a_field_either_way(
    http: httpx.Client, full: Lab, order: str, first: str, last: str | None
) -> None:
    query = {"name.contains": "f.", "order": order}
    contents = [
        [one["content"] for one in http.get(records(full), params=query | more).json()["result"]]
        for more in ({}, {"direction": "asc"}, {"direction": "desc"})
    ]
    assert contents[0] == contents[1]
    assert (contents[0][0], contents[2][-1]) == (first, first)
    if last is not None:
        assert (contents[0][-1], contents[2][0]) == (last, last)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "a.example"}, OURS[:1]),
        ({"name": "equal:A.example"}, OURS[:1]),
        ({"name": "a."}, ()),
        ({"name": "contains:EXAMPLE", "account.id": ACME.id}, OURS[:2]),
        ({"name": "contains_case_sensitive:EXAMPLE", "account.id": ACME.id}, ()),
        ({"name": "not_equal:a.example", "account.id": ACME.id}, OURS[1:]),
        ({"name": "starts_with:b."}, OURS[1:2]),
        ({"name": "ends_with:.test"}, OURS[2:]),
        ({"account.name": "starts_with:ac"}, OURS),
        ({"account.name": "starts_with_case_sensitive:ac"}, ()),
        ({"status": "pending"}, OURS[2:]),
        ({"status": "active", "account.name": "Acme"}, OURS[:2]),
        ({"match": "any", "status": "pending", "name": "a.example"}, (OURS[0], OURS[2])),
        ({"type": "full,partial", "account.id": ACME.id}, OURS),
        ({"type": "partial,secondary", "account.id": ACME.id}, ()),
    ],
    ids=str,
)
def test_filters_of_zones(http: httpx.Client, query: dict[str, str], found: tuple[str, ...]) -> None:
    answer = http.get("/zones", params=query)
    assert sorted(names(answer)) == [name.lower() for name in found]
    assert info(answer)["total_count"] == len(found)


def test_zones_are_ordered_by_name(http: httpx.Client) -> None:
    query = {"account.id": OTHER.id, "order": "name", "per_page": "50"}
    assert names(http.get("/zones", params=query)) == [f"z{number:02}.example" for number in range(50)]
    assert names(http.get("/zones", params=query | {"direction": "desc"}))[0] == "z56.example"


@pytest.mark.parametrize(
    ("query", "page", "per_page", "count"),
    [
        ({}, 1, 20, 20),
        ({"page": "4"}, 4, 20, 1),
        ({"page": "4.0"}, 4, 20, 1),
        ({"page": "5"}, 5, 20, 0),
        ({"page": "0"}, 1, 20, 20),
        ({"page": "x"}, 1, 20, 20),
        ({"per_page": "50", "page": "2"}, 2, 50, 11),
        ({"per_page": "1000"}, 1, 50, 50),
        ({"per_page": "1"}, 1, 5, 5),
    ],
    ids=str,
)  # the description: 20 by default, 5 to 50
def test_pages_of_zones(http: httpx.Client, query: dict[str, str], page: int, per_page: int, count: int) -> None:
    found = info(http.get("/zones", params=query))
    assert (found["page"], found["per_page"], found["count"], found["total_count"]) == (page, per_page, count, 61)
    assert found["total_pages"] == -(-61 // per_page)


def test_the_pages_together_have_every_zone_once(http: httpx.Client) -> None:
    seen = [name for page in range(1, 6) for name in names(http.get("/zones", params={"page": page}))]
    assert len(seen) == len(set(seen)) == 61


def test_records_are_100_on_a_page_and_any_number_on_demand(tmp_path_factory: pytest.TempPathFactory) -> None:
    many = ZONES["example.com"] + "".join(f'm{number} TXT "{number}"\n' for number in range(205))
    with open_lab(tmp_path_factory.mktemp("many") / "lab", {"example.com": many}) as lab, wire(lab) as http:
        ours = {"name.startswith": "m"}
        pages = [info(http.get(records(lab), params=ours | {"page": str(page)})) for page in (1, 3, 4)]
        assert [(one["count"], one["total_pages"], one["per_page"]) for one in pages] == [
            (100, 3, 100),
            (5, 3, 100),
            (0, 3, 100),
        ]
        assert info(http.get(records(lab), params=ours | {"per_page": "5000"}))["count"] == 205
        none = info(http.get(records(lab), params={"name": "nowhere.example.com"}))
        assert (none["count"], none["total_count"], none["total_pages"]) == (0, 0, 1)  # acme.sh's issue 3074 shows one
