"""Every form in which people paste a record is one value; SPF, DKIM and DMARC are read alike."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs import limits
from elastx_mrs.records import RecordError, dkim, dmarc, spf
from elastx_mrs.records.paste import Pasted, is_of, unpasted
from elastx_mrs.records.spf_terms import is_spf
from tests import golden

SPF = "v=spf1 include:elastx.email include:_spf.google.com -all"
DMARC = "v=DMARC1; p=none; rua=mailto:dmarc@example.com"

PAGE = (Path(__file__).parent / "getting_started_dkim.txt").read_text(encoding="utf-8")
"""The block of the service's page "Getting started", as its text is copied: with no-break spaces between the fields."""

DIG = """
; <<>> DiG 9.18.28 <<>> elastx._domainkey.example.com TXT
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4711
;; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
;; QUESTION SECTION:
;{owner}		IN	TXT

;; ANSWER SECTION:
{owner}	1800	IN	TXT	{value}

;; Query time: 3 msec
;; SERVER: 127.0.0.53#53(127.0.0.53) (UDP)
;; WHEN: Sun Nov 29 12:00:00 UTC 2026
;; MSG SIZE  rcvd: 123
"""

HALVES = f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"'
CUT = {
    "SPF": ("example.com.", SPF, f'"{SPF[:30]}" "{SPF[30:]}"'),
    "DMARC": ("_dmarc.example.com.", DMARC, f'"{DMARC[:9]}" "{DMARC[9:]}"'),
    "DKIM": ("elastx._domainkey.example.com.", golden.DKIM, HALVES),
}
FORMS = {
    "bare": "{bare}",
    "folded": "{bare}\n",
    "spaces": "  {bare}\t\n",
    "quoted": "{strings}",
    "in the shell's quotes": "'{bare}'",
    "escaped": "{escaped}",
    "brackets": "( {strings} )",
    "a zone file's line": "{owner} IN TXT {strings}",
    "a zone file's line, a TTL with a unit": "{owner} 1h IN TXT {strings} ; a (comment",
    "class before TTL": "{owner} IN 300 TXT {strings}",
    "lower case": "{owner} in txt {strings}",
    "no class": "{owner} TXT {strings}",
    "no owner": "TXT {strings}",
    "bare after its type": "{owner} 300 IN TXT {bare}",
    "several lines": "{owner} 300 IN TXT (\n\t{lines} ) ; the (key\n",
    "several lines with comments": "; first\n{owner} IN TXT ( ; second\n  {lines} ; third\n)\n; fourth\n",
    "nsupdate": "server 127.0.0.1 5353\nzone example.com\nupdate delete {owner} TXT\n"
    "update add {owner} 300 IN TXT {strings}\nsend\n",
    "nsupdate's prompt": "> add {owner} 300 TXT {strings}\n> send",
    "dig": DIG.replace("{value}", "{strings}"),
    "dig's prompt": "$ dig {owner} TXT\n(..)\n;; ANSWER SECTION:\n{owner} 1800 IN TXT {strings}\n(..)\n",
    "host": "{owner} descriptive text {strings}",
    "nslookup": "Server:\t\t127.0.0.53\nAddress:\t127.0.0.53#53\n\nNon-authoritative answer:\n"
    "{owner}\ttext =\n\n\t{lines}\n",
    "an origin": "$ORIGIN com.\n$TTL 3600\n{relative} IN TXT {strings}\n",
    "a fence": "```\n{owner} IN TXT {strings}\n```",
}


@pytest.mark.parametrize("kind", CUT)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_value(kind: str, form: str) -> None:
    owner, value, strings = CUT[kind]
    text = FORMS[form].format(
        owner=owner,
        relative=owner.removesuffix(".com."),
        bare=value,
        strings=strings,
        lines=strings.replace('" "', '"\n\t"'),
        escaped=value.replace(";", "\\;"),
    )
    read = {"SPF": spf.from_paste, "DMARC": dmarc.from_paste, "DKIM": dkim.from_paste}[kind](text)
    assert read == value
    assert read.owner in ("", owner.removesuffix("."))
    assert bool(read.owner) == ("owner}" in FORMS[form] or "relative}" in FORMS[form])


@pytest.mark.parametrize("kind", ["SPF", "DMARC"])
def test_a_value_that_an_editor_wrapped(kind: str) -> None:
    _, value, _ = CUT[kind]
    read = {"SPF": spf.from_paste, "DMARC": dmarc.from_paste}[kind]
    for end in ("\n", "\t", "\r\n  ", " \n"):
        assert read(value.replace(" ", end)) == value
        assert read('"' + value.replace(" ", end) + '"') == value


def test_the_service_s_own_block_is_one_record() -> None:
    found = dkim.from_paste(PAGE)
    assert found == golden.DKIM
    assert found.owner == "elastx._domainkey.yourdomain.com"
    assert found.extra == ("its TTL",)


