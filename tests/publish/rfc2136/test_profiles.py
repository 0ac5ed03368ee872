"""Where a primary and its key come from: config, environment, a key file; every fault with its place, never the key."""

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs import limits
from elastx_mrs.config.parse import ConfigError, parse, parse_stack
from elastx_mrs.publish.rfc2136.connection import POOL, LostError
from elastx_mrs.publish.rfc2136.primary import UpdateError
from elastx_mrs.publish.rfc2136.profiles import Profiles
from elastx_mrs.publish.rfc2136.settings import Rfc2136
from elastx_mrs.publish.rfc2136.tsig import read_key
from elastx_mrs.records import RecordError
from tests import golden
from tests.servers import KEY, require, start

OTHER = "b3RoZXIgc2l4dGVlbiBvY3RldHMgYW5kIG1vcmU="
SETTINGS: dict[str, Any] = {"server": "192.0.2.1", "keyName": "mail-relay"}


def profiles(settings: dict[str, Any], environment: dict[str, str] | None = None, **config: Any) -> Profiles:
    values = {"rfc2136": json.dumps(settings), "tsigKey": KEY} | config
    own = {f"elastx-mrs:{key}": value for key, value in values.items()}
    return Profiles(own.get, environment or {})


def generated(algorithm: str = "hmac-sha256") -> str:
    """A key file as BIND's own tool writes it."""
    command = [require("tsig-keygen"), "-a", algorithm, "mail-relay"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("192.0.2.1:5353", "192.0.2.1", 5353),
        ("2001:db8::1", "2001:db8::1", 53),
        ("[2001:db8::1]:5353", "2001:db8::1", 5353),
        ("ns1.example.com", "ns1.example.com", 53),
        ("ns1.example.com:5353", "ns1.example.com", 5353),
    ],
)
def test_addresses(server: str, host: str, port: int) -> None:
    primary = profiles(SETTINGS | {"server": server}).primary("default", "example.com")
    assert (primary.host, primary.port) == (host, port)


def test_hmac_sha256_unless_told() -> None:
    assert profiles(SETTINGS).primary("default", "example.com").key.algorithm.to_text() == "hmac-sha256."


@pytest.mark.parametrize("algorithm", ["hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"])
def test_a_key_file_of_tsig_keygen(algorithm: str, tmp_path: Path) -> None:
    text = generated(algorithm)
    path = tmp_path / "mail-relay.key"
    path.write_text(f"// made by tsig-keygen\n{text}/* and kept */\n")
    secret = text.partition('secret "')[2].partition('"')[0]
    server = {"server": "192.0.2.1"}
    for made in (
        profiles(server, tsigKey=text),
        profiles(server, {"ELASTX_MRS_RFC2136_KEY": text}),
        profiles(server, {"ELASTX_MRS_RFC2136_KEY_FILE": str(path)}),
        profiles(server | {"keyFile": str(path)}, tsigKey=""),
    ):
        key = made.primary("default", "example.com").key
        assert (key.name.to_text(), key.algorithm.to_text()) == ("mail-relay.", f"{algorithm}.")
        assert key == key.__class__(key.name, secret, key.algorithm)


def test_slashes_in_a_secret_are_no_comment() -> None:
    text = '# ours\nkey "a" { // "one"\n algorithm hmac-sha256; /* "two" */ secret "ab//cd/*e#f="; };'
    assert read_key(text).secret == "ab//cd/*e#f="


@pytest.mark.parametrize(
    "text",
    [
        'key "a" { algorithm hmac-sha256; };',
        'key "a" { secret "YQ=="; secret "YQ=="; };',
        'key "a" { secret "YQ=="; other "x"; };',
        'key "a" { algorithm hmac-sha256; secret "YQ=="; }; key "b" { secret "YQ=="; };',
        "{",
    ],
)
def test_what_is_no_key_file(text: str) -> None:
    with pytest.raises(RecordError, match="not a key file") as error:
        read_key(text)
    assert "YQ==" not in str(error.value)


FAULTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"server": "[::1"}, {}, "rfc2136.server: '[::1' is not an address"),
    ({"server": "a:b"}, {}, "rfc2136.server: 'a:b' is not an address"),
    ({"server": "192.0.2.1:65536"}, {}, "rfc2136.server: '192.0.2.1:65536' is not an address"),
    ({"server": ":53"}, {}, "rfc2136.server: ':53' is not an address"),
    ({"keyName": ""}, {}, "rfc2136.keyName: is missing; write the TSIG key's name, or set ELASTX_MRS_RFC2136_KEY_NAME"),
    ({"keyName": "a..b"}, {}, "'a..b', which is not a name"),
    ({}, {"tsigKey": ""}, "tsigKey: is missing; run: pulumi config set --secret elastx-mrs:tsigKey, or set ELASTX"),
    ({}, {"tsigKey": "no base64!"}, "tsigKey: is not base64; write the secret as tsig-keygen prints it"),
    ({"algorithm": "hmac-md5"}, {}, "rfc2136.algorithm: is 'hmac-md5'; that is too weak; make a new key"),
    ({"algorithm": "hmac-sha9"}, {}, "rfc2136.algorithm: is 'hmac-sha9'; write one of hmac-sha256,"),
    ({}, {"tsigKey": f'key "mail-relay" {{ algorithm hmac-md5; secret "{KEY}"; }};'}, "that is too weak"),
    ({}, {"tsigKey": f'key "other" {{ secret "{KEY}"; }};'}, "rfc2136.keyName: is mail-relay, and the key is other"),
    ({"algorithm": "hmac-sha512"}, {"tsigKey": f'key "mail-relay" {{ algorithm hmac-sha256; secret "{KEY}"; }};'},
     "rfc2136.algorithm: is hmac-sha512, and the key is hmac-sha256; remove one of them"),
    ({}, {"tsigKey": "{"}, "tsigKey: is not a key file; write one key, as tsig-keygen prints it, or its secret alone"),
    ({"keyFile": "/nowhere/x.key"}, {"tsigKey": ""}, "rfc2136.keyFile: /nowhere/x.key: No such file or directory"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "config", "said"), FAULTS)
def test_every_fault_has_its_place_and_never_the_key(settings: Any, config: Any, said: str) -> None:
    with pytest.raises(UpdateError) as error:
        profiles(SETTINGS | settings, **config).primary("default", "example.com")
    assert said in str(error.value)
    assert KEY not in str(error.value)
    assert "no base64!" not in str(error.value)


def test_a_key_file_without_an_end_is_not_read_to_it() -> None:
    with pytest.raises(UpdateError) as error:
        profiles(SETTINGS | {"keyFile": "/dev/zero"}, tsigKey="").primary("default", "example.com")
    wanted = "rfc2136.keyFile: /dev/zero: has more than 64 KiB; name a file as tsig-keygen writes it"
    assert str(error.value) == wanted


@pytest.mark.limit("KEY_FILE")
def test_a_key_of_any_length_is_read_or_refused() -> None:
    with pytest.raises(UpdateError, match="tsigKey: has more than 64 KiB"):
        profiles(SETTINGS, tsigKey="A" * (limits.KEY_FILE.most + 1)).primary("default", "example.com")
    assert profiles(SETTINGS, tsigKey="A" * limits.KEY_FILE.most).primary("default", "example.com")


def test_a_key_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.key"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UpdateError) as error:
        profiles(SETTINGS | {"keyFile": str(path)}, tsigKey="").primary("default", "example.com")
    assert str(error.value) == f"rfc2136.keyFile: {path}: is no text; name a file as tsig-keygen writes it"


def test_all_faults_at_once() -> None:
    with pytest.raises(UpdateError) as error:
        profiles({"server": "a:"}, tsigKey="").primary("default", "example.com")
    assert str(error.value).count("\n") == 2, str(error.value)


def test_profiles_have_their_own_server_key_and_variables() -> None:
    inner = {"server": "192.0.2.2", "keyName": "inner", "zones": ["inner.example"]}
    made = profiles(SETTINGS | {"profiles": {"in-house": inner}}, tsigKeys=json.dumps({"in-house": OTHER}))
    default, internal = made.primary("default", "example.com"), made.primary("in-house", "inner.example")
    assert (str(default), default.key.name.to_text()) == ("192.0.2.1:53", "mail-relay.")
    assert (str(internal), internal.key.name.to_text()) == ("192.0.2.2:53", "inner.")
    assert default.key.secret != internal.key.secret
    assert internal.called("zones") == "rfc2136.profiles.in-house.zones"
    variables = {"ELASTX_MRS_RFC2136_IN_HOUSE_SERVER": "192.0.2.3", "ELASTX_MRS_RFC2136_IN_HOUSE_KEY": KEY}
    made = profiles({"profiles": {"in-house": inner}}, variables)
    assert str(made.primary("in-house", "inner.example")) == "192.0.2.3:53"
    with pytest.raises(UpdateError, match=r"tsigKeys\.in-house: is missing; run: pulumi config set --path --secret"):
        profiles({"profiles": {"in-house": inner}}).primary("in-house", "inner.example")


def test_a_primary_is_looked_up_where_the_settings_of_verification_say(tmp_path: Path) -> None:
    settings = {"keyName": "mail-relay"}
    with start("bind", tmp_path) as server:
        through = json.dumps({"via": "resolvers", "resolvers": [server.address]})
        primary = profiles(settings, verification=through).primary("default", "example.com")
        assert (primary.host, primary.port) == ("127.0.0.1", 53), "ns1.example.com, which the SOA names"


