"""What doctor says of Pulumi, its language hosts, the packages and our plugin; programs are scripts of the test's."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.doctor import program
from elastx_mrs.limits import Limit
from tests.doctor.patient import PROJECT, stack, verdicts

ROOT = Path(__file__).resolve().parents[2]
YAML = "name: mail\nruntime: yaml\n"


def put(folder: Path, name: str, script: str = "") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def pulumi(folder: Path, script: str, *hosts: str, project: str = PROJECT) -> list[Check]:
    """What is said where ``pulumi`` is this script."""
    bin_ = folder / "bin"
    put(bin_, "pulumi", script)
    for host in hosts:
        put(bin_, f"pulumi-language-{host}")
    return list(program.pulumi(stack(folder, {}, {"PATH": f"{bin_}:/usr/bin:/bin"}, project=project)))


@pytest.mark.parametrize("version", ["v3.259.0", "v3.260.1-alpha.1+dirty", "v4.0.0", "3.300.0"])
def test_a_new_pulumi_passes(tmp_path: Path, version: str) -> None:
    found = pulumi(tmp_path, f"echo {version}", "python")
    assert verdicts(found) == [("pulumi", "pass"), ("language", "pass")]
    assert found[0].seen.startswith(version)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo v3.258.9", "v3.258.9 at /"),
        ("echo v2.300.0", "is too old"),
        ("echo hello", "version prints hello"),
        ("exit 1", "version prints nothing"),
        (r"printf '\033[31mv3.300.0\007'", "<U+001B>[31mv3.300.0<U+0007>"),
    ],
)
def test_another_pulumi_is_wrong(tmp_path: Path, script: str, said: str) -> None:
    found = pulumi(tmp_path, script, "python")[0]
    assert found.verdict == "wrong"
    assert said in found.seen
    assert found.cure == "install Pulumi 3.259 or newer, from www.pulumi.com/docs/install"


def test_no_pulumi_is_absent(tmp_path: Path) -> None:
    found = list(program.pulumi(stack(tmp_path, {}, {"PATH": str(tmp_path)})))
    assert verdicts(found) == [("pulumi", "absent"), ("language", "unchecked")]


def test_a_pulumi_that_cannot_be_run_is_wrong(tmp_path: Path) -> None:
    put(tmp_path / "bin", "pulumi")
    (tmp_path / "bin" / "pulumi").write_bytes(b"\x00\x01")
    found = list(program.pulumi(stack(tmp_path, {}, {"PATH": str(tmp_path / "bin")})))
    assert found[0].verdict == "wrong"


def test_its_version_is_the_one_of_the_readme() -> None:
    for page in ("README.md", "docs/start.md", "CONTRIBUTING.md"):
        found = re.search(r"Pulumi\s+(\d+)\.(\d+) or\s+newer", (ROOT / page).read_text())
        assert found is not None
        assert (int(found[1]), int(found[2])) == program.PULUMI


def test_it_asks_nobody_for_a_newer_one(tmp_path: Path) -> None:
    found = pulumi(tmp_path, 'echo "v3.300.$PULUMI_SKIP_UPDATE_CHECK"', "python")
    assert found[0].seen.startswith("v3.300.1 ")


@pytest.mark.limit("DOCTOR_PROGRAM")
def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCTOR_PROGRAM", Limit("", "", 1, "seconds", ""))
    found = pulumi(tmp_path, "sleep 600 & sleep 600", "python")
    assert verdicts(found) == [("pulumi", "unreachable"), ("language", "pass")]
    assert "printed nothing in 1 seconds" in found[0].seen
    monkeypatch.setattr(limits, "DOCTOR_PROGRAM", Limit("", "", 60, "seconds", ""))
    assert pulumi(tmp_path, "sleep 0.2; echo v3.300.0", "python")[0].verdict == "pass"


@pytest.mark.limit("DOCTOR_OUTPUT")
@pytest.mark.parametrize(("beyond", "verdict"), [(0, "pass"), (1, "wrong")])
def test_so_much_of_what_it_prints_is_read(tmp_path: Path, beyond: int, verdict: str) -> None:
    """What is read of the longer one ends within the version."""
    blank = limits.DOCTOR_OUTPUT.most - len("v3.259") + beyond
    (tmp_path / "printed").write_text("\n" * blank + "v3.259")
    assert pulumi(tmp_path, f"cat {tmp_path}/printed", "python")[0].verdict == verdict


def test_what_has_no_end_is_cut(tmp_path: Path) -> None:
    assert pulumi(tmp_path, "yes", "python")[0].verdict == "wrong"


@pytest.mark.parametrize("runtime", ["yaml", "nodejs", "{name: nodejs, options: {packagemanager: npm}}"])
def test_the_host_for_the_program_s_language(tmp_path: Path, runtime: str) -> None:
    project = f"name: mail\nruntime: {runtime}\n"
    language = "yaml" if runtime == "yaml" else "nodejs"
    missing = pulumi(tmp_path, "echo v3.300.0", "python", project=project)[1]
    assert (missing.verdict, f"there is no pulumi-language-{language}" in missing.seen) == ("absent", True)
    assert pulumi(tmp_path, "echo v3.300.0", language, project=project)[1].verdict == "pass"


def installed(site: Path, name: str, version: str, *requires: str) -> None:
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}", *(f"Requires-Dist: {one}" for one in requires)]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")


REQUIRES = (
    "pulumi<4,>=3.229",
    "rich>=13",
    "starlette>=0.46; extra == 'lab'",
    'dkimpy[ed25519]>=1.1.4; extra == "message"',
)


@pytest.mark.parametrize(
    ("there", "extras", "verdict", "said"),
    [
        ({"pulumi": "3.229.0", "rich": "13"}, [], "pass", "elastx-mrs 0.1.0"),
        ({"pulumi": "3.1000.2", "rich": "14.0rc1"}, [], "pass", ""),
        ({"pulumi": "3.228.9", "rich": "13"}, [], "absent", "pulumi is 3.228.9, not <4,>=3.229"),
        ({"pulumi": "4.0.0", "rich": "13"}, [], "absent", "pulumi is 4.0.0"),
        ({"pulumi": "3.300.0"}, [], "absent", "rich is not installed"),
        ({"pulumi": "3.300.0", "rich": "13"}, ["lab"], "absent", "starlette is not installed"),
        ({"pulumi": "3.300.0", "rich": "13", "dkimpy": "1.1.4"}, ["message"], "pass", ""),
        ({"pulumi": "3.300.0", "rich": "13", "dkimpy": "1.1.3"}, ["message"], "absent", "dkimpy is 1.1.3"),
    ],
)
def test_the_packages_of_the_program_s_own_environment(
    tmp_path: Path, there: dict[str, str], extras: list[str], verdict: str, said: str
) -> None:
    site = tmp_path / "venv" / "lib" / "python3.13" / "site-packages"
    installed(site, "elastx-mrs", "0.1.0", *REQUIRES)
    for name, version in there.items():
        installed(site, name, version)
    project = "name: mail\nruntime: {name: python, options: {virtualenv: venv}}\n"
    (found,) = program.packages(stack(tmp_path, {}, project=project), extras)
    assert found.verdict == verdict, found
    assert said in found.seen
    wanted = f"elastx-mrs[{extras[0]}]" if extras else "elastx-mrs"
    assert found.cure == ("" if verdict == "pass" else f"run: {tmp_path}/venv/bin/pip install '{wanted}'")


@pytest.mark.parametrize(("there", "verdict"), [((), "absent"), (("h2", "httpx"), "pass"), (("h2",), "absent")])
def test_the_extras_that_an_extra_asks_of_another_package(tmp_path: Path, there: Sequence[str], verdict: str) -> None:
    """As elastx-mrs[doh] asks for dnspython[doh], while dnspython itself is always there."""
    site = tmp_path / "venv" / "lib" / "python3.13" / "site-packages"
    installed(site, "elastx-mrs", "0.1.0", "dnspython>=2.9", "dnspython[doh]>=2.9; extra == 'doh'")
    installed(site, "dnspython", "2.9", "h2>=4 ; extra == 'doh'", "httpx>=2; extra == 'doh'", "trio; extra == 'trio'")
    for name in there:
        installed(site, name, "4.5")
    project = "name: mail\nruntime: {name: python, options: {virtualenv: venv}}\n"
    (found,) = program.packages(stack(tmp_path, {}, project=project), ["doh"])
    assert found.verdict == verdict, found
    assert ("httpx is not installed" in found.seen) == (verdict == "absent")
    assert "trio" not in found.seen
    (found,) = program.packages(stack(tmp_path, {}, project=project), [])
    assert found.verdict == "pass"


def test_an_environment_that_is_not_there_or_empty(tmp_path: Path) -> None:
    project = "name: mail\nruntime: {name: python, options: {virtualenv: venv}}\n"
    (found,) = program.packages(stack(tmp_path, {}, project=project), [])
    assert (found.verdict, found.cure) == ("absent", "run: pulumi install")
    (tmp_path / "venv" / "lib" / "python3.13" / "site-packages").mkdir(parents=True)
    (found,) = program.packages(stack(tmp_path, {}, project=project), [])
    assert found.verdict == "absent"
    assert "elastx-mrs is not installed" in found.seen


def test_this_python_has_what_it_needs(tmp_path: Path) -> None:
    (found,) = program.packages(stack(tmp_path, {}), ["cloudflare", "doh"])
    assert found.verdict == "pass", found


@pytest.mark.parametrize(
    ("project", "verdict"),
    [
        ("", "absent"),
        ("packages:\n  elastx-mrs: git://github.com/elastx/elastx-mrs@0.1.0\n", "pass"),
        ("packages:\n  elastx-mrs: {source: ./plugin}\n", "wrong"),
        ("plugins:\n  providers:\n    - {name: elastx-mrs, path: ./there}\n", "pass"),
        ("plugins:\n  providers:\n    - {name: elastx-mrs, path: ./nowhere}\n", "wrong"),
        ("plugins:\n  providers:\n    - {name: other, path: ./there}\n", "absent"),
        ("plugins: [1]\npackages: x\n", "absent"),
    ],
)
def test_the_plugin_in_the_project_s_file(tmp_path: Path, project: str, verdict: str) -> None:
    (tmp_path / "there").mkdir()
    (found,) = program.plugin(stack(tmp_path, {}, {"PATH": "", "HOME": str(tmp_path)}, project=YAML + project))
    assert found.verdict == verdict
    assert bool(found.cure) == (verdict != "pass")


def test_the_plugin_on_path_and_in_pulumis_home(tmp_path: Path) -> None:
    put(tmp_path / "bin", program.PLUGIN)
    (found,) = program.plugin(stack(tmp_path, {}, {"PATH": str(tmp_path / "bin")}, project=YAML))
    assert found.verdict == "pass"
    (tmp_path / "home" / "plugins" / "resource-elastx-mrs-v0.1.0").mkdir(parents=True)
    (found,) = program.plugin(stack(tmp_path, {}, {"PATH": "", "PULUMI_HOME": str(tmp_path / "home")}, project=YAML))
    assert found.verdict == "pass"
