"""``elastx-mrs init`` without a terminal: options alone, all that is missing at once, all files or none."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.scaffold import files as written
from elastx_mrs.scaffold import programs
from tests import golden
from tests.cli.commands import INPUT, OK, UNASKED, WRONG
from tests.cli.scene import SERVED
from tests.registry.test_registry import TOY, bring
from tests.scaffold.plans import names

MAIL = ("--domain", "example.se", "--account", golden.ACCOUNT, "--dkim", golden.DKIM)
CLOUDFLARE = (*MAIL, "--publisher", "cloudflare")
FILES = ["Pulumi.prod.yaml", "Pulumi.yaml", "__main__.py", "requirements.txt", "stack.schema.json"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with open_lab(tmp_path_factory.mktemp("lab"), SERVED) as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Path:
    made = tmp_path / "acme mail"
    made.mkdir()
    monkeypatch.chdir(made)
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", lab.address)
    monkeypatch.setenv("VIRTUAL_ENV", "/nowhere")
    return made


def run(*arguments: str, code: int = OK) -> Result:
    result = CliRunner().invoke(main, ["init", *arguments], prog_name="elastx-mrs")
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    assert result.exit_code == code, result.output
    assert code in (OK, WRONG) or names() == []
    return result


def config(name: str = "Pulumi.prod.yaml") -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(Path(name).read_text())["config"]
    return found


@pytest.mark.parametrize("language", programs.LANGUAGES)
def test_no_project_has_the_name_of_the_components_own_keys(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program's ``dkim`` would be the component's, of which the rest is missing."""
    run(*CLOUDFLARE, "--stack", "elastx-mrs/prod", "--language", language, code=INPUT)
    (tmp_path / "elastx-mrs").mkdir()
    monkeypatch.chdir(tmp_path / "elastx-mrs")
    run(*CLOUDFLARE, "--language", language)
    assert yaml.safe_load(Path("Pulumi.yaml").read_text())["name"] == "mail"


def test_options_alone_write_a_project_and_the_next_commands() -> None:
    result = run(*CLOUDFLARE)
    assert names() == FILES
    assert yaml.safe_load(Path("Pulumi.yaml").read_text())["name"] == "acme-mail"
    assert config()["elastx-mrs:domains"] == ["example.se"]
    assert result.stdout.splitlines()[0] == (
        "Wrote Pulumi.yaml, __main__.py, requirements.txt, Pulumi.prod.yaml and stack.schema.json."
    )
    assert "Pulumi.prod.yaml: ok: 1 domain, 1 account, 4 records\n" in result.stdout
    assert "\nBefore the preview, set CLOUDFLARE_API_TOKEN: a token with Zone > Zone > Read and" in result.stdout
    assert result.stdout.endswith(
        "\nNext:\n  pip install -r requirements.txt\n  pulumi stack init prod\n  pulumi preview --stack prod\n"
    )


def test_in_a_lab_the_next_commands_run_in_it_and_no_credential_is_asked_for(
    lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in lab.environment().items():
        monkeypatch.setenv(name, value)
    within = f"elastx-mrs lab --dir {lab.directory} -- "
    commands = [f"{within}pulumi stack init prod", f"{within}pulumi preview --stack prod"]
    for publisher in ("rfc2136", "cloudflare"):
        result = run(*MAIL, "--publisher", publisher, "--stack", f"{publisher}/prod")
        assert "Before the preview" not in result.stdout
        assert result.stdout.endswith("\n".join(["\nNext:", *("  " + one for one in [_INSTALL, *commands]), ""]))
        for name in names():
            Path(name).unlink()
    shutil.copytree(lab.directory, folder / ".lab")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{folder}/.lab/state")
    monkeypatch.setenv("PULUMI_HOME", f"{folder}/.lab/pulumi-home")
    assert "\n  elastx-mrs lab -- pulumi preview --stack prod\n" in run(*CLOUDFLARE).stdout


def test_a_credential_that_is_set_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "t" * 40)
    result = run(*CLOUDFLARE)
    assert "Before the preview" not in result.stdout
    assert result.stdout.endswith("\n  pulumi preview --stack prod\n")


_INSTALL = "pip install -r requirements.txt"


@pytest.mark.parametrize("language", programs.LANGUAGES)
def test_each_language_has_its_files(language: str) -> None:
    run(*CLOUDFLARE, "--language", language, "--stack", "mail/dev")
    assert yaml.safe_load(Path("Pulumi.yaml").read_text())["name"] == "mail"
    written_ = [str(path) for path in Path().rglob("*") if path.is_file()]
    assert sorted(written_) == sorted(programs.names(language, "dev"))


