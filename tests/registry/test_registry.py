"""Providers that other packages bring: a folder with an entry point is all that it takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from elastx_mrs import registry
from elastx_mrs.cli.main import main
from elastx_mrs.config.parse import ConfigError, parse, parse_stack
from elastx_mrs.config.schema import KEPT
from tests import golden
from tests.cli.stackfiles import write

TOY = Path(__file__).with_name("toy")
CONFIG: dict[str, Any] = {
    "accounts": ["a@acme.example"],
    "domains": ["example.com"],
    "dkim": golden.DKIM,
    "toy": {"zone": "example.com"},
}
SECURE = {"secure": "v1:abc:def"}


def stack(**keys: Any) -> dict[str, Any]:
    return {f"elastx-mrs:{key}": value for key, value in (CONFIG | keys).items() if value is not None}


def check(folder: Path, **keys: Any) -> list[str]:
    """Return what ``config check`` says of a stack's file, without the places."""
    path = write(folder / "Pulumi.test.yaml", json.dumps({"config": stack(**keys)}))
    found = json.loads(CliRunner().invoke(main, ["config", "check", "--format", "json", path]).stdout)
    return [f"{one['level']}: {one['path']}: {'; '.join(filter(None, (one['seen'], one['fix'])))}" for one in found]


def errors(folder: Path, **keys: Any) -> list[str]:
    return [line for line in check(folder, **keys) if line.startswith("error")]


def bring(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, module: str) -> None:
    """Install a package with one entry point."""
    about = folder / f"pkg_{name}_{module.replace('.', '_')}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pkg-{name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{name} = {module}\n")
    monkeypatch.syspath_prepend(str(folder))


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOY))


def test_without_the_package_its_key_is_unknown(tmp_path: Path) -> None:
    (problem,) = errors(tmp_path)
    assert problem.startswith("error: toy: is not a key here; the keys are accounts, domains,")


