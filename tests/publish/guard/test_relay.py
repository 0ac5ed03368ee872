"""The guard for the relay: a change that receivers accept and that the relay may refuse, on real servers."""

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.publish.guard.guard import Guard, Memory, StoppedError
from elastx_mrs.publish.rfc2136.publisher import Rfc2136
from elastx_mrs.receiver import relay
from elastx_mrs.records import TxtRecord, dkim, spf
from elastx_mrs.records.challenge import challenge
from elastx_mrs.records.text import presentation
from elastx_mrs.service import ELASTX, Service
from tests import golden
from tests.servers import NameServer, start
from tests.servers.zones import HEAD

SPELLED = "v=spf1 include:ELASTX.email. -all"
OLD_SPF = "v=spf1 include:elastx.email ~all"
ZONES = {
    "elastx.email": HEAD.format(name="elastx.email") + '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\n',
    "example.com": HEAD.format(name="example.com")
    + f"""old TXT "{OLD_SPF}"
flat TXT "v=spf1 ip4:203.0.113.0/24 -all"
right TXT "{golden.SPF}"
elastx._domainkey.right TXT {presentation(golden.DKIM)}
revoked TXT "{golden.SPF}"
elastx._domainkey.revoked TXT "v=DKIM1; p="
alias TXT "{golden.SPF}"
elastx._domainkey.alias CNAME elastx._domainkey.right
keyless TXT "{golden.SPF}"
""",
}
FAULT = replace(ELASTX, spf_rule="fault")


@pytest.fixture(scope="module", params=["bind", "lab"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with start(request.param, tmp_path_factory.mktemp(request.param), ZONES) as running:
        yield running


def guarded(
    server: NameServer,
    record: TxtRecord,
    *others: TxtRecord,
    before: str | None = None,
    keys: Mapping[str, Sequence[str]] | None = None,
    service: Service = ELASTX,
) -> list[tuple[str, str]]:
    """Return what the guard says of a record in a preview; a stop has that level."""
    secret = server.environment()["ELASTX_MRS_RFC2136_KEY"]
    assert base64.b64decode(secret)
    config = {
        "elastx-mrs:rfc2136": json.dumps({"server": server.address, "keyName": server.key_name}),
        "elastx-mrs:tsigKey": secret,
    }
    records = [record, *others]
    vantage = Vantage(Who.of([server.address], resolvers=()), Network())
    memory = Memory(
        Rfc2136({"example.com": "default"}, config.get),
        {one.domain: vantage for one in records},
        records,
        keys=keys or {},
        service=service,
    )
    said: list[tuple[str, str]] = []
    by_name = {f"mail-{one.domain}-{one.suffix}": one for one in records}
    modes = {one.domain: "require" for one in records}
    guard = Guard(by_name, modes, memory, True, lambda level, text, _: said.append((level, text)))  # type: ignore[arg-type]

    async def run() -> None:
        try:
            await guard.before(next(iter(by_name)), before)
        except StoppedError as error:
            said.append(("stop", str(error)))

    asyncio.run(run())
    return [(level, text) for level, text in said if relay.STAGE in text]


def test_a_change_that_the_relay_may_refuse_is_a_warning_in_a_preview(server: NameServer) -> None:
    record = spf.spf("old.example.com", SPELLED)
    ((level, text),) = guarded(server, record, before=OLD_SPF)
    assert level == "warning"
    assert text.startswith(
        "guard: SPF of old.example.com: it is reached by include:ELASTX.email.: another spelling may"
    )
    assert f"Elastx may refuse mail from old.example.com: {relay.STAGE}" in text
    assert "ask Elastx Support (support@elastx.se) whether it is needed" in text
    assert guarded(server, spf.spf("old.example.com", golden.SPF), before=OLD_SPF) == []
    ((level, _),) = guarded(server, spf.spf("new.example.com", SPELLED))
    assert level == "warning"


def test_it_stops_only_if_the_service_says_that_it_is_a_fault(server: NameServer) -> None:
    record = spf.spf("old.example.com", SPELLED)
    ((level, text),) = guarded(server, record, before=OLD_SPF, service=FAULT)
    assert level == "stop"
    assert "Elastx refuses mail from old.example.com" in text
    assert "to continue anyway: guard: {mode: warn} on old.example.com" in text
    assert guarded(server, spf.spf("old.example.com", golden.SPF), before=OLD_SPF, service=FAULT) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("right", []),
        ("alias", []),
        ("flat", ["SPF of flat.example.com, which is not created here: no record has include:elastx.email"]),
        (
            "revoked",
            ["DKIM of revoked.example.com, which is not created here: elastx._domainkey.revoked.example.com has"],
        ),
        ("keyless", ["elastx._domainkey.keyless.example.com has no TXT record"]),
        ("absent", ["elastx._domainkey.absent.example.com has no TXT record"]),
    ],
)
@pytest.mark.parametrize("service", [ELASTX, FAULT], ids=["warning", "fault"])
def test_records_of_others_that_the_relay_may_refuse_are_a_warning_at_the_challenge(
    server: NameServer, name: str, said: list[str], service: Service
) -> None:
    domain = f"{name}.example.com"
    keys = {domain: [f"elastx._domainkey.{domain}"]} if name != "flat" else {}
    found = guarded(server, challenge(domain, golden.ACCOUNT), keys=keys, service=service)
    assert [level for level, _ in found] == ["warning"] * len(said)
    assert all(part in text for part, (_, text) in zip(said, found, strict=True)), found


def test_records_of_this_run_are_as_they_will_be(server: NameServer) -> None:
    domain = "flat.example.com"
    key = dkim.dkim(domain, "elastx", golden.DKIM)
    records = [challenge(domain, golden.ACCOUNT), spf.spf(domain, golden.SPF), key]
    assert guarded(server, *records, keys={domain: [key.name]}) == []
    # A key of the customer's own signatures is as good as the service's.
    own = dkim.dkim(domain, "s1", golden.DKIM)
    assert guarded(server, *records[:2], own, keys={domain: [own.name, key.name]}) == []
