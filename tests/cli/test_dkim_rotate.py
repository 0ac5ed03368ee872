"""``elastx-mrs dkim rotate`` on a name server: what it refuses, and what it says where it cannot edit a file."""

import base64
import codecs
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from elastx_mrs.dkim import edit
from elastx_mrs.secrecy import hints
from tests import golden
from tests.cli.commands import completed
from tests.servers import NameServer, start
from tests.servers.zones import HEAD

OWN = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
NEW = "v=DKIM1; k=ed25519; p=sV4/Ki/xdmLYTDrTRzOm0wDIJQMWE96aT6hzf5zvlZQ="
ELASTX: dict[str, Any] = {"record": OWN}
NOW = "2026-11-30T10:00Z"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    keys = "".join(f'{name}._domainkey 600 TXT "{OWN}"\n' for name in ("elastx", "s1", "s2"))
    keys += 'two._domainkey TXT "a"\ntwo._domainkey TXT "b"\nbad._domainkey TXT "v=DKIM1"\n'
    keys += 'old._domainkey TXT "v=DKIM1; p="\nvoid._domainkey SRV 0 0 1 mail\n'
    zones = {name: HEAD.format(name=name) + keys for name in ("example.com", "example.se")}
    with start("bind", tmp_path_factory.mktemp("bind"), zones) as running:
        yield running


def own(selector: str, **keys: Any) -> dict[str, Any]:
    return {"selector": selector, "own": True, "record": OWN} | keys


def stack(folder: Path, dkim: Any, *, domains: Any = ("example.com",), **more: Any) -> Path:
    values = {"accounts": [golden.ACCOUNT], "domains": list(domains), "dkim": dkim} | more
    config = {f"elastx-mrs:{key}": value for key, value in values.items() if value is not None}
    file = folder / "Pulumi.test.yaml"
    file.write_text(yaml.safe_dump({"config": config}, sort_keys=False))
    return file


def rotate(server: NameServer, file: Path, *arguments: str, now: str = NOW) -> subprocess.CompletedProcess[str]:
    given = ("dkim", "rotate", "--stack-config", str(file), "-n", server.address, *arguments)
    return completed(*given, ELASTX_MRS_LAB_TODAY=now)


@pytest.mark.parametrize(
    ("dkim", "arguments", "said"),
    [
        ([ELASTX], ["--new", "elastx", "--record", NEW], "there is a key at the selector elastx already"),
        ([ELASTX], ["--signs", "s9"], "there is no key at the selector s9; the keys are elastx"),
        ([ELASTX], ["--signs", "elastx"], "the key elastx is active already"),
        ([ELASTX, own("s1", signs=False)], ["--signs", "s1"], "may still remember that s1 did not exist"),
        (
            [ELASTX, own("s1"), own("s2"), own("s3", external=True, record=None, signs=False)],
            ["--signs", "s3"],
            "not every name server has the key s3",
        ),
        (
            [ELASTX, own("s1", signs=False, since="2026-01-01"), own("s2", retire="2027-01-01")],
            ["--signs", "s1", "--replaces", "s2"],
            "nothing signs with the key s2, so no key can replace it",
        ),
        (
            [ELASTX, own("s1", signs=False)],
            ["--swap", "s1"],
            "this stack does not publish the key s1, or nothing signs with it",
        ),
        ([own("s1", external=True, record=None), ELASTX], ["--swap", "s1"], "this stack does not publish the key s1"),
        ([ELASTX | {"record": NEW}], ["--swap", "elastx"], "not every name server has the key elastx"),
        ([ELASTX], ["--revoke", "elastx"], "is not retired, so receivers would reject your mail"),
        (
            [ELASTX, own("s1", retire="2026-01-01", revoked=True)],
            ["--revoke", "s1"],
            "the key s1 is revoked already",
        ),
        (
            [ELASTX | {"ttl": 600, "ttlBefore": 1800, "swap": "2026-11-30T09:00Z"}],
            ["--swap", "elastx", "--record", OWN],
            "the key elastx has this value already",
        ),
        (
            [ELASTX | {"ttl": 60, "ttlBefore": 1800, "swap": "2026-11-30T09:00Z"}],
            ["--swap", "elastx", "--record", NEW],
            "with the low TTL: a server has it with a TTL of 600 s",
        ),
    ],
)
def test_a_step_that_would_break_mail_is_refused(
    dkim: Any, arguments: list[str], said: str, server: NameServer, tmp_path: Path
) -> None:
    file = stack(tmp_path, [{key: value for key, value in one.items() if value is not None} for one in dkim])
    before = file.read_bytes()
    done = rotate(server, file, *arguments, "--write")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"not now: {done.stderr.partition('not now: ')[2]}" in done.stderr
    assert said in done.stderr
    assert file.read_bytes() == before


