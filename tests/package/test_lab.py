"""The lab and ``doctor`` from the wheel alone, in an empty folder: no checkout, no stack of ours."""

from pathlib import Path

import pytest

from elastx_mrs.publish.cloudflare.plugin import EXECUTABLE
from tests import golden
from tests.package import fresh

pytestmark = pytest.mark.engine

STACK = f"""config:
  elastx-mrs:accounts: [{golden.ACCOUNT}]
  elastx-mrs:dkim: "{golden.DKIM}"
  elastx-mrs:domains: [shop.example]
  elastx-mrs:"""


@pytest.fixture
def user(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> fresh.Environment:
    """Somebody with ``elastx-mrs[lab]``, a project, and a ``pulumi`` that only says what it was given."""
    made = fresh.Environment.of_lab(tmp_path_factory).at(tmp_path / "user")
    for name, text in {"Pulumi.yaml": "name: mail\nruntime: python\n"}.items():
        (made.home / name).write_text(text)
    return made


def test_a_zone_of_ones_own_and_what_doctor_says_of_it(user: fresh.Environment) -> None:
    (user.home / "Pulumi.dev.yaml").write_text(f"{STACK}rfc2136: {{zones: [shop.example]}}\n")
    doctor = ["elastx-mrs", "doctor", "--stack-config", "Pulumi.dev.yaml"]
    done = user.run("elastx-mrs", "lab", "--zone", "shop.example", "--", *doctor)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split(":")[0].split()[1] for line in done.stdout.splitlines() if line.startswith("pass ")} == {
        "pulumi",
        "language",
        "packages",
        "port-53-udp",
        "port-53-tcp",
        "rfc2136-key",
        "rfc2136-zone",
        "rfc2136-clock",
        "rfc2136-update",
    }


def test_cloudflares_plugin_is_seen_in_the_users_home_and_else_named_in_a_line(user: fresh.Environment) -> None:
    """The extra ``cloudflare`` is 100 MB; here a folder stands for the one package of it that names the plugin."""
    (user.home / "Pulumi.dev.yaml").write_text(f"{STACK}cloudflare: {{}}\n")
    package = user.home / "packages" / "pulumi_cloudflare"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "pulumi-plugin.json").write_text('{"version": "6.99.0"}')
    pulumi = user.home / "pulumi"
    fresh.put(pulumi, f"#!/bin/sh\nls -L $PULUMI_HOME/plugins/*/{EXECUTABLE} 2>/dev/null || echo none")
    lab = ["elastx-mrs", "lab", "--", str(pulumi), "up", "--stack", "dev"]
    done = user.run(*lab, PYTHONPATH=str(package.parent))
    run = "pulumi plugin install resource cloudflare 6.99.0"
    assert done.stdout == "none\n"
    assert done.stderr == f"lab: Pulumi's Cloudflare plugin is not installed; run: {run}\n"
    plugin = user.home / ".pulumi" / "plugins" / "resource-cloudflare-v6.99.0"
    plugin.mkdir(parents=True)
    fresh.put(plugin / EXECUTABLE, "#!/bin/sh\n")
    done = user.run(*lab, PYTHONPATH=str(package.parent))
    assert done.stdout.endswith(f"/plugins/resource-cloudflare-v6.99.0/{EXECUTABLE}\n")
    assert done.stderr == ""
