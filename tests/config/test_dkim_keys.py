"""One DKIM key of a domain, or several: which are published, what signs, and their states by the date."""

import base64
import datetime
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from elastx_mrs.config.environment import LAB_TODAY
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import ConfigError, parse, parse_stack
from elastx_mrs.config.remarks import remarks
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.records import dkim_state
from tests import golden

OWN = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
ELASTX = {"record": golden.DKIM}
TODAY = datetime.date(2026, 11, 30)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LAB_TODAY.name, TODAY.isoformat())


def own(selector: str = "s1", **keys: Any) -> dict[str, Any]:
    return {"selector": selector, "record": OWN, "own": True} | keys


def given(dkim: Any, **more: Any) -> Arguments:
    values = {"accounts": [golden.ACCOUNT], "domains": ["example.com"], "cloudflare": {}, "dkim": dkim} | more
    return parse_stack({f"{NAMESPACE}:{key}": value for key, value in values.items()})


def refused(dkim: Any, **more: Any) -> list[str]:
    with pytest.raises(ConfigError) as error:
        given(dkim, **more)
    return [str(fault) for fault in error.value.faults]


def published(arguments: Arguments) -> dict[str, str]:
    return {one.resource("mail"): one.value for one in arguments.records() if one.kind == "dkim"}


def test_several_keys_are_published_each_at_its_selector() -> None:
    arguments = given([ELASTX, own("s1"), {"selector": "s2", "external": True, "own": True}])
    assert [(one.name, one.suffix) for one in arguments.records() if one.kind == "dkim"] == [
        ("elastx._domainkey.example.com", "dkim"),
        ("s1._domainkey.example.com", "dkim-s1"),
    ]


@pytest.mark.parametrize("form", [golden.DKIM, ELASTX, [golden.DKIM], [ELASTX]])
def test_one_key_has_the_name_that_it_always_had(form: Any) -> None:
    assert published(given(form)) == {"mail-example.com-dkim": golden.DKIM}


def test_the_name_of_a_resource_follows_from_the_selector_alone() -> None:
    """Neither another key nor another order renames the resource of a key: its record would be replaced."""
    both = {"mail-example.com-dkim": golden.DKIM, "mail-example.com-dkim-s1": OWN}
    assert published(given([ELASTX, own()])) == published(given([own(), ELASTX])) == both
    assert published(given([own()])) == {"mail-example.com-dkim-s1": OWN}


def test_a_domain_has_a_list_of_its_own() -> None:
    arguments = given(ELASTX, domains=["example.com", {"name": "example.se", "dkim": [OWN_AT_S1, ELASTX]}])
    assert list(published(arguments)) == [
        "mail-example.com-dkim", "mail-example.se-dkim-s1", "mail-example.se-dkim",
    ]  # fmt: skip
    assert arguments.most_records() >= len(arguments.records())


OWN_AT_S1 = own("s1")


@pytest.mark.parametrize(
    ("keys", "state"),
    [
        ({}, "active"),
        ({"since": "2026-11-30"}, "active"),
        ({"signs": False}, "pending"),
        ({"retire": "2026-12-07"}, "retiring"),
        ({"retire": "2026-12-07", "signs": False}, "retiring"),
        ({"retire": "2026-11-30"}, "retired"),
        ({"retire": "2026-11-30", "revoked": True}, "retired"),
    ],
)
def test_the_state_follows_from_the_config_and_the_date(keys: dict[str, Any], state: str) -> None:
    (_, key) = given([ELASTX, own(**keys)]).dkim
    assert key.state(TODAY) == state
    assert state in key.described(TODAY) or keys.get("revoked")


def test_a_revoked_key_has_an_empty_p() -> None:
    keys = given([ELASTX, own(retire="2026-11-29", revoked=True)])
    assert published(keys)["mail-example.com-dkim-s1"] == "v=DKIM1; p="
    without = given([ELASTX, {"selector": "s1", "own": True, "retire": "2026-11-29", "revoked": True}])
    assert published(without) == published(keys)


@pytest.mark.parametrize(
    "text", ["2026-11-30", datetime.date(2026, 11, 30), "2026-11-30T00:00:00Z", "2026-11-30 00:00:00 +0000 UTC"]
)
def test_a_date_is_read_as_yaml_and_pulumi_give_it(text: Any) -> None:
    assert given([ELASTX, own(since=text)]).dkim[1].since == "2026-11-30"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-30T10:15Z",
        datetime.datetime(2026, 11, 30, 10, 15, tzinfo=datetime.UTC),
        "2026-11-30T10:15:00Z",
        "2026-11-30 10:15:00 +0000 UTC",
    ],
)
def test_a_time_is_read_likewise(text: Any) -> None:
    assert given([ELASTX, own(since=text, swap=text)]).dkim[1].since == "2026-11-30T10:15Z"


