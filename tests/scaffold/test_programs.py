"""Programs in each language: those of the examples, word for word, and in the language's own form."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from elastx_mrs.scaffold import go, programs, typescript, yaml_program
from elastx_mrs.scaffold.plan import Plan
from tests.engine.stack import ROOT
from tests.scaffold.plans import EXAMPLE, plan
from toolchain.enums import ENUMS

PLUGIN = [name for name, one in programs.LANGUAGES.items() if one.plugin]


def test_there_is_an_example_for_each_language() -> None:
    assert set(PLUGIN) == {"typescript", "go", "yaml"}


@pytest.mark.parametrize("language", PLUGIN)
def test_files_and_project_are_the_example_s(language: str) -> None:
    """The program has other domains there, and go.mod what ``go mod tidy`` adds."""
    example = ROOT / "examples" / language
    made = programs.files(plan(), language, "")
    assert made["Pulumi.yaml"].splitlines()[:3] == (example / "Pulumi.yaml").read_text().splitlines()[:3]
    assert made["Pulumi.yaml"].splitlines()[3:5] == programs.PACKAGES.splitlines()
    for name in set(made) & {"package.json", "tsconfig.json"}:
        assert made[name] == (example / name).read_text()
    if language == "go":
        said = (example / "go.mod").read_text()
        assert [line for line in made["go.mod"].splitlines() if line not in said.splitlines()] == []


def test_a_python_project_is_the_package_s_example_with_a_stack_s_config() -> None:
    made = programs.files(plan(), "python", "")
    example = ROOT / "examples" / "python-package"
    assert made["Pulumi.yaml"] == (example / "Pulumi.yaml").read_text()
    head = "relay = MailRelay("
    program, of_example = made["__main__.py"], (example / "__main__.py").read_text()
    assert program.partition(head)[0].replace(", stack_config", "") == of_example.partition(head)[0]
    assert program.splitlines()[-2:] == of_example.splitlines()[-2:]


@pytest.mark.parametrize(("language", "name"), [("typescript", "index.ts"), ("go", "main.go"), ("yaml", "Pulumi.yaml")])
def test_a_program_is_the_example_s(language: str, name: str) -> None:
    """The example has a line more, a policy for all domains, which gofmt puts into one column with its neighbour.

    It needs no folder for the plugin. What is kept of DNS is no enumeration: records, selectors, true and false.
    """
    example = [line for line in (ROOT / "examples" / language / name).read_text().splitlines() if not _policy(line)]
    text = programs.files(plan(domains=EXAMPLE, notes=[]), language, "")[name]
    text = text.replace(programs.PACKAGES, "").replace('pulumi.String("softfail")', "elastx.SpfAllSoftfail")
    made = text.splitlines()
    assert [" ".join(line.split()) for line in made] == [" ".join(line.split()) for line in example]
    assert [line[: len(line) - len(line.lstrip())] for line in made] == [
        line[: len(line) - len(line.lstrip())] for line in example
    ]


def _policy(line: str) -> bool:
    return line.strip().lower().startswith("dmarc:")


def test_typescript_has_the_values_and_the_notes() -> None:
    text = typescript.program(plan())
    assert '    accounts: ["smtp-prod@acme.example", "newsletter@acme.example"],\n' in text
    assert "        // 'v=spf1 -all' becomes 'v=spf1 include:elastx.email -all'\n" in text
    assert '        { name: "example.se", dmarc: { external: true } },\n' in text
    assert '    rfc2136: { zones: ["example.com", "example.se"] },\n' in text
    assert "ns1.example.com" not in text
    assert "    cloudflare: {},\n" in typescript.program(plan("cloudflare"))


def test_many_accounts_are_a_line_each() -> None:
    text = typescript.program(plan(accounts=[f"account-{number}@acme.example" for number in range(9)]))
    assert '    accounts: [\n        "account-0@acme.example",\n' in text
    assert max(len(line) for line in text.splitlines() if "acme" in line) < 100


CASES: Mapping[str, Plan] = {
    "short": plan(domains=[{"name": "a.se"}], accounts=["a@b.se"]),
    "long": plan(accounts=[f"account-{number}@acme.example" for number in range(9)]),
    "cloudflare": plan("cloudflare"),
    "an account of a cloud": plan("cloudflare", settings={"accountId": "0" * 32}),
    "without a key of all": plan(dkim="", domains=[{"name": "a.se", "dkim": {"external": True}}]),
    "all kinds in one": plan(
        domains=[
            {
                "name": "a.se",
                "accounts": ["a@b.se"],
                "spf": {"record": "v=spf1 include:elastx.email -all"},
                "dkim": {"selector": "s1", "record": "v=DKIM1; " + "p" * 200},
                "dmarc": {"record": "v=DMARC1; p=none"},
            }
        ]
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_go_is_as_gofmt_has_it(tmp_path: Path, case: str) -> None:
    if shutil.which("gofmt") is None:
        pytest.skip("there is no gofmt")
    text = go.program(CASES[case])
    done = subprocess.run(["gofmt"], input=text, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == text


def test_go_has_the_constants_of_the_sdk() -> None:
    typed = {"name": "a.se", "spf": {"all": "neutral"}, "dmarc": {"p": "none", "aspf": "s"}}
    text = go.program(plan(domains=[typed]))
    assert "elastx.SpfArgs{All: elastx.SpfAllNeutral}" in text
    assert "elastx.DmarcArgs{P: elastx.DmarcPolicyNone, Aspf: elastx.DmarcAlignmentStrict}" in text
    listed = {one.name: one for one in ENUMS}
    assert set(go.constants().values()) == {
        f"{name}{choice.name}" for name, one in listed.items() for choice in one.choices
    }


def test_the_sdk_s_packages_are_those_of_the_schema() -> None:
    """Pulumi puts an SDK into a folder that is named for the namespace and the plugin."""
    schema = json.loads(go.SCHEMA.read_text())
    folder = f"sdks/{schema['namespace']}-{schema['name']}"
    package = schema["language"]["nodejs"]["packageName"]
    assert typescript.PACKAGE["dependencies"][package] == f"file:{folder}"
    assert f'from "{package}"' in typescript.program(plan())
    path = schema["language"]["go"]["importBasePath"]
    assert f'elastx "{path}"' in go.program(plan())
    assert f"replace {path.rpartition('/')[0]} => ./{folder}" in go.module(plan())


def test_go_escapes_what_stands_in_quotes() -> None:
    text = go.program(plan(domains=[{"name": "a.se", "spf": {"record": 'v=spf1 "\\'}}]))
    assert 'pulumi.String("v=spf1 \\"\\\\")' in text


@pytest.mark.parametrize("case", CASES)
def test_yaml_says_what_the_plan_says(case: str) -> None:
    given = CASES[case]
    made = yaml.safe_load(programs.project(given, "yaml"))
    properties = made["resources"]["mail"]["properties"]
    assert properties["domains"] == [dict(one.config) for one in given.domains]
    assert properties["accounts"] == list(given.accounts)
    assert properties[given.provider.name] == given.of_the_program
    assert properties.get("dkim") == ({"record": "${dkim}"} if given.dkim else None)
    assert ("configuration" in made) == bool(given.dkim)


def test_yaml_replaces_nothing_in_text() -> None:
    """In Pulumi's YAML ``${…}`` is replaced, and ``$${…}`` is ``${…}``."""
    text = yaml_program.program(plan(accounts=["a${mail}@acme.example"]))
    assert "a$${mail}@acme.example" in text