def test_the_record_of_the_kind_is_found_in_an_answer_with_others() -> None:
    lines = ["example.com. 300 IN SOA ns1.example.com. hostmaster.example.com. 1 2 3 4 5"]
    lines += ["example.com. 300 IN MX 10 mx.example.com."]
    lines += [f'example.com. 300 IN TXT "{value}"' for value in ("google-site-verification=x", SPF, "v=spf1x")]
    lines += [f'_dmarc.example.com. 300 IN TXT "{DMARC}"', f"elastx._domainkey.example.com. 300 IN TXT {HALVES}"]
    found = spf.from_paste("\n".join(lines))
    assert (found, found.owner, found.extra) == (SPF, "example.com", ("its TTL", "other records"))
    assert dmarc.from_paste("\n".join(lines)) == DMARC
    assert dkim.from_paste("\n".join(lines)) == golden.DKIM
    short = f'"google-site-verification=x"\n"{SPF}"\n'
    assert spf.from_paste(short) == SPF
    assert spf.from_paste(short).extra == ("other records",)


def test_the_key_of_the_selector_is_found_among_several() -> None:
    lines = [f"{name}._domainkey.example.com. 300 IN TXT {HALVES}" for name in ("other", "elastx")]
    assert dkim.from_paste("\n".join(lines)).owner == "elastx._domainkey.example.com"


def test_a_missing_owner_is_the_one_of_the_line_above() -> None:
    text = f'example.com. IN MX 10 mx\n             IN TXT "{SPF}"\n'
    assert spf.from_paste(text).owner == "example.com"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'a.example. IN TXT "{SPF}"\nb.example. IN TXT "v=spf1 -all"', "is several records; write one"),
        (f'a.example. IN TXT "{SPF}"\nb.example. IN TXT "{SPF}"', "is several records"),
        ('a.example. IN TXT "x"\na.example. IN TXT "y"', "has 2 TXT records, and none of them is SPF"),
        ("example.com. 300 IN A 192.0.2.1", "is a A record; SPF is a TXT record"),
        ('example.com. 300 IN CNAME x.example.\nx.example. 300 IN TXT "v=spf1 -all"', "CNAME record; write"),
        (f'"{SPF}', "never closed"),
        (f'a.example. IN TXT "{SPF}', "never closed"),
        (f'"{SPF}" rubbish', "'rubbish' outside its quotes"),
        ("our record:\na.example. IN TXT x", "has 'our record:' in front of the SPF record"),
        ("; a comment\n;; another\n", "has no SPF record in it"),
        ("", "has no SPF record in it"),
        ('"v=spf1 \\300 -all"', "\\300"),
    ],
)
def test_an_ambiguous_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecordError, match=re.escape(message)):
        unpasted(text, "SPF", is_spf)


@pytest.mark.parametrize("value", ['v=spf1 x="y" -all', 'v=spf1 x=" -all', "v=spf1 x=(y -all", SPF, "v=spf1"])
def test_a_value_as_it_is_published_is_that_value(value: str) -> None:
    """What adopt prints is read again."""
    assert unpasted(value, "SPF", is_spf) == value


def test_spf_terms_in_capitals_are_not_a_zone_file() -> None:
    assert spf.from_paste("v=spf1 include:elastx.email\nA MX\n-all") == "v=spf1 include:elastx.email A MX -all"


@given(st.text(max_size=80) | st.text('v=spf1 \n\t"();\\TXIN.$A>', max_size=80))
def test_any_text_is_a_value_or_our_own_error(text: str) -> None:
    try:
        found = unpasted(text, "SPF", is_spf)
    except RecordError:
        return
    assert isinstance(found, Pasted)
    assert "\n" not in found


@pytest.mark.parametrize(
    ("owner", "prefix", "domain", "right"),
    [
        ("", "", "example.com", True),
        ("@", "", "example.com", True),
        ("example.com", "", "example.com", True),
        ("news", "", "news.example.com", True),
        ("other.com", "", "example.com", False),
        ("_dmarc.example.com", "_dmarc", "example.com", True),
        ("_dmarc", "_dmarc", "example.com", True),
        ("_dmarc.news", "_dmarc", "news.example.com", True),
        ("example.com", "_dmarc", "example.com", False),
        ("_dmarc.other.com", "_dmarc", "example.com", False),
        ("_dmarc.new", "_dmarc", "news.example.com", False),
    ],
)
def test_whose_line_it_is(owner: str, prefix: str, domain: str, right: bool) -> None:
    assert is_of(owner, prefix, domain) == right


@pytest.mark.limit("PASTED")
def test_a_pasted_text_has_a_limit() -> None:
    room = limits.PASTED.most - len(golden.DKIM)
    assert dkim.from_paste(" " * room + golden.DKIM) == golden.DKIM
    with pytest.raises(RecordError, match="has more than 64 KiB; paste the DKIM record alone"):
        dkim.from_paste(" " * (room + 1) + golden.DKIM)


def test_terms_together_have_the_same_limit() -> None:
    networks = [f"2001:db8:{a:x}:{b:x}::/64" for a in range(16) for b in range(256)]
    assert len(spf.from_terms(ip6=networks[:2500])) < limits.PASTED.most
    with pytest.raises(RecordError, match="at most 64 KiB are allowed; write fewer terms"):
        spf.from_terms(ip6=networks)
    assert dmarc.from_tags({"rua": ",".join(["mailto:a@a.example"] * 3000)})
    with pytest.raises(RecordError, match="at most 64 KiB are allowed; write fewer addresses"):
        dmarc.from_tags({"rua": ",".join(["mailto:a@a.example"] * 4000)})
