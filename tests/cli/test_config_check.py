"""``elastx-mrs config check``: what is told of a stack's file, and where."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import golden
from tests.cli.stackfiles import GOOD, HEAD, errors, findings, marked, run, whole, write

DKIM = golden.DKIM


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        (
            HEAD
            + "  elastx-mrs:domains:\n    - example.com\n    - name: example.se\n      «dkim: v=DKIM1; p=MIIBIjANBg\n",
            "domains[1].dkim",
            "cut off",
        ),
        (
            HEAD
            + "  elastx-mrs:domains:\n    - name: example.com\n      spf:\n        ip4: [192.0.2.1, «192.0.2.0/33]\n",
            "domains[0].spf.ip4[1]",
            "not an IPv4",
        ),
        (HEAD + "  elastx-mrs:domains: [{name: a.example, «spff: 1}]\n", "domains[0].spff", "did you mean spf?"),
        (HEAD + "  elastx-mrs:domains:\n    - «ttl: 300\n", "domains[0].name", "is missing"),
        (
            HEAD + '  elastx-mrs:domains: [{name: a.example, «ttl: "5m"}]\n',
            "domains[0].ttl",
            "is a string; write a whole",
        ),
        (HEAD + "  elastx-mrs:domains: [example.com, «EXAMPLE.com]\n", "domains[1]", "same domain as domains[0]"),
        (HEAD + "  «elastx-mrs:domains: example.com\n", "domains", "is a string; write a list"),
        (
            HEAD + "  elastx-mrs:domains: [a.example]\n  elastx-mrs:spf: {«include: x.example}\n",
            "spf.include",
            "write a list",
        ),
        (GOOD + "  «elastx-mrs:domain: example.se\n", "domain", "did you mean domains?"),
        (GOOD + "  elastx-mrs:ttl: 300\n  elastx-mrs:spf: {«on: 1}\n", "spf.on", "is not a key here"),
        (GOOD + "  elastx-mrs:spf: {«0x1F: 1}\n", "spf.31", "is not a key here"),
        (GOOD + "  «1: x\n", "1", "is a key that is not text"),
        (GOOD + "  «elastx-mrs:a:b: x\n", "elastx-mrs:a:b", "has several colons"),
        (HEAD + '  «elastx-mrs:domains: \'["a.example", "https://x.se"]\'\n', "domains[1]", "is a URL"),
        (HEAD + "  «elastx-mrs:domains: '[1'\n", "domains", "is not JSON"),
        (HEAD.replace("config", "«config"), "domains", "is missing"),
        (
            GOOD.replace("cloudflare: {}", "cloudflare: {zones: {example.com: a, «https://x.se: b}}"),
            "cloudflare.zones.https://x.se",
            "is a URL",
        ),
        (  # where a key with dots in it begins like another
            GOOD.replace("cloudflare: {}", "cloudflare: {zones: {«example.com./x: b, example.com: a}}"),
            "cloudflare.zones.example.com./x",
            "is a URL",
        ),
        (
            HEAD + "  elastx-mrs:domains: [{name: a.example, publish: [«cloudfare]}]\n",
            "domains[0].publish[0]",
            "did you mean cloudflare?",
        ),
        (  # an alias is where it was written first
            f"x: &spf {{«all: pass}}\n{HEAD}  elastx-mrs:domains: [{{name: a.example, spf: *spf}}]\n",
            "domains[0].spf.all",
            "'fail', 'softfail' or 'neutral'",
        ),
        (
            f"x: &own {{«ttl: 0}}\n{HEAD}  elastx-mrs:domains:\n    - name: a.example\n      <<: *own\n",
            "domains[0].ttl",
            "Cloudflare takes 60",
        ),
        ("«[config]\n", "", "is not a stack's file"),
        ("x: 1\n«config: 3\n", "config", "has no keys"),
        (GOOD + "«elastx-mrs:ttl: 300\n", "elastx-mrs:ttl", "is next to config"),
        (GOOD + "  «elastx-mr:ttl: 300\n", "elastx-mr:ttl", "did you mean elastx-mrs:ttl?"),
        (GOOD + "  «elastx_mrs:ttl: 300\n", "elastx_mrs:ttl", "did you mean elastx-mrs:ttl?"),
        (GOOD + "  «Elastx-MRS:ttl: 300\n", "Elastx-MRS:ttl", "did you mean elastx-mrs:ttl?"),
        ("config:\n  «elastx-mrs:\n    accounts: [a@b.se]\n", "elastx-mrs", "is one key; write elastx-mrs:accounts"),
        (GOOD + "  elastx-mrs:ttl: 300\n  «elastx-mrs:ttl: 600\n", "ttl", "is already in line 6"),
        (
            HEAD + "  elastx-mrs:domains:\n    - name: a.example\n      ttl: 300\n      «ttl: 300\n",
            "domains[0].ttl",
            "is already in line 7",
        ),
        (
            f"x: &x {{name: a.example}}\n{HEAD}  elastx-mrs:domains:\n    - <<: *x\n      «<<: *x\n",
            "domains[0].<<",
            "is already in line 7",
        ),
        (GOOD + "  «elastx-mrs:domains.x: 1\n", "domains.x", "is not a key here"),
        (GOOD + "x: {a: 1}\ny: {a: 1}\n«x: 2\n", "x", "is already in line 6"),
    ],
)
def test_a_fault_is_told_with_its_line_and_column(text: str, path: str, message: str, tmp_path: Path) -> None:
    given = marked(text)
    file = write(tmp_path / "Pulumi.test.yaml", given.text)
    (one,) = errors(file)
    assert [(one["line"], one["column"])] == given.places
    assert (one["file"], one["path"]) == (file, path)
    assert message in whole(one)
    assert run(file).exit_code == 1


def test_all_faults_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    given = marked(
        f"""config:
  elastx-mrs:domains:
    - «https://x.se
    - name: a.example
      «dmark: {{}}
  elastx-mrs:dkim: {DKIM}
  «elastx-mr:ttl: 300
  elastx-mrs:accounts: [a@acme.example, «nope]
  elastx-mrs:cloudflare: {{}}
  «cloudflare:apiToken: tokentokentoken
