"""A list of DKIM keys instead of one, in each language."""

from pathlib import Path

import pytest
import yaml

from tests.languages.programs import Workspace, build
from tests.languages.test_languages import SERVED
from tests.servers import start

pytestmark = pytest.mark.engine

OWN = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
DOMAINS = ("example.com", "news.example.com", "example.se")
LISTS = {
    "python": (
        "__main__.py",
        'dkim={"record": pulumi.Config().require("dkim")}',
        'dkim=__import__("json").dumps([{"record": pulumi.Config().require("dkim")}, '  # the SDK passes no list here
        f'{{"selector": "s1", "own": True, "record": "{OWN}"}}])',
    ),
    "typescript": (
        "index.ts",
        'dkim: { record: new pulumi.Config().require("dkim") }',
        f'dkim: [{{ record: new pulumi.Config().require("dkim") }}, {{ selector: "s1", own: true, record: "{OWN}" }}]',
    ),
    "go": (
        "main.go",
        'elastx.DkimArgs{Record: pulumi.String(config.Require(ctx, "dkim"))}',
        'elastx.DkimArray{elastx.DkimArgs{Record: pulumi.String(config.Require(ctx, "dkim"))}, elastx.DkimArgs{'
        f'Selector: pulumi.String("s1"), Own: pulumi.Bool(true), Record: pulumi.String("{OWN}")}}}}',
    ),
}


def change(language: str, project: Path) -> None:
    if language == "yaml":
        program = yaml.safe_load((project / "Pulumi.yaml").read_text())
        (relay,) = program["resources"].values()
        relay["properties"]["dkim"] = [relay["properties"]["dkim"], {"selector": "s1", "own": True, "record": OWN}]
        (project / "Pulumi.yaml").write_text(yaml.safe_dump(program))
        return
    name, one, several = LISTS[language]
    text = (project / name).read_text()
    assert one in text
    (project / name).write_text(text.replace(one, several))
    build(language, project)


@pytest.mark.parametrize("language", [*LISTS, "yaml"])
def test_a_program_gives_a_list_of_keys(language: str, tmp_path: Path, workspace: Workspace) -> None:
    with start("lab", tmp_path / "server", SERVED) as server:
        stack = workspace.example(language, tmp_path, server.environment())
        change(language, stack.directory)
        shown = stack.preview(ELASTX_MRS_GUARD="off").stdout
    assert {f"mail-{domain}-dkim-s1" for domain in DOMAINS} <= set(shown.split())
    assert {f"mail-{domain}-dkim" for domain in DOMAINS} <= set(shown.split())
