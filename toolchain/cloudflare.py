"""Prints the folder with Cloudflare's plugin for ``make lab STACK=lab-cloudflare``, which is to be first on PATH.

The one on PATH or in the user's Pulumi home, which the lab shares; else a download; else the stand-in of the tests.
"""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".toolchain" / "plugins-home"
sys.path.insert(0, str(ROOT))

from elastx_mrs.publish.cloudflare.plugin import install  # noqa: E402
from tests.cloudflare.which import plugin  # noqa: E402  the tests are no package that is installed
from toolchain.usage import usage  # noqa: E402

INSTALL = install(version("pulumi-cloudflare"))


def main() -> None:
    """Print the folder; which plugin it is goes to standard error."""
    usage(__doc__)
    found = plugin()
    if found.kind == "stand-in":
        found = plugin({"PULUMI_HOME": str(HOME)})
    if found.kind == "stand-in" and download():
        found = plugin({"PULUMI_HOME": str(HOME)})
    told = {
        "real": "using Cloudflare's own Pulumi plugin",
        "stand-in": "Cloudflare's Pulumi plugin is not installed and could not be downloaded; using the tests' "
        f"stand-in; for the real one, run: {' '.join(INSTALL)}",
    }
    print(f"lab: {told[found.kind]}", file=sys.stderr)
    print(found.folder)


def download() -> bool:
    """Let Pulumi download the plugin; return whether it could."""
    environment = os.environ | {"PULUMI_HOME": str(HOME), "PULUMI_SKIP_UPDATE_CHECK": "1"}
    result = subprocess.run(INSTALL, env=environment, capture_output=True, check=False)
    return result.returncode == 0


if __name__ == "__main__":
    main()