def test_several_keys_of_one_signer_need_a_name(server: NameServer, tmp_path: Path) -> None:
    file = stack(tmp_path, [ELASTX, own("s1"), own("s2", signs=False, since="2026-01-01"), own("s3")])
    done = rotate(server, file, "--signs", "s2")
    assert done.returncode == 1
    assert "s2 can replace one of these keys: s1, s3; name it with --replaces" in done.stderr
    done = rotate(server, file, "--signs", "s2", "--replaces", "elastx", "--keep", "30", "--write")
    assert done.returncode == 0, done.stderr
    keys = yaml.safe_load(file.read_text())["config"]["elastx-mrs:dkim"]
    assert [key.get("retire") for key in keys] == ["2026-12-31", None, None, None]
    assert "signs" not in keys[2]


def test_a_first_key_of_one_s_own_replaces_none(server: NameServer, tmp_path: Path) -> None:
    """The bridge of a swap: both sign."""
    file = stack(tmp_path, [ELASTX, own("s1", signs=False, since="2026-01-01")])
    done = rotate(server, file, "--signs", "s1", "--write")
    assert "now: mail is signed with s1, too" in done.stdout
    assert yaml.safe_load(file.read_text())["config"]["elastx-mrs:dkim"] == [ELASTX, own("s1", since="2026-01-01")]


def test_a_retired_key_stays_until_the_others_are_everywhere(server: NameServer, tmp_path: Path) -> None:
    file = stack(tmp_path, [ELASTX | {"record": NEW}, own("s1", retire="2026-11-30")])
    done = rotate(server, file, "--write")
    assert "is retired, but not every name server has the keys that sign" in done.stdout
    assert "s1" in file.read_text()


def test_a_swap_without_a_bridge_offers_one(server: NameServer, tmp_path: Path) -> None:
    done = rotate(server, stack(tmp_path, OWN), "--swap", "elastx", "--write")
    assert "sign with a key of your own until the swap is over: elastx-mrs dkim generate" in done.stdout
    keys = yaml.safe_load((tmp_path / "Pulumi.test.yaml").read_text())["config"]["elastx-mrs:dkim"]
    assert keys == [{"record": OWN, "ttl": 60, "ttlBefore": 600}]


def test_the_list_of_one_domain(server: NameServer, tmp_path: Path) -> None:
    domains = ["example.com", {"name": "example.se", "dkim": [ELASTX, own("s1", retire="2026-11-30")]}]
    file = stack(tmp_path, OWN, domains=domains)
    assert "nothing: no rotation is under way" in rotate(server, file).stdout
    done = rotate(server, file, "--of", "EXAMPLE.se", "--write")
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(file.read_text())["config"]["elastx-mrs:domains"][1]["dkim"] == [ELASTX]
    done = rotate(server, file, "--of", "example.com")
    assert (done.returncode, "uses the list of all domains" in done.stderr) == (2, True)
    done = rotate(server, stack(tmp_path, None, domains=domains[1:]))
    assert (done.returncode, "every domain has a list of its own; name one with --of" in done.stderr) == (2, True)


