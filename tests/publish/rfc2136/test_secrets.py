"""A TSIG key that stands in the wrong place, or in the wrong form, is told by the place and never by its text."""

import json
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.config.parse import ConfigError, parse_stack
from elastx_mrs.publish.rfc2136.primary import UpdateError
from elastx_mrs.publish.rfc2136.profiles import Profiles
from tests import golden, secrecy

SECRET, OTHER = secrecy.HELD[0].value, secrecy.HELD[1].value
KEY_FILE = f'key "mail-relay" {{\n\talgorithm hmac-sha256;\n\tsecret "{SECRET}";\n}};\n'
NSUPDATE = f"hmac-sha256:mail-relay:{SECRET}"
"""As ``nsupdate -y`` and ``dig -y`` take it."""

SETTINGS: dict[str, Any] = {"server": "192.0.2.1", "keyName": "mail-relay", "zones": ["example.com"]}
DEFAULT, INNER = "ELASTX_MRS_RFC2136_", "ELASTX_MRS_RFC2136_IN_HOUSE_"


def refused(
    config: dict[str, Any] | None = None, environment: dict[str, str] | None = None, profile: str = "default"
) -> str:
    """Return what is said where updates are sent."""
    values = {"rfc2136": SETTINGS, "tsigKey": SECRET} | (config or {})
    texts = {
        f"elastx-mrs:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in values.items()
    }
    with pytest.raises(UpdateError) as error:
        Profiles(texts.get, environment or {}).primary(profile, "example.com")
    assert secrecy.shown(str(error.value), [SECRET, OTHER]) == []
    return str(error.value)


@pytest.mark.parametrize("text", [SECRET, KEY_FILE, NSUPDATE, f"{SECRET}\n", f"x\0{SECRET}"])
def test_a_key_where_its_file_is_named(text: str) -> None:
    by_config = refused({"rfc2136": SETTINGS | {"keyFile": text}, "tsigKey": ""})
    assert by_config.startswith("rfc2136.keyFile: is the key itself, not the name of a file; ")
    assert by_config.endswith("run: pulumi config set --secret elastx-mrs:tsigKey, or set ELASTX_MRS_RFC2136_KEY")
    by_variable = refused(environment={f"{DEFAULT}KEY_FILE": text})
    assert by_variable.startswith(f"{DEFAULT}KEY_FILE: is the key itself, not the name of a file; ")


def test_a_path_that_no_file_can_have() -> None:
    assert refused(environment={f"{DEFAULT}KEY_FILE": "a\0b"}) == (
        f"{DEFAULT}KEY_FILE: 'a<U+0000>b': is no path; name a file as tsig-keygen writes it"
    )


@pytest.mark.parametrize("text", [SECRET, NSUPDATE, SECRET.rstrip("="), "a" * 70 + SECRET])
def test_a_key_where_its_name_stands(text: str) -> None:
    """Its name is sent in plain text, in each query: the key is not to stand there."""
    told = refused({"rfc2136": SETTINGS | {"keyName": text}})
    assert "rfc2136.keyName: " in told
    assert "rfc2136.keyName: " in refused(environment={f"{DEFAULT}KEY_NAME": text, f"{DEFAULT}KEY": OTHER})


@pytest.mark.parametrize("name", ["mail-relay", "MailRelayProduction2026Key", "a.b.example.", "key_1"])
def test_a_name_that_is_one(name: str) -> None:
    values = {"elastx-mrs:rfc2136": json.dumps(SETTINGS | {"keyName": name}), "elastx-mrs:tsigKey": SECRET}
    assert Profiles(values.get, {}).primary("default", "example.com").key.name.to_text().startswith(name.lower()[:3])


@pytest.mark.parametrize("key", ["server", "algorithm"])
@pytest.mark.parametrize("text", [SECRET, NSUPDATE])
def test_a_key_where_something_else_stands(key: str, text: str) -> None:
    assert f"rfc2136.{key}: " in refused({"rfc2136": SETTINGS | {key: text}})
    assert f"rfc2136.{key}: " in refused(environment={f"{DEFAULT}{key.upper()}": text})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (f"{{{OTHER}", "tsigKeys: is no JSON"),
        (OTHER, "tsigKeys: is no JSON"),
        ([OTHER], "tsigKeys: is not an object"),
        (json.dumps(OTHER), "tsigKeys: is not an object"),
        ({"in-house": [OTHER]}, "tsigKeys.in-house: is no text"),
        ({"in-house": {"key": OTHER}}, "tsigKeys.in-house: is no text"),
        ({"in-house": f"{OTHER}!"}, "tsigKeys.in-house: is not base64"),
    ],
)
def test_keys_of_profiles_in_a_form_that_is_none(given: Any, said: str) -> None:
    settings = SETTINGS | {"profiles": {"in-house": SETTINGS}}
    assert said in refused({"rfc2136": settings, "tsigKeys": given}, profile="in-house")


@pytest.mark.parametrize("text", [f"{SECRET}!", f"å{SECRET}", f'{{secret "{SECRET}"', KEY_FILE * 2, f"= {SECRET}"])
def test_a_key_that_is_none(text: str, tmp_path: Path) -> None:
    assert refused({"tsigKey": text}).startswith("tsigKey: ")
    assert refused(environment={f"{DEFAULT}KEY": text}).startswith("tsigKey: ")
    path = tmp_path / "mail-relay.key"
    path.write_text(text, encoding="utf-8")
    assert refused(environment={f"{DEFAULT}KEY_FILE": str(path)}).startswith(f"{DEFAULT}KEY_FILE: ")


def placed(text: str) -> list[dict[str, Any]]:
    """Return settings with a key in each place where a name, an address or a path belongs."""
    fields: list[dict[str, Any]] = [
        {"server": NSUPDATE},
        {"keyName": text},
        {"algorithm": text},
        {"profiles": {text: SETTINGS}},
    ]
    fields += [{name: value} for name in ("key", "secret", "tsigKey") for value in (text, [text], {"x": text})]
    fields += [{name: [text]} for name in ("server", "keyName", "algorithm", "keyFile", "profiles")]
    return [SETTINGS | one for one in fields] + [{"profiles": {"in-house": SETTINGS | one}} for one in fields]


@pytest.mark.parametrize("settings", placed(SECRET))
def test_the_check_of_a_config_shows_no_key_in_the_wrong_place(settings: dict[str, Any]) -> None:
    values = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com"], "rfc2136": settings}
    with pytest.raises(ConfigError) as error:
        parse_stack({f"elastx-mrs:{key}": value for key, value in values.items()})
    assert secrecy.shown(str(error.value), [SECRET]) == []
    assert "rfc2136" in str(error.value)