def test_all_missing_options_are_named_at_once() -> None:
    asked = "Error: required options are missing; add "
    assert run(code=INPUT).stderr == (
        f"{asked}--domain example.com, --account smtp-prod@acme.example, --dkim 'v=DKIM1; p=…', --publisher NAME\n"
    )
    assert run(*MAIL, "--yes", code=INPUT).stderr == f"{asked}--publisher NAME\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--domain", "localhost"), "--domain (number 1): is a single label"),
        (("--domain", "a.se", "--domain", "A.se"), "--domain (number 2): 'A.se' is the same domain"),
        (("--account", "me"), "--account (number 1): 'me' is not an e-mail address"),
        (("--dkim", "v=DKIM1; p="), "--dkim: has an empty p="),
        (("--dkim", "v=DKIM1; p=", "--domain", "x"), "2 faults:"),
        (
            ("--publisher", "azure"),
            "--publisher 'azure': is not a publisher; write cloudflare, rfc2136, route53, octodns or",
        ),
        (("--setting", "zones=a.se"), "--setting: needs a publisher; add --publisher NAME"),
        (("--publisher", "rfc2136", "--setting", "zones"), "write KEY=VALUE, such as zones=example.com,example.se"),
        (("--publisher", "rfc2136", "--setting", "zonse=a.se"), "--setting zonse: is not a key here; did you mean"),
        (("--publisher", "rfc2136", "--setting", "server=dns://a"), "--setting server: 'dns://a' is not an address"),
        (("--stack", "a/b/c"), "--stack 'a/b/c': 'a/b' is not a name that Pulumi accepts"),
        (("--stack", "/b"), "--stack '/b': '' is not a name that Pulumi accepts"),
        (("--stack", "a/"), "--stack 'a/': '' is not a name that Pulumi accepts"),
        (("--stack", "../b/c"), "--stack '../b/c': '../b' is not a name that Pulumi accepts"),
        (("--stack", "."), "--stack '.': '.' is not a name that Pulumi accepts"),
        (("--nameserver", "ns1.example.com"), "--nameserver: 'ns1.example.com'"),
    ],
)
def test_a_wrong_option_is_named_with_the_reason(arguments: tuple[str, ...], said: str) -> None:
    given = CLOUDFLARE if "--nameserver" in arguments else ()
    assert said in run(*given, *arguments, code=INPUT).stderr


def test_no_value_of_a_setting_is_repeated() -> None:
    """It may be a key that belongs elsewhere."""
    secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA=="
    for setting in (f"keyName={secret}", f"tsigKey={secret}", secret):
        result = run("--publisher", "rfc2136", "--setting", setting, code=INPUT)
        assert secret.rstrip("=") not in result.output


def test_the_zones_are_those_that_dns_has() -> None:
    run(*MAIL, "--domain", "news.example.com", "--domain", "www.example.com", "--publisher", "rfc2136")
    assert config()["elastx-mrs:rfc2136"] == {"zones": ["example.se", "news.example.com", "example.com"]}


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_ACCESS_KEY_ID"])
def test_credentials_that_are_there_are_not_asked_for(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "mail")
    assert "Before the preview" not in run("--domain", "example.com", *MAIL[2:], "--publisher", "route53").stdout


def test_route53_needs_no_answers_and_its_extra() -> None:
    result = run("--domain", "example.com", *MAIL[2:], "--publisher", "route53")
    assert config()["elastx-mrs:route53"] == {}
    assert config()["elastx-mrs:adopt"] == ["example.com", "_dmarc.example.com"]
    assert "elastx-mrs[route53]" in Path("requirements.txt").read_text()
    assert "\nBefore the preview, set AWS_PROFILE or AWS_ACCESS_KEY_ID: credentials of AWS that may" in result.stdout


OCTODNS = ("--domain", "example.com", *MAIL[2:], "--publisher", "octodns")


@pytest.mark.parametrize("language", programs.LANGUAGES)
def test_octodns_has_the_usual_keys_of_a_class_and_its_package(language: str) -> None:
    hetzner = "class=octodns_hetzner.HetznerProvider"
    result = run(*OCTODNS, "--setting", hetzner, "--setting", "ttl=300", "--language", language)
    keys = {"token": "env/HCLOUD_TOKEN", "backend": "hcloud", "ttl": 300}
    assert config()["elastx-mrs:octodns"] == {"hetzner": {"class": "octodns_hetzner.HetznerProvider"} | keys}
    (requirements,) = Path().rglob("requirements.txt")
    assert requirements.read_text().splitlines()[0].startswith("elastx-mrs[octodns]==")
    assert requirements.read_text().splitlines()[1:] == ["octodns-hetzner"]
    assert "\nBefore the preview, set HCLOUD_TOKEN: token of octodns.hetzner.\n" in result.stdout
    assert "\nPulumi.prod.yaml: ok" in result.stdout, result.stdout