def test_a_file_that_cannot_be_edited_gets_the_lines_to_write(server: NameServer, tmp_path: Path) -> None:
    file = stack(tmp_path, "x")
    file.write_text(file.read_text().replace("elastx-mrs:dkim: x", f"elastx-mrs:dkim: [{{record: '{OWN}'}}]"))
    before = file.read_bytes()
    done = rotate(server, file, "--new", "s2027", "--record", NEW, "--write")
    assert done.returncode == 1, "a script must not go on as if it were written"
    assert f"This command cannot edit the list in {file}. Change it by hand:" in done.stdout
    assert f"add to dkim, as a list: {{selector: s2027, own: true, record: {NEW}, signs: false}}" in done.stdout
    done = rotate(server, file, "--swap", "elastx", "--write")
    assert "in the key at elastx: write ttl: 60, ttlBefore: 600" in done.stdout
    assert rotate(server, file, "--swap", "elastx").returncode == 0
    assert file.read_bytes() == before


@pytest.mark.parametrize("form", ["lines that end in CR LF", "UTF-16"])
def test_a_file_in_another_form_stays(form: str, server: NameServer, tmp_path: Path) -> None:
    file = stack(tmp_path, [ELASTX, own("s1", retire="2026-11-30")])
    text = file.read_text()
    file.write_bytes(text.encode("utf-16") if form == "UTF-16" else text.replace("\n", "\r\n").encode())
    before = file.read_bytes()
    assert "remove the key at s1 from dkim" in rotate(server, file, "--write").stdout
    assert file.read_bytes() == before


def test_a_byte_order_mark_stays(server: NameServer, tmp_path: Path) -> None:
    file = stack(tmp_path, [ELASTX, own("s1", retire="2026-11-30")])
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    assert rotate(server, file, "--write").returncode == 0
    assert file.read_bytes().startswith(codecs.BOM_UTF8 + b"config:")
    assert b"s1" not in file.read_bytes()


def test_a_file_that_cannot_be_written(server: NameServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(edit, "replace_file", full)
    done = rotate(server, stack(tmp_path, [ELASTX, own("s1", retire="2026-11-30")]), "--write")
    assert (done.returncode, "Read-only file system; make it writable" in done.stderr) == (2, True)


def test_a_change_after_which_the_config_has_an_error_is_not_written(
    server: NameServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stack(tmp_path, [ELASTX, own("s1", retire="2026-11-30")])
    wrong = file.read_text().replace("elastx-mrs:dkim:", "elastx-mrs:dkin:")
    monkeypatch.setattr(edit, "edited", lambda *_: wrong)
    done = rotate(server, file, "--write")
    assert (done.returncode, "not now: the config would have an error" in done.stderr) == (1, True)


def test_a_zone_whose_soa_cannot_be_read_counts_as_an_hour(server: NameServer, tmp_path: Path) -> None:
    """A subdomain is in the zone of the domain above it, and a zone that nobody serves has no SOA."""
    new = {"selector": "s1", "own": True, "record": OWN, "signs": False}
    file = stack(tmp_path, [ELASTX, new], domains=["news.example.com"])
    assert "not every name server has the key" in rotate(server, file).stdout
    assert rotate(server, stack(tmp_path, [ELASTX], domains=["elsewhere.net"]), "-q").returncode == 3


def test_standard_input_cannot_be_changed(server: NameServer) -> None:
    done = completed("dkim", "rotate", "--stack-config", "-", "-n", server.address)
    assert (done.returncode, "name the stack file, which this command edits" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ("two", "two._domainkey.example.com at {}: 2 TXT records, and there must be one"),
        ("bad", "bad._domainkey.example.com at {}: has no p= tag"),
        ("old", "old._domainkey.example.com at {}: has an empty p="),
        ("gone", "gone._domainkey.example.com at {}: no such name"),
        ("void", "void._domainkey.example.com at {}: no TXT record"),
    ],
)
def test_a_key_of_somebody_else_must_be_usable(selector: str, said: str, server: NameServer, tmp_path: Path) -> None:
    theirs = {"selector": selector, "own": True, "external": True, "signs": False}
    done = rotate(server, stack(tmp_path, [ELASTX, theirs]))
    assert done.returncode == 0
    assert f"not every name server has the key {selector}: {said.format(server.address)}" in done.stdout


def test_a_file_that_changes_meanwhile_is_not_overwritten(
    server: NameServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stack(tmp_path, [ELASTX, own("s1", retire="2026-11-30")])
    real = edit.replace_file

    def late(path: Path, old: bytes, new: bytes) -> None:
        path.write_bytes(old + b"# theirs\n")
        real(path, old, new)

    monkeypatch.setattr(edit, "replace_file", late)
    done = rotate(server, file, "--write")
    assert (done.returncode, f"{file}: has changed in the meantime; run the command again" in done.stderr) == (2, True)
    assert file.read_text().endswith("# theirs\n")


def test_a_server_that_does_not_answer(server: NameServer, tmp_path: Path) -> None:
    file = stack(tmp_path, [ELASTX, own("s1", signs=False)])
    given = ("dkim", "rotate", "--stack-config", str(file), "-n", server.address, "-n", "127.0.0.1:1", "--write")
    done = completed(*given, ELASTX_MRS_LAB_TODAY=NOW)
    assert done.returncode == 3
    assert "not every name server has the key s1: s1._domainkey.example.com at 127.0.0.1:1" in done.stdout
    assert "since" not in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--new", "s1"], "--new needs --record"),
        (["--new", "a b", "--record", NEW], "--new 'a b': is not a selector"),
        (["--new", "s1", "--record", "v=DKIM1; p="], "--record: has an empty p="),
        (["--record", NEW], "--record works only with --new or --swap"),
        (["--new", "s1", "--record", NEW, "--swap", "elastx"], "take one step at a time: --new or --swap"),
        (["--by-relay"], "--by-relay works only with --new"),
        (["--replaces", "s1"], "--replaces works only with --signs"),
        (["--keep", "6"], "6 is not in the range 7<=x<=3650"),
        (["--of", "example.org"], "--of example.org: is not one of the domains in the config"),
        (["--of", "localhost"], "--of localhost"),
    ],
)
def test_bad_input(arguments: list[str], said: str, server: NameServer, tmp_path: Path) -> None:
    done = rotate(server, stack(tmp_path, OWN), *arguments)
    assert done.returncode == 2
    assert said in done.stderr.replace("'localhost'", "localhost")


