"""The cost of a record, with every number counted by hand by RFC 7208 §4.6.4."""

import asyncio
import time
from collections.abc import Sequence

import pytest

from elastx_mrs import limits
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.receiver.spf import check_host
from elastx_mrs.receiver.spf_tree import Problem, Tree, expand, number
from tests.lookup.fakes import Dns, Records, pyspf_query

NOBODY = "203.0.113.77"
"""An address that no record here matches."""

PLAIN = {
    "plain.example": ["TXT v=spf1 ip4:192.0.2.0/24 -all"],
    "one.example": ["TXT v=spf1 include:plain.example -all"],
    "on.example": ["TXT v=spf1 redirect=plain.example"],
}
"""The first costs nothing but the term that leads to it, the others one more."""


def tree(records: Records, domain: str = "example.com", record: str | None = None) -> Tree:
    return asyncio.run(expand(Dns(records).ask, domain, record))


def of(*terms: str, **others: Sequence[str]) -> dict[str, Sequence[str]]:
    return {"example.com": [f"TXT v=spf1 {' '.join(terms)}"], **PLAIN, **others}


def kinds(found: Tree) -> list[str]:
    return [problem.kind for problem in found.problems()]


def only(found: Tree) -> Problem:
    (problem,) = found.problems()
    return problem


def rest(count: int) -> list[str]:
    """Return terms that cost a lookup each and find something."""
    return ["include:plain.example"] * count


MAIL = {"mail.example": ["A 192.0.2.1", "AAAA 2001:db8::1"]}

COUNTS = [
    ("nothing looked up", of("ip4:192.0.2.1", "ip6:2001:db8::1", "-all"), 0),
    (
        "each kind once",
        of("include:plain.example", "a:mail.example", "mx:mail.example", "ptr", "-exists:mail.example"),
        5,
    ),
    ("exp= is not counted", of("include:plain.example", "-all", "exp=explain.example"), 1),
    ("unknown modifiers are not counted", of("a:mail.example", "moo=a:mail.example", "-all"), 1),
    ("?include: is counted", of("?include:plain.example", "-include:plain.example", "~include:plain.example"), 3),
    ("redirect= is counted", of("redirect=plain.example"), 1),
    ("redirect= written first is counted too", of("redirect=plain.example", "a:mail.example"), 2),
    ("redirect= beside all is not", of("redirect=plain.example", "a:mail.example", "-all"), 1),
    ("redirect= beside all is not, whatever the order", of("?all", "redirect=plain.example"), 0),
    ("what stands after all is not counted", of("a:mail.example", "-all", "mx:mail.example", "include:one.example"), 1),
    ("nested ones are counted", of("include:one.example", "-all"), 2),
    ("nested redirects are counted", of("redirect=on.example"), 2),
    ("a redirect below an include is counted", of("include:on.example"), 2),
    ("the same include twice is counted twice", of("include:one.example", "include:one.example"), 4),
    ("names are the same in any case", of("include:PLAIN.example", "include:plain.example."), 2),
    ("ten in a row", of(*rest(10), "-all"), 10),
    ("the eleventh in the last term", of(*rest(10), "redirect=plain.example"), 11),
    ("the eleventh below the last term", of(*rest(9), "include:one.example"), 11),
]


@pytest.mark.parametrize(("what", "records", "lookups"), COUNTS, ids=[row[0] for row in COUNTS])
def test_lookups_are_counted_as_the_standard_counts_them(what: str, records: Records, lookups: int) -> None:
    found = tree({**records, "mail.example": [*MAIL["mail.example"], "MX 10 mail.example"]})
    assert found.lookups == lookups
    refused = [problem for problem in found.problems() if problem.kind == "permerror"]
    assert bool(refused) == (lookups > 10)
    if refused:
        assert f"takes {lookups} lookups, and receivers allow 10" in refused[0].text


@pytest.mark.parametrize(("what", "records", "lookups"), COUNTS, ids=[row[0] for row in COUNTS])
def test_check_host_comes_to_the_same_count(what: str, records: Records, lookups: int) -> None:
    zone = Dns({**records, "mail.example": [*MAIL["mail.example"], "MX 10 mail.example"]})
    result = asyncio.run(check_host(zone.ask, NOBODY, "example.com"))
    assert result.lookups == lookups
    assert (result.result == "permerror") == (lookups > 10)


