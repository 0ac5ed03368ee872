"""docs/route53.md for a newcomer: from an empty folder to a verified up, with only the released package."""

from pathlib import Path

import pytest

from elastx_mrs.lab.session import open_lab
from tests.engine.stack import ROOT
from tests.examples import readme
from tests.examples.test_route53 import Company
from tests.package import fresh
from tests.publish.route53.api import serve

pytestmark = pytest.mark.engine


def test_install_and_run(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    fresh.require_wheels()
    released = fresh.released(tmp_path_factory)
    folder, state, profiles = tmp_path / "acme-mail", tmp_path / "state", tmp_path / "aws"
    folder.mkdir()
    state.mkdir()
    text = (ROOT / "docs" / "route53.md").read_text(encoding="utf-8")
    section = (
        text.partition("## Install and run\n")[2].partition("\n## ")[0].partition("Programs in other languages")[0]
    )
    with serve() as api, open_lab(tmp_path / "lab") as lab:
        company = Company(api, lab, tmp_path)
        api.changed = company.serve
        api.zone("Z01EXAMPLECOM0000000", "example.com")
        environment = company.environment()
        key, secret = environment.pop("AWS_ACCESS_KEY_ID"), environment.pop("AWS_SECRET_ACCESS_KEY")
        profiles.write_text(f"[profile mail]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
        pulumi = {
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }
        own = {"AWS_CONFIG_FILE": str(profiles)}
        outputs = readme.run(section, folder, released.environment(tmp_path) | environment | pulumi | own)
        assert len(outputs) == 9
        assert len(company.api.zones["Z01EXAMPLECOM0000000"].txt("example.com")) == 2
