"""The list of secrets is whole, each form of one is known, and what holds a secret does not show it by itself."""

import base64
from collections.abc import Callable

import pytest

from elastx_mrs import registry
from elastx_mrs.config.environment import VARIABLES, PrimaryVariable, holds_secret, secrets
from elastx_mrs.publish.cloudflare.errors import SETTINGS
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import resolver_address, server_address
from elastx_mrs.secrecy import masked
from tests import secrecy

PROFILE = "in-house"


def test_every_secret_of_the_config_is_in_the_list() -> None:
    keys = {f"elastx-mrs:{key.name}" for one in registry.every() for key in one.stack_keys if key.kind != "names"} | {
        key for one in registry.every() for key in one.open_secrets
    }
    keys.add("elastx-mrs:octodns")  # whose secrets are known by what their keys are called
    assert {key for one in secrecy.HELD for key in one.keys} == keys


def test_every_secret_of_the_environment_is_in_the_list() -> None:
    ours = [one for one in VARIABLES if holds_secret(one.name)]
    names = {one.name for one in ours} | {one.of(PROFILE) for one in ours if isinstance(one, PrimaryVariable)}
    names |= {
        *SETTINGS.values(),
        "PULUMI_CONFIG_PASSPHRASE",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "PDNS_API_KEY",
    }
    assert {name for one in secrecy.HELD for name in one.variables} == names


def test_the_secrets_of_an_environment_are_known_by_their_names() -> None:
    others = {"HCLOUD_TOKEN": "of another program", "OVH_API_KEY": "one more", "ELASTX_MRS_GUARD": "warn"}
    others |= {"ELASTX_MRS_RFC2136_KEY_NAME": "mail-relay", "ELASTX_MRS_RFC2136_KEY_FILE": "x.key", "KEYBOARD": "sv"}
    found = secrets(secrecy.environment() | others | {"ELASTX_MRS_RFC2136_OTHER_KEY": ""})
    assert sorted(found) == sorted([*secrecy.values(), "of another program", "one more"])


@pytest.mark.parametrize("secret", secrecy.values())
def test_a_secret_is_found_in_every_form(secret: str) -> None:
    """Each of these is made here by another road than in the list of forms."""
    octets = secret.encode()
    for before in ("", "a", "ab", "abc"):
        for after in ("", "z", "\n"):
            assert secrecy.shown(base64.b64encode(f"{before}{secret}{after}".encode()), [secret])
            assert secrecy.shown(base64.urlsafe_b64encode(f"{before}{secret}{after}".encode()), [secret])
    for text in (secret, secret.upper(), secret.lower(), secret.swapcase(), secret[::-1], secret[::-1].upper()):
        assert secrecy.shown(f"before {text} after", [secret])
    for at in range(1, len(secret)):
        assert secrecy.shown(f"{secret[:at]}\n   {secret[at:]}", [secret]), "folded"
    assert secrecy.shown("".join(f"%{octet:02X}" for octet in octets), [secret])
    assert secrecy.shown("".join(f"{octet:02X}" for octet in octets), [secret])
    assert secrecy.shown(" ".join(f"{octet:02x}" for octet in octets), [secret])
    assert secrecy.shown("what has nothing to do with it", [secret]) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mail-relay", "mail-relay"),
        ("ns1.example.com:5353", "ns1.example.com:5353"),
        ("/etc/bind/mail-relay.key", "/etc/bind/mail-relay.key"),
        ("elastx-mrs-of-the-production-2026", "elastx-mrs-of-the-production-2026"),
        ("hmac-sha256:mail-relay:c2VjcmV0LXNpeHRlZW4tb2N0ZXRz", "hmac-sha256:mail-relay:…"),
        ("bm8gZGlnaXQgaW4gaXQgYXQgYWxsIQ==", "…"),
        ("https://user:word@dns.example/dns-query", "https://…@dns.example/dns-query"),
        ("https://dns.example/dns-query?key=word#more", "https://dns.example/dns-query?…"),
        ("https://dns.example/dns-query", "https://dns.example/dns-query"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize("check", [server_address, resolver_address])
@pytest.mark.parametrize("text", ["https://user:word@dns.example/", "https://dns.example/?key=word", "dns://a:word@b"])
def test_the_password_in_a_server_s_address_is_not_quoted(text: str, check: Callable[[str], object]) -> None:
    with pytest.raises(RecordError) as error:
        check(text)
    assert "word" not in str(error.value)