def test_a_private_key_as_a_record_is_not_shown(server: NameServer, tmp_path: Path) -> None:
    from elastx_mrs.dkim import keys

    pem = keys.pem_of(keys.generate("ed25519")).decode()
    done = rotate(server, stack(tmp_path, OWN), "--new", "s1", "--record", pem)
    assert done.returncode == 2
    assert "is a private key, which must never be published" in done.stderr
    assert not hints(done.stdout + done.stderr, "".join(pem.splitlines()[1:-1]))


@pytest.mark.parametrize("option", ["--new", "--signs", "--replaces", "--swap", "--revoke", "--of"])
def test_a_private_key_as_a_selector_is_not_shown(option: str) -> None:
    secret = base64.b64encode(ed25519_private()).decode()
    more = {"--new": ["--record", NEW], "--replaces": ["--signs", "s1"]}.get(option, [])
    done = completed("dkim", "rotate", "-s", "stack.yaml", option, secret, *more)
    assert done.returncode == 2
    assert not hints(done.stdout + done.stderr, secret[24:])


def ed25519_private() -> bytes:
    """PKCS #8 (RFC 8410 §7), with a seed of letters, so its base64 has no slash that parts it."""
    return bytes.fromhex("302e020100300506032b657004220420") + bytes(range(97, 129))


def test_through_resolvers_the_ttl_is_that_of_the_config(server: NameServer, tmp_path: Path) -> None:
    """What a resolver tells is the rest of a TTL."""
    verification = {"via": "resolvers", "resolvers": [server.address]}
    file = stack(tmp_path, [ELASTX], verification=verification, ttl=7200)
    done = completed("dkim", "rotate", "-s", str(file), "--swap", "elastx", "--write", ELASTX_MRS_LAB_TODAY=NOW)
    assert done.returncode == 0, done.stderr
    (key,) = yaml.safe_load(file.read_text())["config"]["elastx-mrs:dkim"]
    assert (key["ttl"], key["ttlBefore"]) == (60, 7200)
