"""No command shows a secret: not in any format, not when it fails, and not in a traceback that was asked for."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from tests import secrecy
from tests.cli.commands import COMMANDS, INTERNAL, WELL, World, config, found, sample, spelled
from tests.cli.mail import ACCOUNT


@pytest.fixture(scope="module")
def holding(world: World) -> World:
    """The world, whose stacks' files and previews have every secret in plain text."""
    for path in world.folder.glob("*.yaml"):
        text = path.read_text()
        if path.stem != "invalid":
            path.write_text(yaml.safe_dump({"config": yaml.safe_load(text)["config"] | secrecy.config()}))
    for name in ("preview", "removed", "unserved", "mixed"):  # Pulumi prints the config of a stack in its preview
        path = world.folder / f"{name}.json"
        printed = json.loads(path.read_text())
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in secrecy.config().items()}
        path.write_text(json.dumps(printed | {"config": printed.get("config", {}) | texts}))
    return world


def run(world: World, *arguments: str, **environment: str) -> Result:
    """Run a command whose environment has every secret; Cloudflare's token is the lab's, and works."""
    own = secrecy.environment() | world.environment() | environment
    given = [world.argument(one) for one in arguments]
    result = CliRunner().invoke(main, given, env=own, prog_name="elastx-mrs")
    assert secrecy.shown(result.output, (*secrecy.values(), world.lab.token, world.lab.key)) == []
    return result