@pytest.mark.parametrize(
    ("name", "package"), [("acme-mail", "acme-mail"), ("Mail", "mail"), ("_x", "x"), (".", "mail")]
)
def test_a_package_s_name_is_one_that_npm_and_go_take(name: str, package: str) -> None:
    given = plan(project=name)
    assert json.loads(programs.files(given, "typescript", "")["package.json"])["name"] == package
    assert go.module(given).startswith(f"module {package}\n")


@pytest.mark.parametrize("name", ["2026", "on", "null", "1e3", "a.b"])
def test_a_project_s_name_is_text_in_yaml(name: str) -> None:
    for language in programs.LANGUAGES:
        assert yaml.safe_load(programs.project(plan(project=name), language))["name"] == name


def commands(given: Plan, language: str, **environment: str) -> list[str]:
    return programs.commands(given, language, environment)


def test_the_next_commands_are_three() -> None:
    own = {language: commands(plan(), language, VIRTUAL_ENV="/x") for language in programs.LANGUAGES}
    assert own == {
        "python": ["pip install -r requirements.txt", "pulumi stack init prod", "pulumi preview --stack prod"],
        **{one: ["pulumi install", "pulumi stack init prod", "pulumi preview --stack prod"] for one in PLUGIN},
    }


@pytest.mark.parametrize("language", PLUGIN)
def test_the_folder_of_the_plugin_is_that_of_its_page(language: str) -> None:
    page = (ROOT / "docs" / "plugin.md").read_text()
    told = dict(re.findall(r"(?m)^cat > (plugin/\S+) <<'END'\n((?:(?!END).*\n)*)END", page))
    made = programs.files(plan(version="0.1.0"), language, "")
    assert {name: text for name, text in made.items() if name.startswith("plugin/")} == told
    assert f"<<'END'\n{programs.PACKAGES}END" in page
    for provider in ("cloudflare", "route53", "octodns"):
        needed = programs.files(plan(provider, version="0.1.0"), language, "")["plugin/requirements.txt"]
        assert f" | `{needed.strip()}`" in page


def test_outside_an_environment_the_first_command_makes_one() -> None:
    assert commands(plan(), "python")[0] == (
        "python3 -m venv .venv && . .venv/bin/activate && pip install -r requirements.txt"
    )


def test_where_an_import_takes_over_what_is_there_its_commands_come_before_the_preview() -> None:
    assert commands(plan("cloudflare"), "python")[1:] == [
        "pulumi stack init prod",
        "elastx-mrs adopt --import --stack-config Pulumi.prod.yaml > import.json",
        "pulumi import --file import.json --protect=false --generate-code=false",
        "pulumi preview --stack prod",
    ]
    assert len(commands(plan("cloudflare", adopt=[]), "python")) == 3


def test_requirements_are_the_provider_s() -> None:
    assert [one.partition("==")[0] for one in programs.requirements(plan())] == ["elastx-mrs"]
    assert [one.partition("==")[0] for one in programs.requirements(plan("cloudflare"))] == ["elastx-mrs[cloudflare]"]