@pytest.mark.parametrize(("hosts", "permerror"), [(1, False), (10, False), (11, True)])
def test_an_mx_costs_one_lookup_however_many_hosts_and_eleven_hosts_are_permerror(hosts: int, permerror: bool) -> None:
    records = of("mx", "-all") | {f"mx{index}.example": ["A 192.0.2.1", "AAAA ::1"] for index in range(hosts)}
    records["example.com"] = [*records["example.com"], *(f"MX 10 mx{index}.example" for index in range(hosts))]
    found = tree(records)
    assert found.lookups == 1
    assert kinds(found) == (["permerror"] if permerror else [])
    if permerror:
        assert only(found).path == ("example.com", "mx")
        assert "leads to 11 MX hosts, and 10 are allowed" in only(found).text


def test_the_hosts_of_a_hostile_mx_are_not_asked_for() -> None:
    zone = Dns({"example.com": ["TXT v=spf1 mx -all", *(f"MX 10 mx{index}.example" for index in range(11))]})
    asyncio.run(expand(zone.ask, "example.com"))
    assert sorted(zone.asked) == [("example.com", "MX"), ("example.com", "TXT")]


NAMES = {
    **MAIL,
    "txt.example": ["TXT x"],
    "four.example": ["A 192.0.2.1"],
    "six.example": ["AAAA ::1"],
    "alias.example": ["CNAME none.example"],
    "half.example": ["MX 1 mail.example", "MX 2 none.example"],
    "null.example": ["MX 0 ."],
    "void.example": ["TXT v=spf1 a:none.example"],
    "nested.example": ["TXT v=spf1 include:void.example"],
}


@pytest.mark.parametrize(
    ("terms", "voids"),
    [
        ("a:mail.example", (0, 0)),
        ("a:none.example", (1, 1)),
        ("a:txt.example", (1, 1)),
        ("a:four.example", (0, 1)),
        ("a:six.example", (1, 0)),
        ("a:alias.example", (1, 1)),
        ("exists:six.example", (1, 1)),  # §5.7: asked as A, whoever sends
        ("exists:four.example", (0, 0)),
        ("mx:none.example", (1, 1)),
        ("mx:half.example", (1, 1)),
        ("mx:null.example", (0, 0)),  # RFC 7505: an answer, of one MX that is no host
        ("include:void.example", (1, 1)),
        ("include:nested.example", (1, 1)),
        ("include:void.example include:void.example", (2, 2)),
        ("-all a:none.example", (0, 0)),
        ("a:a..example", (0, 0)),  # not asked for: no such name can be (§4.8)
    ],
)
def test_void_lookups_are_counted_for_both_kinds_of_senders(terms: str, voids: tuple[int, int]) -> None:
    assert tree(of(terms, **NAMES)).voids == voids


def test_a_third_void_lookup_is_a_problem_of_its_own_kind() -> None:
    assert kinds(tree(of("a:n1.example", "a:n2.example", "-all"))) == []
    problem = only(tree(of("a:n1.example", "mx:n2.example", "exists:n3.example", "-all")))
    assert problem.kind == "voids"
    assert "makes 3 lookups that find nothing for senders with an IPv4 address" in problem.text


def test_voids_only_for_ipv6_senders_are_reported_for_them() -> None:
    four = {f"four{index}.example": ["A 192.0.2.1"] for index in range(3)}
    problem = only(tree(of(*(f"a:{name}" for name in four), "-all", **four)))
    assert problem.kind == "voids"
    assert "IPv6" in problem.text


def ring(size: int) -> dict[str, Sequence[str]]:
    return {
        f"ring{index}.example": [f"TXT v=spf1 include:ring{(index + 1) % size}.example -all"] for index in range(size)
    }


@pytest.mark.parametrize("size", [1, 2, 10])
@pytest.mark.parametrize("term", ["include", "redirect"])
def test_a_loop_is_permerror_and_ends(size: int, term: str) -> None:
    records = ring(size)
    if term == "redirect":
        records = {
            name: [line.replace("include:", "redirect=").replace(" -all", "") for line in lines]
            for name, lines in records.items()
        }
    zone = Dns(records)
    found = asyncio.run(expand(zone.ask, "ring0.example"))
    loops = [problem for problem in found.problems() if "in a loop" in problem.text]
    assert [problem.kind for problem in loops] == ["permerror"]
    assert len(loops[0].path) == size + 1
    assert found.lookups > 10
    assert zone.asked.total() == size
    assert asyncio.run(check_host(Dns(records).ask, NOBODY, "ring0.example")).result == "permerror"
    if (size, term) != (1, "include"):
        assert pyspf_query(records, NOBODY, "x@ring0.example")[::2] == ("permerror", 11)