def test_octodns_with_a_class_that_nobody_knows() -> None:
    result = run(*OCTODNS, "--setting", "class=my.dns.Provider")
    text = Path("Pulumi.prod.yaml").read_text()
    assert "      class: my.dns.Provider\n      # add the keys of this class, as its documentation names them" in text
    assert "Before the preview, set the keys of my.dns.Provider in the stack's file, as https://" in result.stdout
    assert "my" not in Path("requirements.txt").read_text(), "another name would only be a guess"


def test_octodns_with_the_keys_of_a_class() -> None:
    run(*OCTODNS, "--setting", "class=octodns_my_dns.MyProvider", "--setting", "keys=token, port=53 strict=true")
    keys = {"token": "env/MY_DNS_TOKEN", "port": 53, "strict": True}
    assert config()["elastx-mrs:octodns"] == {"my_dns": {"class": "octodns_my_dns.MyProvider"} | keys}


def test_octodns_with_a_class_that_cannot_list_zones() -> None:
    run(*OCTODNS, "--setting", "class=octodns_ovh.OvhProvider")
    assert config()["elastx-mrs:octodns"]["ovh"]["zones"] == ["example.com"]  # type: ignore[index]


@pytest.mark.parametrize("setting", ["token=Secret-Token-4711", "keys=token=Secret-Token-4711"])
def test_no_secret_of_octodns_is_written_or_repeated(setting: str) -> None:
    result = run(*OCTODNS, "--setting", "class=a.B", "--setting", setting, code=INPUT)
    assert "--setting token: is a secret, and init writes none; write the variable that has it" in result.stderr
    assert "Secret-Token" not in result.output


def test_octodns_needs_a_class() -> None:
    result = run(*OCTODNS, code=INPUT)
    assert "required options are missing; add --setting class=octodns_hetzner.HetznerProvider" in result.stderr
    result = run(*OCTODNS, "--setting", "class=Hetzner", code=INPUT)
    assert "--setting class: 'Hetzner' is not the path of a Python class; write one, such as" in result.stderr


def test_published_records_are_kept() -> None:
    result = run("--domain", "example.com", *MAIL[2:], "--publisher", "rfc2136")
    spf = "v=spf1 ip4:203.0.113.0/24 include:elastx.email -all"
    assert config()["elastx-mrs:domains"] == [
        {"name": "example.com", "spf": {"record": spf}, "dmarc": {"record": "v=DMARC1; p=none;"}}
    ]
    assert config()["elastx-mrs:adopt"] == ["example.com", "_dmarc.example.com"]
    assert "    # example.com SPF stays as it is" in Path("Pulumi.prod.yaml").read_text()
    assert result.stderr == ""


def test_a_record_that_cannot_be_kept_gives_exit_code_1_and_the_files_are_written() -> None:
    result = run("--domain", "two.example.com", *MAIL[2:], "--publisher", "cloudflare", code=WRONG)
    assert result.stderr.startswith("warning: cannot be kept: two.example.com has 2 SPF records")
    assert names() == FILES
    assert "    # CANNOT BE KEPT: two.example.com has 2 SPF records" in Path("Pulumi.prod.yaml").read_text()


def test_without_dns_it_stops_unless_no_dns_is_given() -> None:
    result = run("--domain", "elsewhere.invalid", *MAIL[2:], "--publisher", "cloudflare", code=UNASKED)
    assert result.stderr.startswith(
        "Error: DNS did not answer; to continue without the published records, add --no-dns\n"
    )
    assert "SPF of elsewhere.invalid could not be looked up: 127.0.0.1:" in result.stderr
    run("--domain", "elsewhere.invalid", *MAIL[2:], "--publisher", "cloudflare", "--no-dns")
    assert config()["elastx-mrs:domains"] == ["elsewhere.invalid"]
    assert "has no SPF" not in Path("Pulumi.prod.yaml").read_text()


def test_an_internationalized_domain_is_written_as_a_labels() -> None:
    run("--domain", "bücher.example", *MAIL[2:], "--publisher", "rfc2136", "--no-dns")
    assert config()["elastx-mrs:domains"] == ["xn--bcher-kva.example"]
    assert "    # xn--bcher-kva.example is bücher.example\n" in Path("Pulumi.prod.yaml").read_text()


def test_a_pasted_line_of_another_domain_gives_a_warning() -> None:
    line = f"elastx._domainkey.other.com. 300 IN TXT {golden.DKIM!r}".replace("'", '"')
    result = run("--domain", "example.se", "--account", golden.ACCOUNT, "--dkim", line, *CLOUDFLARE[-2:])
    assert result.stderr.startswith("warning: --dkim: ")
    assert config()["elastx-mrs:dkim"] == golden.DKIM