def test_the_record_of_a_key_has_a_ttl_of_its_own() -> None:
    records = given([ELASTX | {"ttl": 60}, own()], ttl=600).records()
    assert {one.suffix: one.ttl for one in records if one.kind == "dkim"} == {"dkim": 60, "dkim-s1": 600}


def test_a_time_is_rounded_up_and_a_date_means_its_end() -> None:
    at = datetime.datetime(2026, 11, 30, 23, 59, 1, tzinfo=datetime.UTC)
    assert dkim_state.written(at) == "2026-12-01T00:00Z"
    assert dkim_state.written(at.replace(second=0)) == "2026-11-30T23:59Z"
    assert dkim_state.moment_of("2026-11-30").isoformat() == "2026-12-01T00:00:00+00:00"
    assert dkim_state.moment_of("2026-11-30T00:00Z").isoformat() == "2026-11-30T00:00:00+00:00"


@pytest.mark.parametrize(
    ("dkim", "path", "said"),
    [
        ([], "dkim", "is an empty list"),
        ([ELASTX, ELASTX], "dkim[1]", "has the same selector as dkim[0], elastx"),
        ([ELASTX, own("elastx")], "dkim[1]", "has own: true at the selector elastx"),
        ([own("S1"), own("s1"), ELASTX], "dkim[1]", "has the same selector as dkim[0], s1"),
        ([ELASTX, own(since="2026-11-30", retire="2026-11-01")], "dkim[1].retire", "before since, which is 2026-11-30"),
        ([ELASTX, own(retire="2026-12-07", signs=True)], "dkim[1]", "has signs: true and retire"),
        ([ELASTX, own(revoked=True)], "dkim[1]", "has revoked: true, but is not retired"),
        ([ELASTX, own(revoked=True, signs=False)], "dkim[1]", "has revoked: true, but is not retired"),
        ([ELASTX, own(revoked=True, retire="2026-12-01")], "dkim[1].retire", "in the future"),
        ({"record": golden.DKIM, "revoked": True}, "dkim", "has revoked: true, but is not retired"),
        ({"record": golden.DKIM, "revoked": True, "retire": "2026-11-01"}, "dkim", "has no key that signs"),
        ({"record": golden.DKIM, "signs": False}, "dkim", "has no key that signs"),
        ([ELASTX | {"retire": "2026-12-07"}, own(signs=False)], "dkim", "has no key that signs"),
        ([own(own=None), own("s2", own=None)], "dkim", "has no key at the selector elastx that signs"),
        ([ELASTX | {"signs": False}, own(own=None)], "dkim", "has no key at the selector elastx that signs"),
        (
            [ELASTX, {"selector": "s1", "own": True}],
            "dkim[1]",
            "has no key for example.com; write the value of elastx-",
        ),
        ([ELASTX, {"selector": "s1"}], "dkim[1]", "has no key for example.com; write the value that Elastx provides"),
        ([ELASTX, own(external=True)], "dkim[1]", "has external: true"),
        ([ELASTX, {"selector": "s1", "external": True, "revoked": True}], "dkim[1]", "has external: true"),
        ([ELASTX, own(since="30 November")], "dkim[1].since", "is '30 November'; write a date as year-month-day"),
        ([ELASTX, own(since="2026-02-30")], "dkim[1].since", "write a date as year-month-day"),
        ([ELASTX, own(since="2026-11-30T25:00Z")], "dkim[1].since", "write a time in UTC"),
        ([ELASTX, own(since="2026-11-30T10:00+01:00")], "dkim[1].since", "write a time in UTC"),
        ([ELASTX, own(retire="2026-11-30T10:00Z")], "dkim[1].retire", "write a date as year-month-day"),
        ([ELASTX, own(ttl=0)], "dkim[1].ttl", "is 0; Cloudflare takes 60"),
        ([ELASTX, own(since=OWN)], "dkim[1].since", "is a longer text"),
        ([ELASTX, own(since=20261130)], "dkim[1].since", "write a date as year-month-day"),
        ([ELASTX, None], "dkim[1]", "is empty; write the value as one text"),
        ([ELASTX, 3], "dkim[1]", "is a number; write the value as one text"),
        ({"selector": "s1", "sign": True}, "dkim.sign", "did you mean signs?"),
        ([{"recor": "x"}], "dkim[0].recor", "did you mean record?"),
        (7, "dkim", "is a number; write the value as one text"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(dkim: Any, path: str, said: str) -> None:
    found = refused(dkim)
    assert any(one.startswith(f"{path}: ") and said in one for one in found), found


def test_a_domain_s_own_list_is_judged_at_its_place() -> None:
    found = refused(ELASTX, domains=[{"name": "example.com", "dkim": [ELASTX, ELASTX]}])
    said = "has the same selector as domains[0].dkim[0], elastx; write another one, or remove a key (RFC 6376 §3.1)"
    assert found == [f"domains[0].dkim[1]: {said}"]


@pytest.mark.parametrize(
    "keys",
    [
        [own()],  # the customer signs
        [{"selector": "s1", "record": OWN}],  # one key: the relay's own, at a selector that it gave
        [{"selector": "s1", "record": OWN, "own": False}, ELASTX | {"retire": "2026-12-07"}],  # the relay has moved
        [ELASTX | {"retire": "2026-12-07"}, own()],  # the bridge of a swap
    ],
)
def test_a_list_without_elastx_s_selector_says_who_signs(keys: list[Any]) -> None:
    assert given(keys).dkim


def test_a_list_may_be_json_as_text() -> None:
    """As ``pulumi config set`` writes it, and as Python's SDK of the plugin needs it."""
    values = {"accounts": [golden.ACCOUNT], "domains": ["example.com"], "cloudflare": {}}
    text = json.dumps([ELASTX, own()])
    assert published(parse(values | {"dkim": text}, camel_case=False)) == published(given(text))
    assert list(published(given(ELASTX, domains=[{"name": "example.com", "dkim": text}]))) == [
        "mail-example.com-dkim", "mail-example.com-dkim-s1",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"domains\[0\].dkim: begins like a list but is not JSON"):
        given(ELASTX, domains=[{"name": "example.com", "dkim": "[{record"}])


def test_a_program_may_give_a_tuple_and_a_date() -> None:
    values = {"accounts": [golden.ACCOUNT], "domains": ["example.com"], "cloudflare": {}}
    keys = (ELASTX, own(since=datetime.date(2026, 11, 30)))
    assert parse(values | {"dkim": keys}, camel_case=False).dkim[1].since == "2026-11-30"


def test_a_key_that_signs_for_over_a_year_gets_a_notice() -> None:
    found = {one.remark.name: str(one) for one in remarks(given([ELASTX | {"since": "2025-11-29"}, own()]))}
    assert found["old-key"] == (
        "dkim[0]: has signed at the selector elastx since 2025-11-29, for over a year; replace it: elastx-mrs dkim "
        "rotate [old-key]"
    )
    for young in ({"since": "2025-11-30"}, {"since": "2020-01-01", "retire": "2026-12-07"}):
        assert "old-key" not in {one.remark.name for one in remarks(given([ELASTX, own(**young)]))}


def test_a_retired_key_gets_a_notice_which_can_be_acknowledged() -> None:
    keys = [ELASTX, own(retire="2026-11-30")]
    said = "dkim[1]: has been retired at the selector s1 since 2026-11-30; remove it from the list [retired-key]"
    assert said in map(str, remarks(given(keys)))
    assert not {"retired-key"} & {one.remark.name for one in remarks(given(keys, acknowledged=["retired-key"]))}


def private_keys() -> dict[str, tuple[str, str]]:
    """Forms of private keys, each with a part that no message may show."""
    made: list[tuple[str, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, PrivateFormat]] = [
        ("PKCS #8", RSA, PrivateFormat.PKCS8),
        ("PKCS #1", RSA, PrivateFormat.TraditionalOpenSSL),
        ("OpenSSH", ED25519, PrivateFormat.OpenSSH),
        ("Ed25519", ED25519, PrivateFormat.PKCS8),
    ]
    pem = {name: key.private_bytes(Encoding.PEM, form, NoEncryption()).decode() for name, key, form in made}
    bodies = {f"body of {name}": "\n".join(text.splitlines()[1:-1]) for name, text in pem.items()}
    lines = {f"a line of {name}": text.splitlines()[len(text.splitlines()) // 2] for name, text in pem.items()}
    tags = {f"p= of {name}": f"v=DKIM1; p={''.join(pem[name].splitlines()[1:-1])}" for name in ("PKCS #8", "PKCS #1")}
    seed = base64.b64encode(ED25519.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())).decode()
    forms = pem | bodies | lines | tags | {"seed": seed, "in small letters": pem["PKCS #8"].lower()}
    forms |= {"p= of a seed": f"v=DKIM1; p={seed}", "in quotes": f'"{pem["Ed25519"]}"'}
    return {name: (text, longest(text)) for name, text in forms.items()}


def longest(text: str) -> str:
    line = max(text.splitlines(), key=len)
    return line[-20:]


RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 - small is fast
ED25519 = ed25519.Ed25519PrivateKey.generate()
FORMS = private_keys()


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("field", ["bare", "record", "selector", "since"])
def test_a_private_key_is_refused_and_never_shown(name: str, field: str) -> None:
    text, secret = FORMS[name]
    found = refused([ELASTX, text if field == "bare" else own() | {field: text}])
    assert found
    said = " ".join(found)
    assert secret not in said
    assert text[:60] not in said
    for start in range(0, len(text) - 12):
        part = text[start : start + 12]
        assert part not in said or part in "v=DKIM1; p=… a private key", (part, said)


def test_a_state_is_described_with_its_date() -> None:
    said = [
        dkim_state.described(dkim_state.state_of(signs=signs, retire=retire, today=TODAY), "2026-01-01", retire)
        for signs, retire in [(True, None), (False, None), (False, "2026-12-07"), (False, "2026-11-01")]
    ]
    assert said == [
        "active since 2026-01-01",
        "pending: nothing signs with it yet",
        "retiring: mail in transit needs it until 2026-12-07",
        "retired since 2026-11-01: remove it from the config",
    ]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"signs": False}, "dkim[1]: the key s1 is pending: nothing signs with it yet [idle-key]"),
        (
            {"retire": "2026-12-07"},
            "dkim[1]: the key s1 is retiring: mail in transit needs it until 2026-12-07 [idle-key]",
        ),
    ],
)
def test_a_key_that_does_not_sign_gets_a_notice(keys: dict[str, Any], said: str) -> None:
    assert said in map(str, remarks(given([ELASTX, own(**keys)])))