def formats(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what asks a command for each form of its output."""
    command = found(words)
    for option in command.get_params(click.Context(command)):
        if isinstance(option.type, click.Choice) and {"--format", "--for"} & {*option.opts}:
            yield from ((option.opts[0], str(choice)) for choice in option.type.choices)


IN_EVERY_FORMAT = [
    (*one, *form)
    for one in WELL
    for words in COMMANDS
    if one[: len(words)] == words
    for form in [(), *formats(words)]
    if "--for" not in one
]
"""What the commands do well, in each of their formats."""


@pytest.mark.parametrize("arguments", IN_EVERY_FORMAT, ids=spelled)
def test_no_command_shows_a_secret_in_any_format(holding: World, arguments: tuple[str, ...]) -> None:
    run(holding, *arguments)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_traceback_shows_no_secret_of_the_environment(
    holding: World, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception's own text may hold what was being worked on: the secret, or the octets that were to be sent."""
    said = [form for one in secrecy.HELD for form in (one.value, one.value[::-1], one.value.upper())]
    said += [base64.b64encode(f"\0{ACCOUNT}\0{one.value}".encode()).decode() for one in secrecy.HELD]

    def fail(*_: object, **__: object) -> None:
        raise KeyError(*said) from ValueError(repr([one.value.encode() for one in secrecy.HELD]))

    monkeypatch.setattr(found(words), "callback", fail)
    result = run(holding, *sample(words), ELASTX_MRS_DEBUG="1")
    assert result.exit_code == INTERNAL
    assert "Traceback" in result.stderr
    assert "KeyError" in result.stderr


LEAKING: list[dict[str, Any]] = [
    {"elastx-mrs:tsigKey": ["{0}"]},
    {"elastx-mrs:tsigKey": {"x": "{0}"}},
    {"elastx-mrs:tsigKey": {"{0}": "x"}},
    {"elastx-mrs:tsigKey": "{{0}"},
    {"elastx-mrs:tsigKeys": "{0}"},
    {"elastx-mrs:tsigKeys": ["{0}"]},
    {"elastx-mrs:tsigKeys": {"{0}": "in-house"}},
    {"elastx-mrs:tsigKeys": {"in-house": {"{0}": "{0}"}}},
    {"elastx-mrs:tsigkey": "{0}"},
    {"elastx-mr:tsigKey": "{0}"},
    {"elastx-mrs:smtpPassword": "{0}"},
    {"elastx-mrs:apiToken": "{0}"},
    {"elastx-mrs": "{0}"},
    {"elastx-mrs:rfc2136": "{0}"},
    {"elastx-mrs:rfc2136": '{"tsigKey": "{0}'},
    {"elastx-mrs:rfc2136": {"profiles": "{0}"}},
    {"elastx-mrs:rfc2136": {"profiles": {"in-house": "{0}"}}},
    {"elastx-mrs:cloudflare": "{0}"},
    {"elastx-mrs:cloudflare": {"apiToken": "{0}"}},
    {"elastx-mrs:cloudflare": {"accountId": ["{0}"]}},
    {"cloudflare:apiToken": {"x": "{0}"}},
    {"cloudflare:apiKey": ["{0}"]},
]
"""Secrets in forms and places that are wrong; ``{0}`` is a secret."""


def written(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace("{0}", secret)
    if isinstance(value, list):
        return [written(one, secret) for one in value]
    return {written(key, secret): written(one, secret) for key, one in value.items()}


@pytest.mark.parametrize("wrong", LEAKING, ids=json.dumps)
def test_a_config_with_a_secret_in_the_wrong_place_is_refused_without_it(
    world: World, wrong: dict[str, Any], tmp_path: Path
) -> None:
    """By the commands that read a stack's file, and what ``pulumi config --show-secrets --json`` prints."""
    good = yaml.safe_load(config())["config"]
    for held in (secrecy.HELD[0], secrecy.HELD[2]):
        given = good | written(wrong, held.value)
        stack, printed = tmp_path / "Pulumi.prod.yaml", tmp_path / "printed.json"
        stack.write_text(yaml.safe_dump({"config": given}))
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
        printed.write_text(json.dumps({key: {"value": text, "secret": True} for key, text in texts.items()}))
        for arguments in (
            ("config", "check", str(stack)),
            ("config", "check", str(stack), "--format", "json"),
            ("records", "--stack-config", str(stack)),
            ("records", "--config", str(printed)),
            ("adopt", "--import", "--config", str(printed)),
            ("rfc2136", "policy", "--config", str(printed), "--for", "bind"),
        ):
            result = CliRunner().invoke(main, arguments)
            assert isinstance(result.exception, SystemExit | None), result.exc_info
            assert secrecy.shown(result.output, [held.value]) == []


@pytest.mark.parametrize("form", ["plain", "as a name", "twice"])
def test_no_command_shows_the_key_of_a_provider_of_octodns(tmp_path: Path, form: str) -> None:
    """In a stack that publishes through it, where it is in plain text, and cannot be reached."""
    own = secrecy.octodns()
    key = str(own["api_key"])
    provider = {"plain": own, "as a name": own | {key: "api_key"}, "twice": own | {"host": f"{key}@127.0.0.1"}}[form]
    good = {one: value for one, value in yaml.safe_load(config())["config"].items() if "rfc2136" not in one}
    stack = tmp_path / "Pulumi.prod.yaml"
    stack.write_text(yaml.safe_dump({"config": good | {secrecy.OCTODNS: {"own": provider}}}))
    for arguments in (
        ("config", "check", str(stack)),
        ("config", "check", str(stack), "--format", "json"),
        ("records", "--stack-config", str(stack), "--format", "json"),
        ("adopt", "--import", "--stack-config", str(stack)),
    ):
        result = CliRunner().invoke(main, arguments)
        assert isinstance(result.exception, SystemExit | None), result.exc_info
        assert result.output
        assert secrecy.shown(result.output, [key]) == []


@pytest.mark.parametrize("command", [("config", "check"), ("records", "--stack-config")], ids=" ".join)
def test_a_secret_that_is_a_key_twice_is_not_shown(command: tuple[str, ...], tmp_path: Path) -> None:
    """YAML refuses it before anything reads the config."""
    secret = secrecy.HELD[0].value
    stack = tmp_path / "Pulumi.prod.yaml"
    stack.write_text(f"{config()}  elastx-mrs:tsigKeys:\n    {secret}: a\n    {secret}: b\n")
    result = CliRunner().invoke(main, [*command, str(stack)])
    assert result.exit_code in (1, 2)
    assert "; Pulumi refuses duplicate keys" in result.output
    assert secrecy.shown(result.output, [secret]) == []