"""
    )
    found = errors(write(tmp_path / "Pulumi.test.yaml", given.text))
    assert [(one["line"], one["column"]) for one in found] == given.places
    assert [one["path"] for one in found] == [
        "domains[0]",
        "domains[1].dmark",
        "elastx-mr:ttl",
        "accounts[1]",
        "cloudflare:apiToken",
    ]


def test_what_is_right_is_said_in_one_line(tmp_path: Path) -> None:
    file = write(
        tmp_path / "Pulumi.test.yaml",
        GOOD.replace("[example.com]", "[{name: example.com, dmarc: {rua: [mailto:a@b.se], p: reject}}]"),
    )
    result = run(file)
    # Two accounts' challenges, SPF, DKIM and DMARC.
    assert (result.stdout, result.stderr) == (f"{file}: ok: 1 domain, 2 accounts, 5 records\n", "")
    assert result.exit_code == 0


def test_a_fault_s_line_is_one_that_editors_can_jump_to(tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", HEAD + "  elastx-mrs:domains: [example.com, EXAMPLE.com]\n")
    result = run(file)
    problem = "'EXAMPLE.com' is the same domain as domains[0]; list it once"
    assert result.stdout == f"{file}:5:37: domains[1]: {problem}\n"
    plain = f"{file}:5:37: domains[1]: {problem}\n"
    assert run(file, color=True).stdout == plain.replace("domains[1]:", "\x1b[31mdomains[1]:\x1b[0m")


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 1)])
def test_remarks_have_places_and_only_warnings_fail_and_only_if_asked(
    strict: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    notice = "      dmarc: {p: none, rua: [mailto:a@b.se]}\n"
    doubtful = "      «dmarc: v=DMARC1; p=reject; pct=5; rua=mailto:a@b.se\n"
    given = marked(f"{HEAD}  elastx-mrs:domains:\n    - name: example.com\n{doubtful}")
    warning = write(tmp_path / "Pulumi.warning.yaml", given.text)
    (one,) = findings(warning)
    assert (one["level"], one["path"]) == ("warning", "domains[0].dmarc")
    assert [(one["line"], one["column"])] == given.places
    assert "has pct=, which RFC 9989 dropped" in whole(one)
    result = run(*strict, warning)
    assert result.exit_code == code
    assert result.stdout.startswith(f"{warning}:7:7: warning: domains[0].dmarc: has pct=")
    assert result.stdout.endswith("ok: 1 domain, 2 accounts, 5 records\n") == (code == 0)
    only_noticed = write(
        tmp_path / "Pulumi.notice.yaml", f"{HEAD}  elastx-mrs:domains:\n    - name: example.com\n{notice}"
    )
    (one,) = findings(only_noticed)
    assert (one["level"], one["notice"]) == ("notice", "p-none")
    assert run(*strict, only_noticed).exit_code == 0
    assert "[p-none]\n" in run(*strict, only_noticed).stdout
    acknowledged = write(
        tmp_path / "Pulumi.acknowledged.yaml",
        f"{HEAD}  elastx-mrs:acknowledged: [p-none]\n  elastx-mrs:domains:\n    - name: example.com\n{notice}",
    )
    assert findings(acknowledged) == []


@pytest.mark.parametrize(
    ("text", "path", "run_"),
    [
        ("  «elastx-mrs:tsigKey: c2VjcmV0LXNlY3JldA==\n", "tsigKey", "pulumi config set --secret elastx-mrs:tsigKey"),
        ("  «elastx-mrs:tsigKey: {secure: a, c2VjcmV0LXNlY3JldA==: b}\n", "tsigKey", "elastx-mrs:tsigKey"),
        (
            "  elastx-mrs:tsigKeys: {a: {secure: x}, «in-house: c2VjcmV0LXNlY3JldA==}\n",
            "tsigKeys.in-house",
            "pulumi config set --path --secret elastx-mrs:tsigKeys.in-house",
        ),
        ('  «elastx-mrs:tsigKeys: \'{"in-house": "c2VjcmV0LXNlY3JldA=="}\'\n', "tsigKeys", "elastx-mrs:tsigKeys"),
        ("  «cloudflare:apiToken: c2VjcmV0LXNlY3JldA==\n", "cloudflare:apiToken", "--secret cloudflare:apiToken"),
        ("  «cloudflare:apiKey: c2VjcmV0LXNlY3JldA==\n", "cloudflare:apiKey", "--secret cloudflare:apiKey"),
    ],
)
def test_a_key_in_plain_text_is_a_fault_and_never_shown(text: str, path: str, run_: str, tmp_path: Path) -> None:
    given = marked(GOOD + text)
    file = write(tmp_path / "Pulumi.test.yaml", given.text)
    (one,) = errors(file)
    assert one["path"] == path
    assert [(one["line"], one["column"])] == given.places
    assert "is in plain text" in whole(one)
    assert run_ in whole(one)
    for format_ in ("text", "json", "github"):
        result = run("--format", format_, file)
        assert result.exit_code == 1
        assert "c2VjcmV0" not in result.stdout + result.stderr


@pytest.mark.parametrize("text", ['"c2VjcmV0\n', "c2VjcmV0: c2VjcmV0\n", "'c2VjcmV0'c2VjcmV0\n"])
def test_a_key_is_not_shown_where_its_line_is_no_yaml_either(text: str, tmp_path: Path) -> None:
    result = run(write(tmp_path / "Pulumi.test.yaml", f"{GOOD}  elastx-mrs:tsigKey: {text}"))
    assert result.exit_code == 1
    assert "c2VjcmV0" not in result.output


def test_a_key_that_is_encrypted_or_empty_is_none(tmp_path: Path) -> None:
    more = (
        "  elastx-mrs:tsigKey: ''\n  elastx-mrs:tsigKeys: {a: {secure: v1:x}}\n  cloudflare:apiToken: {secure: v1:y}\n"
    )
    file = write(tmp_path / "Pulumi.test.yaml", GOOD + more)
    assert errors(file) == []
    assert not any("encrypted" in whole(one) for one in findings(file))  # as it should be: nothing to say


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "config:\n", "config:\n  acme:elastx: 1\n  aws:region: eu-north-1\n", "encryptionsalt: v1:x\n"],
)
def test_the_file_of_another_project_is_passed_over(text: str, tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", text)
    result = run(file)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{file}: has no elastx-mrs: key; skipped\n"
    assert json.loads(run("--format", "json", file).stdout) == []


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"config:\n  a: [1\n  b: 2\n", "3:4", "is not YAML: while parsing a flow sequence: did not find expected"),
        (b"config:\n\ta: 1\n", "2:1", "has a tab where YAML allows only spaces; write spaces"),
        (b"config:\n  a: \x07\n", "2:6", "is not YAML: control characters are not allowed"),
        (b"config:\n  \xc3\xa5: \xff\n", "2:6", "is not UTF-8 text"),
        (b"config: {a: *x}\n", "1:13", "has the alias *x without an anchor above"),
        (b"config: {a: &x [*x]}\n", "1:17", "has an alias that contains itself"),
        (b"config: {a: .nan}\n", "1:13", "is .nan, a number that Pulumi refuses"),
    ],
)
def test_what_is_no_yaml_is_an_error_with_its_place(content: bytes, place: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_bytes(content)
    result = run(str(path))
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{path}:{place}: {message}" if place else f"{path}: {message}")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = run(str(tmp_path / "Pulumi.no.yaml"), str(tmp_path))
    assert result.exit_code == 2
    assert result.stdout == (
        f"{tmp_path}/Pulumi.no.yaml: No such file or directory; name a stack's file\n"
        f"{tmp_path}: Is a directory; name a stack's file\n"
    )
    (one, _) = findings(str(tmp_path / "Pulumi.no.yaml"), str(tmp_path))
    assert (one["line"], one["column"], one["path"], one["level"]) == (None, None, "", "error")


def test_every_file_is_checked_whatever_the_others_are(tmp_path: Path) -> None:
    texts = {"bad": GOOD + "  elastx-mrs:x: 1\n", "broken": "a: [", "good": GOOD, "other": "config: {}\n"}
    files = {name: write(tmp_path / f"Pulumi.{name}.yaml", text) for name, text in texts.items()}
    result = run(*files.values())
    assert result.exit_code == 1
    assert run(str(tmp_path / "nothing"), *files.values()).exit_code == 2
    assert f"{files['bad']}:6:3: x: is not a key here" in result.stdout
    assert f"{files['broken']}:2:1: is not YAML" in result.stdout
    assert f"{files['good']}: ok: 1 domain" in result.stdout
    assert f"{files['bad']}: ok" not in result.stdout
    assert files["other"] in result.stderr
    assert run(files["bad"], files["good"]).exit_code == 1
    assert run(files["good"], files["other"]).exit_code == 0


@pytest.mark.parametrize("arguments", [[], ["--format", "xml", "x"], ["--nope", "x"]])
def test_bad_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_github_is_given_workflow_commands(tmp_path: Path) -> None:
    text = HEAD + '  elastx-mrs:domains: [{name: a.example, "100%,: x": 1}]\n'
    file = write(tmp_path / "a,b:c%.yaml", text)
    result = run("--format", "github", file)
    name = str(tmp_path / "a%2Cb%3Ac%25.yaml")
    assert result.stdout.splitlines()[0].startswith(
        f"::error file={name},line=5,col=42::domains[0].100%25,: x: is not a key here; the keys are name, accounts,"
    )
    assert {line.split(" ")[0] for line in result.stdout.splitlines()} == {"::error"}
    missing = run("--format", "github", str(tmp_path / "no\n.yaml")).stdout
    assert missing == f"::error file={tmp_path}/no%0A.yaml::No such file or directory; name a stack's file\n"


@pytest.mark.parametrize("format_", ["text", "json", "github"])
def test_hostile_text_comes_out_escaped(format_: str, tmp_path: Path) -> None:
    hostile = r'"\e]0;x\a\n::error::\u202e"'
    spaced = r'" \e]0;x\a.example"'  # of which the cure quotes all but the space
    domains = f"{{name: a.example, {hostile}: 1, spf: {{all: {hostile}}}}}, {hostile}, {spaced}"
    text = f"{HEAD}  elastx-mrs:domains: [{domains}]\n"
    file = write(tmp_path / "Pulumi.\x1b[31m.yaml", text)
    result = run("--format", format_, file)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    if format_ == "github":
        assert all(line.startswith("::error file=") for line in lines)
    assert len(lines) == 4 or format_ == "json"
    assert all(line.isprintable() for line in lines)
    good = run("--format", format_, write(tmp_path / "Pulumi.\x1b]0;x\a.yaml", GOOD))
    assert good.exit_code == 0
    assert "\x1b" not in good.stdout
    assert "Pulumi.<U+001B>]0;x<U+0007>.yaml: ok" in good.stdout or format_ == "json"


def test_json_without_end_is_a_fault_like_any_other(tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", f"{HEAD}  elastx-mrs:domains: '{'[' * 100_000}'\n")
    assert [one["path"] for one in errors(file)] == ["domains"]


def test_objects_that_share_theirs_over_and_over_take_no_time(tmp_path: Path) -> None:
    many = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 10))
    some = "".join(f"m{n}: &m{n} {{{', '.join(f'{key}: *m{n - 1}' for key in 'abcdefghij')}}}\n" for n in range(1, 10))
    text = f"l0: &l0 [x]\nm0: &m0 {{a: x}}\n{many}{some}{HEAD}  elastx-mrs:domains: *l9\n"
    file = write(tmp_path / "Pulumi.test.yaml", text.replace("cloudflare: {}", "cloudflare: {zones: *m9}"))
    started = time.process_time()
    assert errors(file)
    assert time.process_time() - started < 5  # without end, if all of a billion were looked at


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD.replace("  elastx-mrs:cloudflare: {}\n", ""),
            "no publisher; write cloudflare: {}, rfc2136, route53: {} or octodns, unless the program",
        ),
        (GOOD, ""),
    ],
)
def test_no_publisher_is_a_warning_for_the_program_may_bring_one(text: str, message: str, tmp_path: Path) -> None:
    found = [one for one in findings(write(tmp_path / "x.yaml", text)) if one["level"] == "warning"]
    assert [whole(one).startswith(message) for one in found] == ([True] if message else [])


def test_a_program_s_own_domains_are_not_missed(tmp_path: Path) -> None:
    given = marked(
        "«config:\n  elastx-mrs:rfc2136: {server: 192.0.2.1, keyName: x, profiles: {in-house: {server: 192.0.2.2}}}\n"
        "  elastx-mrs:tsigKey: {secure: v1:x}\n"
    )
    file = write(tmp_path / "Pulumi.test.yaml", given.text)
    (one,) = findings(file)
    assert (one["level"], one["path"]) == ("notice", "accounts, domains")
    assert [(one["line"], one["column"])] == given.places
    assert run(file).stdout.endswith(f"{file}: ok\n")
    # What is there is checked all the same, and with one key of the component's it is a config of its own.
    wrong = marked("config:\n  elastx-mrs:rfc2136: {server: x, «algorithm: hmac-md5}\n")
    (fault,) = errors(write(tmp_path / "Pulumi.wrong.yaml", wrong.text))
    assert ([(fault["line"], fault["column"])], fault["path"]) == (wrong.places, "rfc2136.algorithm")
    forgotten = errors(write(tmp_path / "Pulumi.dkim.yaml", f"config:\n  elastx-mrs:dkim: {DKIM}\n"))
    assert [one["path"] for one in forgotten] == ["accounts", "domains"]


def test_what_comes_from_an_environment_is_not_missed(tmp_path: Path) -> None:
    given = marked("config:\n  elastx-mrs:domains: [example.com]\n«environment: [mail/prod]\n")
    file = write(tmp_path / "Pulumi.test.yaml", given.text)
    found = findings(file)
    assert [one["level"] for one in found] == ["notice"]
    assert (found[0]["path"], [(found[0]["line"], found[0]["column"])]) == ("environment", given.places)
    wrong = write(tmp_path / "Pulumi.wrong.yaml", given.text.replace("example.com", "https://x.se"))
    assert [one["path"] for one in errors(wrong)] == ["domains[0]"]


def test_it_loads_neither_pulumi_nor_a_resolver_nor_what_draws_tables(tmp_path: Path) -> None:
    file = write(tmp_path / "Pulumi.test.yaml", GOOD)
    program = (
        "import sys\nfrom elastx_mrs.cli.main import main\n"
        f"main(['config', 'check', {file!r}], standalone_mode=False)\n"
        "print([name for name in ('pulumi', 'cloudflare', 'dns', 'rich') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"