@pytest.mark.parametrize("date", ["9999-12-31", "9999-12-31T00:00Z", "0001-01-01", "3000-01-01"])
@pytest.mark.parametrize("key", ["since", "swap", "retire"])
def test_a_year_that_nobody_means(key: str, date: str) -> None:
    if key == "retire" and "T" in date:
        return
    assert "write a year from 2000 to 2999" in "; ".join(refused([ELASTX, own(**{key: date})]))


@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime.max.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-1))),
        datetime.datetime.min.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
    ],
)
def test_a_time_that_has_no_utc(moment: datetime.datetime) -> None:
    assert "dkim[1].since: is " in "; ".join(refused([ELASTX, own(since=moment)]))


def test_a_time_in_another_zone_is_told_what_to_write() -> None:
    for text in ("2026-11-30T10:15+02:00", "2026-11-30T10:15", "2026-11-30 10:15"):
        assert "write a time in UTC, such as 2026-11-30T10:15Z" in "; ".join(refused([ELASTX, own(since=text)]))


@pytest.mark.parametrize("ttl", [-5, 0, 2**31, 10**19, 1e300])
def test_an_old_ttl_is_a_ttl(ttl: float) -> None:
    assert "dkim[1].ttlBefore: is " in "; ".join(refused([ELASTX, own(ttlBefore=ttl)]))