def test_a_syntax_error_after_all_of_an_included_record_breaks_the_whole() -> None:
    problem = only(tree(of("include:one.example", "-all", **{"one.example": ["TXT v=spf1 -all moo"]})))
    assert problem.kind == "permerror"
    assert problem.path == ("example.com", "include:one.example")
    assert "position 13" in problem.text


@pytest.mark.parametrize(
    ("terms", "others", "message"),
    [
        ("include:none.example", {}, "there is no such name (RFC 7208 §5.2)"),
        ("include:a.example", {"a.example": ["A 192.0.2.1"]}, "it has no TXT record (RFC 7208 §5.2)"),
        ("include:a.example", {"a.example": ["TXT hello", "TXT v=spf10 -all"]}, "no SPF record among its TXT records"),
        ("redirect=none.example", {}, "there is no such name (RFC 7208 §6.1)"),
        ("include:a.example", {"a.example": ["TXT v=spf1 -all", "TXT v=spf1 ~all"]}, "it has 2 SPF records"),
        ("include:a.example", {"a.example": ["TXT v=spf1 a/33"]}, "at most /32"),
        ("include:a..example", {}, "not a possible DNS name"),
        ("include:%%.example", {}, "there is no such name"),
    ],
)
def test_a_permerror_is_reported_with_its_path(terms: str, others: Records, message: str) -> None:
    problem = only(tree(of(terms, **others)))
    assert problem.kind == "permerror"
    assert problem.path == ("example.com", terms)
    assert message in problem.text


def test_a_domain_without_a_record_is_a_problem_of_its_own() -> None:
    problem = only(tree({}))
    assert (problem.kind, problem.path, problem.text) == ("none", ("example.com",), "there is no such name")
    problem = only(tree({"example.com": ["TXT v=spf1 mx", "TXT v=spf1 a"]}))
    assert "it has 2 SPF records" in problem.text
    assert tree({}).lookups == 0


@pytest.mark.parametrize(
    ("records", "path"),
    [
        ({"example.com": ["TXT !"]}, ("example.com",)),
        (of("include:a.example", **{"a.example": ["TXT !"]}), ("example.com", "include:a.example")),
        (of("a:a.example", **{"a.example": ["A !"]}), ("example.com", "a:a.example")),
        (of("a:a.example", **{"a.example": ["A 192.0.2.1", "AAAA !"]}), ("example.com", "a:a.example")),
        (of("mx:a.example", **{"a.example": ["MX !"]}), ("example.com", "mx:a.example")),
        (of("mx", **{"example.com": ["TXT v=spf1 mx", "MX 1 b.example"], "b.example": ["A !"]}), ("example.com", "mx")),
        (of("exists:a.example", **{"a.example": ["A !"]}), ("example.com", "exists:a.example")),
        (of("redirect=a.example", **{"a.example": ["TXT !"]}), ("example.com", "redirect=a.example")),
        (
            of("include:b.example", **{"b.example": ["TXT v=spf1 include:a.example"], "a.example": ["TXT !"]}),
            ("example.com", "include:b.example", "include:a.example"),
        ),
    ],
)
def test_a_failed_query_never_counts_as_absent(records: Records, path: tuple[str, ...]) -> None:
    problem = only(tree(records))
    assert problem.kind == "temperror"
    assert problem.path == path
    assert "192.0.2.53 did not answer in 2 s" in problem.text


def test_a_void_for_ipv4_senders_counts_if_the_other_query_failed() -> None:
    found = tree(of("a:a.example", "-all", **{"a.example": ["MX 1 x.example", "AAAA !"]}))
    assert found.voids == (1, 0)
    assert only(found).kind == "temperror"


@pytest.mark.parametrize(
    "term",
    [
        "exists:%{i}._spf.example",
        "include:%{l}.example",
        "a:%{h}.example",
        "exists:%{v}.x.example",
        "mx:%{s}.example",
        "ptr",
        "redirect=%{p}.example",
    ],
)
def test_macros_that_need_the_sender_are_marked_and_counted(term: str) -> None:
    zone = Dns(of(term))
    found = asyncio.run(expand(zone.ask, "example.com"))
    assert only(found).kind == "sender"
    assert found.lookups == 1
    assert sorted(zone.asked) == [("example.com", "TXT")]


