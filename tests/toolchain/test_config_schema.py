"""The schema of stacks' files: current, complete, and of one mind with ``elastx-mrs config check``."""

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator
from pydantic import BaseModel

from elastx_mrs import registry
from elastx_mrs.cli.main import main
from elastx_mrs.config import schema as of_config
from elastx_mrs.config.model import below, keys_of, shape
from elastx_mrs.config.parse import stack_keys
from elastx_mrs.stackfile.check import check
from tests import golden
from tests.cli.stackfiles import write
from tests.cli.test_config_encrypted import CASES, POLICIES, SECURE, changed, config, encrypted
from tests.engine.stack import ROOT
from toolchain import config_schema

KEPT: dict[str, Any] = json.loads(config_schema.TARGET.read_text())
VALIDATOR = Draft7Validator(KEPT)
FILES = sorted([*ROOT.glob("stacks/*.yaml"), *ROOT.glob("examples/*/Pulumi.*.yaml")])
DOCS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")])


def refused(values: dict[str, Any]) -> bool:
    return not VALIDATOR.is_valid({"config": {f"elastx-mrs:{key}": value for key, value in values.items()}})


def refused_by_the_command(values: dict[str, Any], folder: Path) -> bool:
    text = json.dumps({"config": {f"elastx-mrs:{key}": value for key, value in values.items()}}, indent=1)
    return any(one.level == "error" for one in check(write(folder / "Pulumi.test.yaml", text)).findings)


def domain(**keys: Any) -> dict[str, Any]:
    return config(domains=[{"name": "example.com", **keys}])


def test_it_is_current() -> None:
    assert config_schema.TARGET.read_text() == config_schema.text(), "run: python -m toolchain.config_schema"