@pytest.mark.parametrize("tag", ["h", "s", "t", "k", "x", "n"])
@pytest.mark.parametrize("rest", ["; p=", "; p=AAAA", ""])
def test_a_private_key_in_another_tag_is_not_shown(tag: str, rest: str) -> None:
    for text in (text for text, _ in FORMS.values() if text.startswith("-----BEGIN")):
        body = "".join(line for line in text.splitlines() if "-----" not in line)
        for written in (f"v=DKIM1; {tag}={body}{rest}", f"v=DKIM1 {tag} {body}{rest}"):
            said = "; ".join(refused([written]))
            shown = [body[at : at + 8] for at in range(len(body) - 8) if body[at : at + 8] in said]
            assert not shown, said


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ({"records": OWN}, "dkim[1].records: is not a key here; did you mean record?"),
        ({"record": 5}, "dkim[1].record: "),
        ({"record": OWN, "ttlBefore": 0}, "dkim[1].ttlBefore: is 0"),
    ],
)
def test_a_fault_in_a_list_that_is_json_has_its_place(key: dict[str, Any], said: str) -> None:
    """A stack's list for one domain may be such a text, and so may a plugin's argument."""
    keys = json.dumps([ELASTX, {"selector": "s1"} | key])
    found = refused(ELASTX, domains=[{"name": "example.com", "dkim": keys}])
    assert any(one.startswith(f"domains[0].{said}") for one in found), found