def test_only_macros_of_the_domain_are_expanded() -> None:
    records = of(
        "include:_spf.%{d}",
        **{
            "_spf.example.com": ["TXT v=spf1 include:%{o}.%{d2}.example redirect=%{dr}.example"],
            "example.com.example.com.example": ["TXT v=spf1 -all"],
            "com.example._spf.example": ["TXT v=spf1 -all"],
        },
    )
    found = tree(records)
    assert found.problems() == []
    assert found.lookups == 3


def test_a_record_that_lets_everybody_send_is_marked() -> None:
    wide = {"wide.example": ["TXT v=spf1 +all"], "net.example": ["TXT v=spf1 ip4:192.0.2.1/0 -all"]}
    problem = only(tree(of("include:wide.example", "-all", **wide)))
    assert (problem.kind, problem.path) == ("open", ("example.com", "include:wide.example"))
    assert only(tree(of("include:net.example", "-all", **wide))).kind == "open"
    assert only(tree(of("redirect=wide.example", **wide))).kind == "open"
    assert only(tree(of("a:mail.example", "+all", **MAIL))).path == ("example.com",)


@pytest.mark.parametrize("terms", ["-include:wide.example", "?include:wide.example", "-all +all", "?all"])
def test_what_lets_nobody_pass_is_not(terms: str) -> None:
    assert tree(of(terms, **{"wide.example": ["TXT v=spf1 +all"]})).problems() == []


def test_nothing_is_asked_twice() -> None:
    records = of("include:a.example", "include:b.example", "mx:m.example", "a:m.example", "-all")
    records |= {
        "a.example": ["TXT v=spf1 include:c.example mx:m.example a:h.example exists:h.example"],
        "b.example": ["TXT v=spf1 include:c.example mx:m.example a:h.example"],
        "c.example": ["TXT v=spf1 a:h.example"],
        "m.example": ["MX 1 h.example", "A 192.0.2.1"],
        "h.example": ["A 192.0.2.1", "AAAA ::1"],
    }
    zone = Dns(records)
    found = asyncio.run(expand(zone.ask, "example.com"))
    assert found.lookups == 2 + (1 + 1 + 1 + 1 + 1) + (1 + 1 + 1 + 1) + 2
    assert set(zone.asked.values()) == {1}
    assert set(zone.asked) == {
        *((name, "TXT") for name in ("example.com", "a.example", "b.example", "c.example")),
        *((name, rdtype) for name in ("m.example", "h.example") for rdtype in ("A", "AAAA")),
        ("m.example", "MX"),
    }


def test_questions_of_one_level_are_asked_side_by_side() -> None:
    zone = Dns(of(*(f"a:h{index}.example" for index in range(8)), "-all"))
    waiting = most = 0

    async def ask(name: str, rdtype: str) -> Answer:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        await asyncio.sleep(0)
        waiting -= 1
        return await zone.ask(name, rdtype)

    asyncio.run(expand(ask, "example.com"))
    assert most == 16


def test_an_exponential_tree_is_counted_in_no_time() -> None:
    records = {
        f"d{level}.example": [f"TXT v=spf1 include:d{level + 1}.example include:d{level + 1}.example"]
        for level in range(20)
    }
    records["d20.example"] = ["TXT v=spf1 -all"]
    zone = Dns(records)
    started = time.process_time()
    found = asyncio.run(expand(zone.ask, "d0.example"))
    assert time.process_time() - started < 1
    assert found.lookups == 2**21 - 2
    assert zone.asked.total() == 21
    assert "over 1000" in only(found).text
    assert len(list(found.walk())) == 40
    assert repr(found) == "<Tree d0.example: over 1000 lookups>"


def test_a_tree_of_too_many_questions_is_cut_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SPF_TREE_QUESTIONS", limits.SPF_TREE_QUESTIONS._replace(most=7))
    zone = Dns(
        of(*(f"a:h{index}.example" for index in range(20)))
        | {f"h{index}.example": ["A 192.0.2.1", "AAAA ::1"] for index in range(20)}
    )
    found = asyncio.run(expand(zone.ask, "example.com"))
    assert zone.asked.total() == 7
    assert found.lookups == 20
    assert {problem.kind for problem in found.problems()} == {"permerror", "temperror"}
    assert any("needs more than 7 questions" in problem.text for problem in found.problems())


def test_a_tree_that_takes_too_long_is_cut_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SPF_TREE_SECONDS", limits.SPF_TREE_SECONDS._replace(most=1))
    zone = Dns(of("include:plain.example", "include:slow.example", "-all"))

    async def ask(name: str, rdtype: str) -> Answer:
        if name == "slow.example":
            await asyncio.sleep(60)
        return await zone.ask(name, rdtype)

    started = time.perf_counter()
    found = asyncio.run(expand(ask, "example.com"))
    assert time.perf_counter() - started < 30
    assert only(found).kind == "temperror"
    assert only(found).path == ("example.com", "include:slow.example")
    assert "not answered within" in only(found).text
    assert found.lookups == 2