def test_it_is_a_schema_of_draft_7() -> None:
    assert KEPT["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(KEPT)


def test_the_command_prints_it() -> None:
    assert CliRunner().invoke(main, ["config", "schema"]).stdout == config_schema.TARGET.read_text()


def models_in(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield the models of a model's fields, and theirs."""
    for field in model.model_fields.values():
        if (inner := below(field.annotation)) is not None:
            yield inner
            yield from models_in(inner)


def shown(properties: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield each key, its example, and what that has to be."""
    for key, one in properties.items():
        (example,) = one["examples"]
        yield key, example, {**one, "definitions": schema["definitions"]}


def test_every_key_has_an_example_that_the_schema_takes() -> None:
    of_stack = {key: one for key, one in KEPT["properties"]["config"]["properties"].items() if "tsigKey" not in key}
    every = [of_stack, *(one["properties"] for name, one in KEPT["definitions"].items() if name != "Secure")]
    for properties in every:
        for key, example, schema in shown(properties, KEPT):
            assert Draft7Validator(schema).is_valid(example), key


def test_every_key_has_an_example_that_its_model_takes() -> None:
    """Written alone, with what the model requires; also one that no other key may stand beside."""
    root = shape(registry.providers())
    for model in {root, *models_in(root)}:
        if model.model_config.get("extra") == "allow":  # its keys are the user's own
            model.model_validate(of_config.examples(model))
            continue
        shown = {model.model_fields[name].alias or name: value for name, value in of_config.examples(model).items()}
        assert set(shown) == {info.alias or name for name, info in model.model_fields.items()}, model
        required = {info.alias: shown[str(info.alias)] for info in model.model_fields.values() if info.is_required()}
        for key, value in shown.items():
            model.model_validate({**required, key: value})


@pytest.mark.parametrize("key", sorted(set(of_config.examples(shape(registry.providers()))) - registry.BUILT_IN.keys()))
def test_an_example_of_the_stack_s_config_is_one_that_config_check_takes(key: str, tmp_path: Path) -> None:
    shown = of_config.examples(shape(registry.providers()))
    values = {name: shown[name] for name in ("accounts", "domains", "dkim", "cloudflare")} | {key: shown[key]}
    if key == "external":
        del values["cloudflare"]  # which would publish nothing
    assert not refused_by_the_command(values, tmp_path)
    assert not refused(values)


def test_every_key_is_described() -> None:
    of_stack = KEPT["properties"]["config"]["properties"]
    known = registry.providers()
    assert [key.removeprefix("elastx-mrs:") for key in of_stack] == [*keys_of(shape(known)), *stack_keys(known)]
    models = {model.__name__: model for model in models_in(shape(known))}
    named = {"Domain", "Spf", "Dkim", "Dmarc", "Guard", "Verification", "Cloudflare", "Rfc2136", "Profile", "Route53"}
    assert set(models) == named | {"Octodns"}
    for name, model in models.items():
        assert list(KEPT["definitions"][name]["properties"]) == list(keys_of(model)), name
    described = [of_stack, *(KEPT["definitions"][name]["properties"] for name in models)]
    assert all(len(one["description"]) > 10 for properties in described for one in properties.values())


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_every_stack_of_the_repository_is_right(file: Path) -> None:
    VALIDATOR.validate(yaml.safe_load(file.read_text()))


@pytest.mark.parametrize("file", sorted(ROOT.glob("stacks/*.yaml")), ids=lambda file: file.name)
def test_every_stack_tells_editors_where_it_is(file: Path) -> None:
    line = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", file.read_text().splitlines()[0])
    assert line is not None
    assert (file.parent / line[1]).resolve() == config_schema.TARGET


def examples(text: str) -> Iterator[dict[str, Any]]:
    """Yield the config that a page shows, in fences or indented."""
    for fenced, indented in re.findall(r"(?m)^```yaml\n((?:(?!```).*\n)*)|((?:^ {4}.*\n)+)", text):
        block = textwrap.dedent(fenced or indented).replace("elastx-mrs=…", golden.TOKEN)
        if re.match(r"(#.*\n)*(config:|elastx-mrs:\w+:\s)", block):
            found = yaml.safe_load(block)
            yield found if "config" in found else {"config": found}


def test_what_the_docs_show_is_right() -> None:
    shown = {page: list(examples(page.read_text())) for page in DOCS}
    assert sum(map(len, shown.values())) >= 6
    for page, found in shown.items():
        for one in found:
            assert [error.message for error in VALIDATOR.iter_errors(one)] == [], page


RIGHT: list[dict[str, Any]] = [
    config(),
    config(domains=["bücher.example", {"name": "例え。jp"}, {"name": "EXAMPLE.com."}]),
    config(accounts='["a@acme.example"]', domains='["example.com", {"name": "example.se"}]', ttl="600"),
    config(spf="v=spf1 -all", dmarc="V = DMARC1; p=none".replace("V", "v"), guard="warn", verification="off"),
    config(spf="V=spf1 ~all", dkim=golden.DKIM_PAGE, spf_=None),
    config(spf='{"include": ["a.example"]}', dkim=f'{{"record": "{golden.DKIM}"}}', guard='{"mode": "off"}'),
    config(spf='"v=sp" "f1 -all"', dmarc="v=DMARC1\\; p=none\n"),
    config(spf=';; ANSWER SECTION:\nexample.com. IN TXT "v=spf1 -all"', dmarc='_dmarc IN TXT "v=DMARC1; p=none"'),
    config(cloudflare=None, rfc2136={"zones": ["example.com"], "algorithm": "HMAC-SHA256."}),
    config(cloudflare=None, rfc2136='{"zones": ["example.com"]}'),
    config(tsigKey=SECURE, tsigKeys={"in-house": SECURE}, adopt=["_dmarc.example.com"]),
    config(tsigKeys=SECURE, adopt='["_dmarc.example.com"]'),
    config(ttl=300.0, verification={"timeout": 0.5}),
    domain(dmarc={"p": "Reject", "adkim": "S", "t": "N", "rua": ["mailto:dmarc@bücher.example"]}),
    domain(ttl="300", dmarc={"fo": 1, "ruf": ["mailto:a@example.com"]}, dkim={"selector": 2026, "record": golden.DKIM}),
    config(verification={"timeout": "60"}, cloudflare={"accountId": 1}),
    config(verification={"timeout": "0.5"}),
    domain(ttl=None, accounts=None, spf=None, guard=None, dkim={"record": golden.DKIM}),
    domain(spf={"ip4": ["192.0.2.1"], "ip6": ["2001:DB8::/32", "::ffff:192.0.2.1"], "a": ["@/24//64"]}),
    domain(dkim={"external": True}, spf={"external": True}, dmarc={"external": True}),
    config(cloudflare={"zones": {"example.com": "0a"}, "comment": "x" * 100, "accountId": "1"}),
    config(verification={"knownChallenges": [golden.TOKEN], "resolvers": ["192.0.2.1"], "resolversMustAgree": True}),
]


@pytest.mark.parametrize("values", RIGHT, ids=range(len(RIGHT)))
def test_what_is_right_is_so_to_both(values: dict[str, Any], tmp_path: Path) -> None:
    assert not refused(values)
    assert not refused_by_the_command(values, tmp_path)


WRONG: list[dict[str, Any]] = [
    config(accounts=[]),
    config(accounts="a@acme.example"),
    config(accounts=["a"]),
    config(accounts=[3]),
    config(account=["a@acme.example"]),
    config(domains=[]),
    config(domains="example.com"),
    config(domains=["https://example.com"]),
    config(domains=["a@example.com"]),
    config(domains=["*.example.com"]),
    config(domains=[7]),
    config(domains=[{"spf": {}}]),
    config(domains={"name": "example.com"}),
    config(ttl=0),
    config(ttl="soon"),
    config(ttl=True),
    config(ttl=1.5),
    config(spf="v=spf2 -all"),
    config(spf=["v=spf1 -all"]),
    config(spf={"record": "-all"}),
    config(dmarc="p=none"),
    config(guard="of"),
    config(guard={"mod": "warn"}),
    config(verification={"mode": "on"}),
    config(verification={"timeout": -1}),
    config(verification={"timeout": 1e9}),
    config(verification={"timeout": "1m"}),
    config(verification={"nameservers": []}),
    config(verification={"nameservers": "192.0.2.1"}),
    config(verification={"knownChallenges": ["x"]}),
    config(verification={"via": "dns"}),
    config(verification={"resolversMustAgree": "yes"}),
    config(cloudflare={"accountID": "x"}),
    config(cloudflare={"zones": ["example.com"]}),
    config(cloudflare={"zones": {"https://x.se": "a"}}),
    config(cloudflare={"comment": "x" * 101}),
    config(cloudflare=None, rfc2136={"zones": "example.com"}),
    config(cloudflare=None, rfc2136={"zones": ["example.com"], "key_name": "x"}),
    config(cloudflare=None, rfc2136={"zones": ["example.com"], "algorithm": "hmac-md5"}),
    config(cloudflare=None, rfc2136={"profiles": {"A B": {"zones": ["example.com"]}}}),
    config(cloudflare=None, rfc2136={"profiles": {"a": {"zone": ["example.com"]}}}),
    config(adopt="_dmarc.example.com"),
    config(adopt=[3]),
    config(adopt={"_dmarc.example.com": True}),
    config(tsigKey="c2VjcmV0"),
    config(tsigKeys={"in-house": "c2VjcmV0"}),
    domain(spff="v=spf1 -all"),
    domain(ttl="5m"),
    domain(accounts=[]),
    domain(spf={"inlcude": ["a.example"]}),
    domain(spf={"include": "a.example"}),
    domain(spf={"ip4": ["::1"]}),
    domain(spf={"ip6": ["mx.example.com"]}),
    domain(spf={"all": "pass"}),
    domain(spf={"external": "yes"}),
    domain(dkim={"value": golden.DKIM}),
    domain(dkim=3),
    domain(dmarc={"p": "nono"}),
    domain(dmarc={"rua": "mailto:a@b.se"}),
    domain(dmarc={"rua": ["a@b.se"]}),
    domain(dmarc={"rua": ["https://reports.example/x"]}),
    domain(dmarc={"pct": 5}),
    domain(verification="of"),
]


@pytest.mark.parametrize("values", WRONG, ids=lambda values: re.sub(r"\W+", "-", json.dumps(values)[-60:]))
def test_what_is_wrong_is_so_to_both(values: dict[str, Any], tmp_path: Path) -> None:
    assert refused(values)
    assert refused_by_the_command(values, tmp_path)


ODD: list[Any] = [None, "", 0, True, "x", [], {}, ["x"]]
"""What may come to stand anywhere."""

STRICTER = {("cloudflare", "zones", "example.com")}
"""Where the schema refuses what the command takes; and at any key of ``config`` what is no value at all."""


def test_what_the_schema_refuses_the_command_refuses_too(tmp_path: Path) -> None:
    compared = 0
    for values, path in CASES:
        # A domain has the same policies as the stack, and publishers are all that the two configs differ in.
        again = (path[0] in POLICIES and len(path) > 1) or ("cloudflare" in values and path[0] != "cloudflare")
        for odd in () if again or path in STRICTER else ODD:
            one = changed(values, path, odd)
            if refused(one) and not (len(path) == 1 and odd in (None, "", {})):
                compared += 1
                assert refused_by_the_command(one, tmp_path), (path, odd)
    assert compared > 400


def test_a_value_may_be_encrypted_wherever_it_stands() -> None:
    assert not any(refused(values) for values, _ in CASES)
    for values, path in CASES:
        assert not refused(encrypted(values, path)), path


@pytest.mark.parametrize(
    "content",
    [
        {"config": {"elastx-mrs:domain": ["example.com"]}},
        {"config": {"elastx-mrs:domainss": ["example.com"]}},
        {"config": {"elastx-mrs:": 1}},
        {"elastx-mrs:domains": ["example.com"]},
        {"config": ["elastx-mrs:domains"]},
        [],
    ],
)
def test_our_keys_are_known_and_below_config(content: Any, tmp_path: Path) -> None:
    assert not VALIDATOR.is_valid(content)
    assert any(one.level == "error" for one in check(write(tmp_path / "x.yaml", json.dumps(content))).findings)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"config": None},
        {"config": {"acme:domains": 3, "aws:region": "eu-north-1"}, "encryptionsalt": "v1:x"},
        {
            "config": {"elastx-mrs:spf": {}},
            "secretsprovider": "awskms://x",
            "encryptedkey": "x",
            "environment": ["a/b"],
        },
    ],
)
def test_the_keys_of_others_are_theirs(content: Any) -> None:
    assert VALIDATOR.is_valid(content)
