"""Pulumi Outputs as arguments: a known one is taken, secret or not, and no message shows a secret."""

import asyncio
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pulumi
import pytest

from elastx_mrs import MailRelay
from elastx_mrs.publish import sdk
from tests import golden
from tests.publish.cloudflare.mocked import deploy, mocked

ARGS: Any = {
    "accounts": ["smtp-prod@acme.example"],
    "dkim": {"record": golden.DKIM},
    "domains": [{"name": "example.com"}],
    "cloudflare": {"zones": {"example.com": "0123456789abcdef0123456789abcdef"}},
}
SECRET = ["smtp-prod@acme.example", "newsletter@acme.example"]


class Engine(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.names: list[str] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.names.append(args.name)
        return args.name, args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return {}, []


@pytest.fixture
def engine() -> Iterator[Engine]:
    found = Engine()
    with mocked(found):
        yield found


def refused(args: Any) -> str:
    with pytest.raises(pulumi.RunError) as error:
        deploy(lambda: MailRelay("mail", args))
    return str(error.value)


@pytest.mark.parametrize(
    "wrap", [pulumi.Output.secret, pulumi.Output.from_input, lambda value: pulumi.Output.secret(value).apply(list)]
)
def test_known_accounts_are_taken(wrap: Any, engine: Engine) -> None:
    made: list[MailRelay] = []
    deploy(lambda: made.append(MailRelay("mail", ARGS | {"accounts": wrap(SECRET)})))
    plain: list[MailRelay] = []
    deploy(lambda: plain.append(MailRelay("plain", ARGS | {"accounts": SECRET})))
    assert made[0].records == plain[0].records
    assert sum("challenge" in name for name in engine.names) == 4
    assert not any("acme" in name for name in engine.names)


def test_a_known_value_is_taken_wherever_it_stands(engine: Engine) -> None:
    secret, made = pulumi.Output.secret, list[MailRelay]()

    def program() -> None:
        domains = [{"name": "example.com", "accounts": secret(SECRET[:1]), "ttl": pulumi.Output.from_input(300)}]
        args = {"accounts": [secret(one) for one in SECRET], "dkim": secret(golden.DKIM), "domains": domains}
        made.append(MailRelay("mail", ARGS | args))

    deploy(program)
    assert [(one.kind, one.ttl) for one in made[0].records] == [
        ("challenge", 300),
        ("spf", 300),
        ("dkim", 300),
        ("dmarc", 300),
    ]


def test_tuples_and_mappings_are_taken_as_their_types_say(engine: Engine) -> None:
    zones = MappingProxyType({"example.com": "0123456789abcdef0123456789abcdef"})
    spf = {"include": ("_spf.google.com",), "ip4": pulumi.Output.from_input(("192.0.2.1",))}
    domains = (MappingProxyType({"name": "example.com", "spf": spf}),)
    made: list[MailRelay] = []
    args = {"accounts": tuple(SECRET), "domains": domains, "cloudflare": {"zones": zones}}
    deploy(lambda: made.append(MailRelay("mail", ARGS | args)))
    assert len(made[0].records) == 5
    values = {one.value for one in made[0].records}
    assert "v=spf1 include:elastx.email ip4:192.0.2.1 include:_spf.google.com -all" in values


def test_a_text_is_not_a_list_of_its_letters(engine: Engine) -> None:
    assert "mail: accounts: is" in refused(ARGS | {"accounts": "smtp-prod@acme.example"})


def test_a_fault_shows_no_secret(engine: Engine) -> None:
    secret = pulumi.Output.secret
    for wrong in ("hunter2-at-acme", "hunter2@acme", "hunter2@ac\u200bme.example"):
        said = refused(ARGS | {"accounts": secret([wrong])})
        assert "hunter2" not in said
        assert said.startswith(
            "mail: accounts[0]: is wrong, and is not shown because a secret is in it; to see what is"
        )
    own = [{"name": "example.com", "accounts": ["hunter2@acme.exampl"]}]
    assert "hunter2@acme.example" not in refused(ARGS | {"accounts": secret(["hunter2@acme.example"]), "domains": own})
    assert "is an empty" not in refused(ARGS | {"accounts": secret([])})


def test_secret_domains_are_refused_because_names_show_them(engine: Engine) -> None:
    for domains in (pulumi.Output.secret(ARGS["domains"]), [{"name": pulumi.Output.secret("example.com")}]):
        said = refused(ARGS | {"domains": domains})
        assert "is secret, but domains are in the names of resources" in said
        assert "example.com" not in said


def test_what_a_resource_gives_is_known_only_later(engine: Engine) -> None:
    """The other resource's Outputs still come, for a program that catches the error."""

    def program() -> None:
        class Other(pulumi.CustomResource):
            accounts: pulumi.Output[list[str]]

        other = Other("a:b:C", "other", {"accounts": SECRET})
        with pytest.raises(pulumi.RunError, match="accounts: is a Pulumi Output, known only later"):
            MailRelay("mail", ARGS | {"accounts": other.accounts})
        engine.names.append("refused")

    deploy(program)
    assert "refused" in engine.names


def test_a_value_that_never_comes_is_not_waited_for() -> None:
    async def program() -> None:
        never = asyncio.get_running_loop().create_future()
        assert sdk.now(_waits(never)) is None
        await asyncio.sleep(0)
        assert not never.cancelled(), "it is somebody's Output, who still waits for it"
        assert sdk.now(_waits(asyncio.sleep(0, "x"))) == "x"

    asyncio.run(program())


async def _waits(value: Any) -> Any:
    return await value


def test_without_the_sdk_s_turns_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("pulumi.runtime.sync_await._sync_await")
    assert sdk.now(_waits(None)) is None
