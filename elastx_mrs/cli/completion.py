"""``elastx-mrs completion``: prints a shell completion script."""

from collections.abc import Mapping

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from elastx_mrs.config.environment import COMPLETE

_SHELLS: Mapping[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a shell completion script.

    \b
    bash: eval "$(elastx-mrs completion bash)"     in ~/.bashrc
    zsh:  eval "$(elastx-mrs completion zsh)"      in ~/.zshrc
    fish: elastx-mrs completion fish | source      in ~/.config/fish/config.fish
    """
    completer = _SHELLS[shell]
    click.echo(completer(context.find_root().command, {}, "elastx-mrs", COMPLETE.name).source())