@pytest.mark.usefixtures("toy")
def test_a_config_names_it() -> None:
    arguments = parse_stack(stack())
    ((provider, settings),) = arguments.publishers
    assert (provider.name, settings.model_dump()) == ("toy", {"zone": "example.com", "colour": None})
    assert parse({**CONFIG, "dkim": {"record": golden.DKIM}}, camel_case=False).publishers[0][0] is provider


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"toy": {"zone": "example.com", "color": "red"}}, "toy.color: is not a key here; did you mean colour?"),
        ({"toy": {"zone": ["x"]}}, "toy.zone: is a list; write one string"),
        (
            {"toy": {}},
            "cloudflare, rfc2136, route53, octodns, toy: no publisher; "
            "write cloudflare: {}, rfc2136, route53: {}, octodns or toy",
        ),
        ({"toy": {"zone": "example.se"}}, "domains[0]: example.com is not in the toy's zone example.se"),
        ({"ttl": 77}, "ttl: is 77; a toy cannot count so far"),
        ({"cloudflare": {}}, "toy: cannot tell which zones it has; write publish: [toy]"),
        ({"toi": {"zone": "example.com"}, "toy": None}, "toi: is not a key here; did you mean toy?"),
    ],
)
def test_its_faults_are_named_by_their_place(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_stack(stack(**keys))
    assert problem in str(refused.value)


@pytest.mark.usefixtures("toy")
def test_config_check_knows_it(tmp_path: Path) -> None:
    assert errors(tmp_path) == []
    assert errors(tmp_path, toyToken=SECURE) == []
    assert errors(tmp_path, toy=SECURE) == []
    (open_,) = errors(tmp_path, toyToken="abc")
    assert open_ == (
        "error: toyToken: is in plain text, and Git keeps it forever: make a new token, and run: "
        "pulumi config set --secret elastx-mrs:toyToken"
    )


@pytest.mark.usefixtures("toy")
def test_config_schema_has_it_at_run_time() -> None:
    done = CliRunner().invoke(main, ["config", "schema"])
    made = json.loads(done.stdout)
    described = made["properties"]["config"]["properties"]
    assert described["elastx-mrs:toy"]["description"] == "Publish to a toy."
    assert described["elastx-mrs:toy"]["examples"] == [{"zone": "example.com"}]
    keys = made["definitions"]["Toy"]["properties"]
    assert keys["colour"]["description"] == "What the toy is painted in."
    assert [key for key, one in keys.items() if "examples" in one] == ["zone"]
    valid = Draft7Validator(made).is_valid
    assert valid({"config": stack()})
    assert valid({"config": stack(toyToken=SECURE)})
    assert not valid({"config": stack(toyToken="abc")})
    assert not valid({"config": stack(toy={"zone": "example.com", "color": "red"})})
    assert "elastx-mrs:toy" not in KEPT.read_text()


def test_a_name_in_both_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(monkeypatch, tmp_path, "cloudflare", "elsewhere.settings")
    problem = "the package pkg-cloudflare brings a provider cloudflare, which is built in; uninstall it"
    with pytest.raises(registry.RegistryError, match=problem):
        registry.every()
    done = CliRunner().invoke(main, ["config", "schema"])
    assert (done.exit_code, done.stderr) == (2, f"Error: {problem}\n")
    with pytest.raises(ConfigError, match=f"toy: {problem}"):
        parse_stack(stack())
    assert parse_stack(stack(toy=None, cloudflare={})).publishers[0][0].name == "cloudflare"


@pytest.mark.usefixtures("toy")
def test_two_packages_of_one_name_are_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(monkeypatch, tmp_path, "toy", "other.settings")
    with pytest.raises(registry.RegistryError, match=r"two packages bring a provider toy: .*; uninstall one of them"):
        registry.installed()


def test_the_defaults_of_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that describes only its model: encrypted settings, and those whose other half the program has, are taken."""
    bring(monkeypatch, tmp_path, "plain", "plaindns.settings")
    (tmp_path / "plaindns").mkdir()
    (tmp_path / "plaindns" / "__init__.py").write_text("")
    (tmp_path / "plaindns" / "settings.py").write_text(
        "from elastx_mrs.config.base import Shape\n"
        "from elastx_mrs.registry import Provider\n"
        "class Plain(Shape):\n"
        '    """A plain one."""\n'
        "    zone: str\n"
        '    """Its zone."""\n'
        'PROVIDER = Provider("plain", Plain, "Publish plainly.", "plaindns.publisher:make", at_update="where it is")\n'
    )
    assert errors(tmp_path, toy=None, plain={"zone": SECURE}) == []
    assert errors(tmp_path, toy=None, plain={"zone": "example.com"}, accounts=None, domains=None, dkim=None) == []
    (problem,) = errors(tmp_path, toy=None, plain={"zone": ["x"]}, accounts=None, domains=None, dkim=None)
    assert problem == "error: plain.zone: is a list; write one string"


def test_names_of_providers_if_one_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOY))
    assert registry.names() == [*registry.BUILT_IN, "toy"]
    bring(monkeypatch, tmp_path, "toy", "other.settings")
    assert registry.names() == [*registry.BUILT_IN]


def test_one_that_cannot_be_loaded_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(monkeypatch, tmp_path, "broken", "brokendns.settings")
    (tmp_path / "brokendns").mkdir()
    (tmp_path / "brokendns" / "__init__.py").write_text("")
    (tmp_path / "brokendns" / "settings.py").write_text("import nothing_of_that_name\n")
    (problem,) = errors(tmp_path, toy=None, broken={})
    assert problem == (
        "error: broken: the provider broken cannot be loaded from brokendns.settings: ModuleNotFoundError: "
        "No module named 'nothing_of_that_name'; ask the maintainer of its package"
    )


def test_one_that_describes_another_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(monkeypatch, tmp_path, "renamed", "toydns.settings")
    monkeypatch.syspath_prepend(str(TOY))
    with pytest.raises(ConfigError, match=r"renamed: the provider renamed: toydns\.settings\.PROVIDER does not"):
        parse_stack(stack(toy=None, renamed={"zone": "example.com"}))


def test_the_installed_packages_are_read_only_for_unknown_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading takes 6 ms: the project's defaults, which are empty for every optional key, must cost none."""
    asked: list[str] = []

    def entry_points(group: str) -> list[Any]:
        asked.append(group)
        return []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    monkeypatch.setattr(registry, "_installed", registry._installed.__wrapped__)  # without what was read before
    empty: dict[str, Any] = {key: {} for key in ("spf", "dmarc", "guard", "verification", "rfc2136", "adopt")}
    parse_stack(stack(toy=None, cloudflare={}, **empty))
    assert asked == []
    with pytest.raises(ConfigError, match="toy: is not a key here"):
        parse_stack(stack(cloudflare={}))
    assert asked != []
