"""TXT content in the lab's Cloudflare API, to the octet: what it takes, gives back, and lets DNS serve."""

import subprocess
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.records.text import presentation
from tests.lab.client import ZONES, ask, where
from tests.lab.wire import fault, made, records, txt, wire

NAME = "new.example.com"
LETTERS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("text") / "lab", ZONES) as lab:
        lab.cloudflare.api.limit.requests = 10**6
        yield lab


@pytest.fixture(scope="module")
def http(shared: Lab) -> Iterator[httpx.Client]:
    with wire(shared) as client:
        yield client


def published(http: httpx.Client, lab: Lab, content: str) -> tuple[str, list[bytes]]:
    """What the API gives back, and the strings that DNS serves; the record is taken away again."""
    record = made(http.post(records(lab), json=txt(content)))
    path = f"{records(lab)}/{record['id']}"
    try:
        assert made(http.get(path))["content"] == record["content"]
        (rdata,) = ask(lab, NAME).answer[0]
        return record["content"], list(rdata.strings)
    finally:
        made(http.delete(path))


@given(LETTERS, st.integers(1, 4000))
@example("a", 255)
@example('"', 256)
@example("\\", 4000)
@example(" ", 510)
@example('\'; x="y"\\', 3999)
def test_our_presentation_of_any_value_comes_back_the_same_and_dns_has_its_octets(
    http: httpx.Client, shared: Lab, letters: str, length: int
) -> None:
    value = (letters * (length // len(letters) + 1))[:length]
    content, strings = published(http, shared, presentation(value))
    assert content == presentation(value)
    assert b"".join(strings) == value.encode()
    assert [len(string) for string in strings[:-1]] == [255] * (len(strings) - 1)


@pytest.mark.parametrize(
    ("given", "returned", "served"),
    [
        ('"' + "x" * 255 + '"', '"' + "x" * 255 + '"', [b"x" * 255]),
        ('"' + "x" * 256 + '"', '"' + "x" * 255 + '" "x"', [b"x" * 255, b"x"]),
        ('"' + "x" * 600 + '"', f'"{"x" * 255}" "{"x" * 255}" "{"x" * 90}"', [b"x" * 255, b"x" * 255, b"x" * 90]),
        ('"a" "b"', '"a" "b"', [b"a", b"b"]),
        ('"a b" "c"', '"a b" "c"', [b"a b", b"c"]),
        ("x" * 256, "x" * 256, [b"x" * 255, b"x"]),
        ("v=spf1 -all", "v=spf1 -all", [b"v=spf1 -all"]),
        ('k="v" w', 'k="v" w', [b'k="v" w']),
        (r'"\"\\"', r'"\"\\"', [b'"\\']),
        (r'"\200\000"', r'"\200\000"', [b"\xc8\x00"]),
        (r'"a;b"', r'"a;b"', [b"a;b"]),
        ('"' + r"\"" * 256 + '"', '"' + r"\"" * 255 + r'" "\""', [b'"' * 255, b'"']),
        ('""', '""', [b""]),
    ],
    ids=lambda value: str(value)[:20],
)  # RFC 1035 §5.1; "strings exceeding this allowed maximum length are automatically split" (the description)
def test_content_and_what_is_served_for_it(
    http: httpx.Client, shared: Lab, given: str, returned: str, served: list[bytes]
) -> None:
    assert published(http, shared, given) == (returned, served)


@pytest.mark.parametrize(
    "content",
    ['"this', '"these" ones"', 'this"', '"a" b', '"a\\"', '"a" "', r'"\256"', r'"\300"'],
)  # the first two: Cloudflare, "DNS record types"; an octet is at most 255
def test_inconsistent_quotes_are_refused(http: httpx.Client, shared: Lab, content: str) -> None:
    assert fault(http.post(records(shared), json=txt(content)))[0] == 400
    assert ask(shared, NAME).answer == []


@pytest.mark.parametrize("content", ["a\nb", '"a\tb"', '"\x7f"', '"å"', "\x00", '"\U0001f4a9"'])
def test_what_is_not_printable_ascii_is_refused(http: httpx.Client, shared: Lab, content: str) -> None:
    answer = http.post(records(shared), json=txt(content))
    assert fault(answer) == (400, 1004, 9051)  # hashicorp/terraform-provider-cloudflare's issue 9 has the answer
    text = answer.json()["errors"][0]["error_chain"][0]["message"]
    assert text == "Invalid TXT record. Record may only contain printable ASCII!"


def test_a_record_has_4096_octets_on_the_wire_at_most(http: httpx.Client, shared: Lab) -> None:
    full = "x" * 4080  # 16 strings, each with an octet for its length
    assert published(http, shared, presentation(full))[0] == presentation(full)
    assert published(http, shared, full)[0] == full
    for content in (presentation(f"{full}x"), f"{full}x"):
        assert fault(http.post(records(shared), json=txt(content)))[1] == 9015


def test_records_of_a_name_and_type_have_8192_characters_of_content_at_most(http: httpx.Client, shared: Lab) -> None:
    name = "budget.example.com"
    for letter in "ab":
        made(http.post(records(shared), json=txt(letter * 4000, name)))
    last = made(http.post(records(shared), json=txt("c" * 190 + '""', name)))  # 8,192: quotes count as they came
    assert fault(http.post(records(shared), json=txt("d", name))) == (400, 83011)
    path = f"{records(shared)}/{last['id']}"
    assert fault(http.patch(path, json={"content": "e" * 193})) == (400, 83011)
    assert made(http.patch(path, json={"content": "e" * 192}))["content"] == "e" * 192
    made(http.post(records(shared), json=txt("d", "budget2.example.com")))
    made(http.post(records(shared), json=txt("m.example.net", name, type="MX", priority=1)))
    made(http.delete(path))
    made(http.post(records(shared), json=txt("d", name)))


def test_records_are_identical_where_their_strings_are(http: httpx.Client, shared: Lab) -> None:
    name = "same.example.com"
    first = made(http.post(records(shared), json=txt('"a b"', name, comment="one", ttl=60)))
    for content in ('"a b"', "a b", r'"\097 b"'):
        again = txt(content, name, comment="two", ttl=600)
        assert fault(http.post(records(shared), json=again)) == (400, 81058)
    made(http.post(records(shared), json=txt('"a" " b"', name)))
    path = f"{records(shared)}/{first['id']}"
    made(http.put(path, json=txt('"a b"', name)))  # with itself a record is not identical
    assert fault(http.patch(path, json={"content": '"a" " b"'})) == (400, 81058)
    assert made(http.get(path))["content"] == '"a b"'


def test_dig_reads_what_was_posted(http: httpx.Client, shared: Lab) -> None:
    value = 'v=DKIM1; k="rsa" \\ ' + "p" * 400
    made(http.post(records(shared), json=txt(presentation(value), "dig.example.com")))
    host, port = where(shared)
    command = ["dig", f"@{host}", "-p", str(port), "+short", "+time=5", "dig.example.com", "TXT"]
    answer = subprocess.run(command, check=True, timeout=20, capture_output=True, text=True).stdout
    # BIND's tools write a semicolon in a string as \; where Cloudflare writes it as it is
    assert answer.strip().replace(r"\;", ";") == presentation(value)