def test_a_primary_without_an_address(tmp_path: Path) -> None:
    """Its name has neither A nor AAAA; one with an AAAA alone is found."""
    zone = "@ 60 SOA {} h 1 2 3 4 5\n@ 60 NS six\nsix 60 AAAA ::1\n"
    zones = {"example.com": zone.format("gone"), "example.se": zone.format("six")}
    with start("lab", tmp_path, zones) as server:
        made = profiles({"keyName": "mail-relay"}, {"ELASTX_MRS_NAMESERVERS": server.address})
        assert made.primary("default", "example.se").host == "::1"
        with pytest.raises(UpdateError) as error:
            made.primary("default", "example.com")
    assert str(error.value).startswith(
        "rfc2136.server: is missing, and the primary that the SOA of example.com names, gone.example.com, has no "
        "address; write the primary's address, or set ELASTX_MRS_RFC2136_SERVER"
    )


def test_name_servers_that_are_none_are_named() -> None:
    made = profiles({"keyName": "mail-relay"}, {"ELASTX_MRS_NAMESERVERS": "127.0.0.1:x"})
    with pytest.raises(UpdateError, match=r"^verification: ELASTX_MRS_NAMESERVERS: "):
        made.primary("default", "example.com")


@pytest.mark.parametrize("mode", ["warn", "off"])
def test_a_mode_alone_says_nothing_of_who_is_asked(mode: str) -> None:
    """As in ``elastx-mrs:verification: warn``, which is no JSON."""
    made = profiles({"keyName": "mail-relay"}, {"ELASTX_MRS_NAMESERVERS": "127.0.0.1:1"}, verification=mode)
    with pytest.raises(UpdateError, match=r"127\.0\.0\.1:1 refused the connection; write the primary's address"):
        made.primary("default", "example.com")


def test_a_name_with_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first does not answer; the second does, and is the first to be tried from then on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        tried: list[str] = []
        real = socket.create_connection

        def counted(address: tuple[str, int], *rest: Any) -> socket.socket:
            tried.append(address[0])
            return real(address, *rest)

        resolve = socket.getaddrinfo

        def found(host: str, *rest: Any, **more: Any) -> list[Any]:
            hosts = ("127.0.0.9", "127.0.0.1") if host == "ns1.example.com" else (host,)
            return [address for one in hosts for address in resolve(one, *rest, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", found)
        monkeypatch.setattr(socket, "create_connection", counted)
        POOL.take("ns1.example.com", port).close()
        POOL.take("ns1.example.com", port).close()
        assert tried == ["127.0.0.9", "127.0.0.1", "127.0.0.1"]
    monkeypatch.setattr(socket, "create_connection", real)
    with pytest.raises(LostError, match=r"127\.0\.0\.1: Connection refused; 127\.0\.0\.9: Connection refused"):
        POOL.take("ns1.example.com", port)


BASE = {"accounts": ["a@b.se"], "dkim": golden.DKIM, "domains": ["example.com"]}
CONFIGS: list[tuple[dict[str, Any], str]] = [
    ({}, "rfc2136.zones: is missing; write it"),
    (
        {"profiles": {"a": {}}},
        "rfc2136.profiles.a.zones: is missing; write it",
    ),
    ({"profiles": {"a": {"zones": ["example.com"]}}, "server": "x"}, "rfc2136.zones: is missing"),
    ({"profiles": {"A": {"zones": ["example.com"]}}}, "'A' is not a name for a server"),
    (
        {"zones": ["example.com"], "profiles": {"default": {"zones": ["b.se"]}}},
        "rfc2136.profiles.default: is described twice",
    ),
    (
        {"zones": ["example.com"], "profiles": {"a": {"zones": ["example.com"]}}},
        "rfc2136.profiles.a.zones[0]: example.com is in rfc2136.zones too",
    ),
    (
        {"zones": ["example.com"], "profiles": {"a": {"zonez": []}}},
        "rfc2136.profiles.a.zonez: is not a key here; did you mean zones?",
    ),
    ({"zones": ["example.com"], "algorithm": "HMAC-MD5.SIG-ALG.REG.INT"}, "rfc2136.algorithm: is 'HMAC-MD5"),
    ({"profiles": {"a": {"zones": ["example.se"]}}}, "example.com is in none of rfc2136.zones (example.se)"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "said"), CONFIGS)
def test_config(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(BASE | {"rfc2136": settings}, camel_case=True)
    assert said in str(error.value)


def test_a_domain_goes_to_the_profile_with_its_longest_zone() -> None:
    given = {"zones": ["example.com"], "profiles": {"inner": {"zones": ["inner.example.com"]}}}
    values = {f"elastx-mrs:{key}": value for key, value in (BASE | {"rfc2136": given, "tsigKeys": {}}).items()}
    settings = parse_stack(values).settings(Rfc2136)
    assert settings is not None
    assert settings.by_zone == {"example.com": "default", "inner.example.com": "inner"}


def test_a_program_s_arguments_cannot_say_where_the_server_is() -> None:
    """It would be passed over without a word: server and key are read from the stack's config."""
    with pytest.raises(ConfigError, match=r"rfc2136\.key_name: cannot be an input: write it as keyName"):
        parse(BASE | {"rfc2136": {"zones": ["example.com"], "key_name": "x"}}, camel_case=False)