def test_a_chain_of_a_hundred_is_cut_by_its_depth() -> None:
    records = {f"c{index}.example": [f"TXT v=spf1 include:c{index + 1}.example -all"] for index in range(100)}
    found = tree(records, "c0.example")
    assert "nested 50 levels deep" in found.problems()[-1].text
    assert all(problem.kind == "permerror" for problem in found.problems())


def test_a_planned_record_is_counted_in_place_of_the_published_one() -> None:
    zone = Dns(of("a:mail.example", "-all", **MAIL))
    found = asyncio.run(expand(zone.ask, "example.com", "v=spf1 include:plain.example mx -all"))
    assert found.lookups == 2
    assert ("example.com", "TXT") not in zone.asked


def test_hostile_records_are_shown_without_control_characters() -> None:
    found = tree({"example.com": ["TXT v=spf1 a:\x1b[31m\r\nmoo\xff -all"]})
    for problem in found.problems():
        assert problem.text.isprintable()
    assert found.found.text == r"v=spf1 a:\027[31m\013\010moo\255 -all"


def test_the_branches_add_up() -> None:
    found = tree(
        of(
            "include:a.example",
            "mx:none.example",
            "-all",
            **{"a.example": ["TXT v=spf1 include:plain.example a:none.example"]},
        )
    )
    assert [(node.term, node.lookups, node.voids) for node in found.nodes] == [
        ("include:a.example", 3, (1, 1)),
        ("mx:none.example", 1, (1, 1)),
    ]
    assert found.lookups == sum(node.lookups for node in found.nodes) == 4
    below = found.nodes[0].below
    assert below is not None
    assert below.domain == "a.example"
    assert [(depth, node.term) for depth, node in found.walk()] == [
        (0, "include:a.example"),
        (1, "include:plain.example"),
        (1, "a:none.example"),
        (0, "mx:none.example"),
    ]


def test_large_numbers_are_not_written_out() -> None:
    assert number(1000) == "1000"
    assert number(2**200) == "over 1000"


@pytest.mark.limit("SPF_TREE_PROBLEMS")
@pytest.mark.parametrize("more", [0, 1, 30])
def test_many_problems_of_a_kind_are_counted(more: int) -> None:
    most = limits.SPF_TREE_PROBLEMS.most
    hosts = [f"dead{number}.example" for number in range(most + more)]
    zone = Dns(of(*(f"include:{host}" for host in hosts)))

    async def ask(name: str, rdtype: str) -> Answer:
        return Answer(name, rdtype, "failed", problem="silent") if name in hosts else await zone.ask(name, rdtype)

    unasked = [
        problem.text for problem in asyncio.run(expand(ask, "example.com")).problems() if problem.kind == "temperror"
    ]
    assert len(unasked) == most + (more > 0)
    assert unasked[most:] == ([f"and {more} more terms like these"] if more else [])


@pytest.mark.limit("SPF_TREE_TERMS")
def test_a_record_with_thousands_of_terms_is_cut() -> None:
    """TXT has room for 9,000 terms, and a tree for 300 such records: without a limit, minutes and gigabytes."""
    most = limits.SPF_TREE_TERMS.most
    hosts = [f"h{number}.example" for number in range(60)]
    long = f"TXT v=spf1 {'a:b.se ' * 9_000}-all"
    records = {"example.com": [f"TXT v=spf1 {' '.join(f'include:{host}' for host in hosts)} -all"]}
    began = time.process_time()
    found = tree(records | {host: [long] for host in hosts})
    assert time.process_time() - began < 30
    assert found.lookups == 60 * 9_001
    below = found.nodes[0].below
    assert below is not None
    assert [node.term for node in below.nodes] == ["a:b.se"] * most + [f"{9_000 - most} more terms"]
    texts = [problem.text for problem in found.problems() if problem.path[1:] == ("include:h0.example",)]
    assert any(text.startswith("has 9000 terms that need a lookup, and receivers allow 10") for text in texts)


def test_a_record_at_the_limit_is_whole() -> None:
    most = limits.SPF_TREE_TERMS.most
    assert len(tree({"example.com": [f"TXT v=spf1 {'a:b.se ' * most}-all"]}).nodes) == most
