"""Resolvers over TLS and HTTPS with a refused certificate: the problem has the fix."""

import asyncio
from pathlib import Path

import pytest

from elastx_mrs.lookup.question import LookupFailure, Question, Server
from tests.authority import Authority, strict
from tests.lookup.nets import impatient
from tests.lookup.transport.test_plain import NAME, TXT

SERVERS = pytest.mark.parametrize(("scheme", "host"), [("tls", "localhost"), ("https", "127.0.0.1")])
"""A name and an address: dnspython looks the name of a URL up in DNS, which has no localhost."""


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    strict(monkeypatch)
    return monkeypatch


def problem(scheme: str, host: str, authority: Authority, name: str) -> str:
    """The problem of a resolver on this machine with a certificate for that name."""

    async def asked() -> str:
        def closed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(closed, "127.0.0.1", 0, ssl=authority.context(name))
        port = server.sockets[0].getsockname()[1]
        url = f"{scheme}://{host}:{port}" + ("/dns-query" if scheme == "https" else "")
        async with server:
            with pytest.raises(LookupFailure) as caught:
                await impatient(patience=5).exchange(Server(host, port, url=url), Question(NAME, TXT))
        return caught.value.problem

    return asyncio.run(asked())


@SERVERS
def test_an_authority_that_only_the_strict_check_refuses(
    scheme: str, host: str, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path, "no key usage")
    patch.setenv("SSL_CERT_FILE", str(authority.path))
    said = problem(scheme, host, authority, host)
    assert said.startswith(f"has a certificate that is not valid for {host}: CA cert does not include key usage")
    assert "the authority's certificate has no key usage extension; Python 3.13 and later refuse this" in said


@SERVERS
def test_an_authority_that_is_not_trusted(scheme: str, host: str, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    patch.setenv("SSL_CERT_FILE", str(Authority(other).path))
    said = problem(scheme, host, Authority(tmp_path), host)
    assert said.startswith(f"has a certificate that is not valid for {host}: ")
    assert "or name its file in SSL_CERT_FILE" in said


@SERVERS
def test_a_certificate_for_another_name(scheme: str, host: str, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    patch.setenv("SSL_CERT_FILE", str(authority.path))
    said = problem(scheme, host, authority, "other.example")
    assert f"certificate is not valid for '{host}'" in said
    assert "that the certificate is for, " in said
