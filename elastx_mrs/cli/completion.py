"""``elastx-mrs completion``: what the shell needs to complete this command."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print what makes the shell complete this command.

    \b
    bash: eval "$(elastx-mrs completion bash)"     in ~/.bashrc
    zsh:  eval "$(elastx-mrs completion zsh)"      in ~/.zshrc
    fish: elastx-mrs completion fish | source      in ~/.config/fish/config.fish
    """
    completer = get_completion_class(shell)
    assert completer is not None  # noqa: S101  click knows these three
    click.echo(completer(context.find_root().command, {}, "elastx-mrs", "_ELASTX_MRS_COMPLETE").source())