@pytest.mark.parametrize("there", [["Pulumi.yaml"], ["__main__.py", "Pulumi.prod.yaml"], ["Pulumi.json"]])
def test_existing_files_are_named_before_the_first_question(there: list[str], folder: Path) -> None:
    for name in there:
        (folder / name).write_text("theirs")
    result = CliRunner().invoke(main, ["init"], prog_name="elastx-mrs")
    assert result.exit_code == INPUT
    assert all(name in result.stderr for name in there)
    assert "init never overwrites a file; move" in result.stderr
    assert names() == sorted(there)
    assert {(folder / name).read_text() for name in there} == {"theirs"}


def test_remains_of_a_killed_run_are_named(folder: Path) -> None:
    (folder / f"{written.STAGED}abc").mkdir()
    result = CliRunner().invoke(main, ["init", *CLOUDFLARE], prog_name="elastx-mrs")
    assert result.exit_code == INPUT
    assert result.stderr == (
        "Error: .elastx-mrs-init-abc: is left over from a run that was killed while it wrote; remove it, and "
        "run this again\n"
    )


def test_a_dry_run_prints_the_files_and_writes_none() -> None:
    result = run(*CLOUDFLARE, "--dry-run")
    assert names() == []
    heads = [line for line in result.stdout.splitlines() if line.startswith("==> ")]
    assert heads == [f"==> {name} <==" for name in programs.names("python", "prod")]
    printed = result.stdout.partition("==> Pulumi.prod.yaml <==\n")[2].partition("==> stack.schema.json")[0]
    run(*CLOUDFLARE)
    assert printed.rstrip("\n") == Path("Pulumi.prod.yaml").read_text().rstrip("\n")


def test_a_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    result = run(*CLOUDFLARE, code=INPUT)
    assert result.stderr == f"Error: {folder}: Permission denied; nothing was written\n"


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(written, "_give", full)
    result = run(*CLOUDFLARE, code=INPUT)
    assert result.stderr == "Error: cannot write: No space left on device; free some space, or write elsewhere\n"


def test_a_deleted_folder(folder: Path) -> None:
    folder.rmdir()
    result = CliRunner().invoke(main, ["init", *CLOUDFLARE], prog_name="elastx-mrs")
    assert result.exit_code == INPUT
    assert result.stderr == "Error: the current folder: No such file or directory; change to another one\n"


def test_a_publisher_of_another_package_needs_no_change_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOY))
    toy = ("--domain", "example.com", *MAIL[2:], "--publisher", "toy", "--no-dns")
    assert run(*toy, code=INPUT).stderr.endswith("add --setting zone=…\n")
    refused = run(*toy, "--setting", "zone=example.com", "--language", "go", code=INPUT)
    assert "--language go: the plugin does not support the publisher toy; use --language python" in refused.stderr
    run(*toy, "--setting", "zone=example.com", "--setting", "colour=red")
    assert config()["elastx-mrs:toy"] == {"zone": "example.com", "colour": "red"}
    assert Path("requirements.txt").read_text().splitlines()[-1] == "toydns"
    assert "elastx-mrs:toy" in Path("stack.schema.json").read_text()


def test_a_publisher_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(monkeypatch, tmp_path, "cloudflare", "elsewhere.settings")
    assert "which is built in; uninstall it" in run(*CLOUDFLARE, code=INPUT).stderr


@pytest.mark.parametrize("language", programs.LANGUAGES)
def test_a_project_whose_records_somebody_else_publishes(language: str) -> None:
    said = run(*MAIL, "--publisher", "external", "--language", language, "--no-dns").output
    place = {"python": "Pulumi.prod.yaml", "typescript": "index.ts", "go": "main.go", "yaml": "Pulumi.yaml"}[language]
    line = {
        "python": "  elastx-mrs:external: true # somebody else publishes the records, by hand",
        "typescript": "    external: true,",
        "go": "External: pulumi.Bool(true),",
        "yaml": "      external: true",
    }[language]
    assert line in " ".join(Path(place).read_text().split(" ")), Path(place).read_text()
    assert "Before the preview" not in said
    if language == "python":
        assert "creates nothing for 1 domain (example.se)" in " ".join(said.split())
        assert config()["elastx-mrs:external"] is True


def test_publishing_by_hand_has_no_settings() -> None:
    said = run(*MAIL, "--publisher", "external", "--setting", "zones=example.se", code=INPUT)
    assert said.stderr.splitlines()[-1] == "Error: --setting: external has no settings; remove this option"
