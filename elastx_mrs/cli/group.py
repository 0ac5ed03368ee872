"""A group of commands that suggests the right name for a mistyped command."""

import difflib

import click

from elastx_mrs.display import quoted


class Group(click.Group):
    """Click's own group suggests names only since click 8.4, and only commands that are already imported.

    For options, every supported version of click suggests names.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names; the error for an unknown one suggests a similar name."""
        name = args[0]
        known = self.list_commands(ctx)
        if name in known or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        close = difflib.get_close_matches(name.lower().replace("_", "-"), known, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else f"The commands are {', '.join(known)}."
        raise click.UsageError(f"No such command {quoted(name)}. {hint}", ctx)
