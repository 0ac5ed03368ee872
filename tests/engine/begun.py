"""A stack whose project ``elastx-mrs init`` wrote: its files are used as they are."""

from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner

from elastx_mrs.cli.main import main
from tests.engine import vault
from tests.engine.stack import Stack, require_pulumi


class Begun(Stack):
    """The stack ``test`` of such a project."""

    @classmethod
    def of(cls, directory: Path, environment: dict[str, str], *options: str) -> "Begun":
        """Run the command in an empty folder, and make the stack."""
        project = directory / "project"
        project.mkdir(parents=True)
        (directory / "state").mkdir()
        with chdir(project):
            done = CliRunner().invoke(main, ["init", "--stack", "test", *options], env=environment)
        assert done.exit_code == 0, done.output
        stack = cls(project, environment, {})
        stack.init()
        return stack

    def init(self) -> None:
        require_pulumi()
        self.pulumi("stack", "init", "test", "--secrets-provider", vault.PROVIDER)

    @property
    def _file(self) -> Path:
        return self.directory / "Pulumi.test.yaml"

    def write(self) -> None:
        """Leave the stack's file as it is."""
