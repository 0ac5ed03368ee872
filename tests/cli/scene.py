"""A lab with foreign records, and the stack's file that ``adopt --import`` is run for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from elastx_mrs.lab.cloudflare.api import CloudflareApi
from elastx_mrs.lab.cloudflare.zone import Permission, Token
from elastx_mrs.lab.session import Lab
from tests import golden
from tests.lab.cloudflare_faults import Faults, faults_of
from tests.servers.zones import HEAD, ZONES

TOKEN = "t" * 40
"""Another than the lab's own."""

SERVED = ZONES | {
    "example.com": ZONES["example.com"]
    + f"""@ TXT "v=spf1 ip4:203.0.113.0/24 include:elastx.email -all"
@ 1800 TXT "{golden.TOKEN}"
_dmarc TXT "v=DMARC1; p=none;"
_dmarc.alias CNAME _dmarc
two TXT "v=spf1 -all"
two TXT "v=spf1 a -all"
""",
    "news.example.com": HEAD.format(name="news.example.com") + '@ TXT "v=spf1 include:elastx.email -all"\n',
}


@dataclass
class Scene:
    """A lab with foreign records, and a stack's file."""

    lab: Lab
    directory: Path

    @property
    def api(self) -> CloudflareApi:
        return self.lab.cloudflare.api

    @property
    def faults(self) -> Faults:
        return faults_of(self.lab.cloudflare)

    def run(self, *arguments: str, config: dict[str, Any] | None = None, **environment: str) -> Result:
        """Run the command for a stack that publishes through Cloudflare; ``config`` is over its own."""
        own = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com"], "cloudflare": {}}
        path = self.directory / "stack.yaml"
        values = {f"elastx-mrs:{key}": value for key, value in (own | (config or {})).items() if value is not None}
        path.write_text(yaml.safe_dump({"config": values}))
        return self.plain("--import", "--stack-config", str(path), *arguments, **environment)

    def plain(self, *arguments: str, stdin: str = "", **environment: str) -> Result:
        own = {"CLOUDFLARE_BASE_URL": self.lab.cloudflare.url, "CLOUDFLARE_API_TOKEN": self.lab.token}
        result = CliRunner().invoke(main, ["adopt", *arguments], input=stdin, env=own | environment)
        assert isinstance(result.exception, SystemExit | None), result.exc_info
        assert self.lab.token not in result.output
        assert golden.ACCOUNT not in result.output
        assert golden.TOKEN not in result.output
        return result

    def asked(self) -> list[str]:
        return [one.path for one in self.api.log]

    def permit(self, token: str, *permissions: Permission, **settings: Any) -> None:
        self.api.tokens[token] = Token(permissions=frozenset(permissions), **settings)
