"""Where the command ``elastx-mrs`` begins."""

from elastx_mrs.interrupt import quiet


def run() -> None:
    """Load the command and run it."""
    quiet()
    from elastx_mrs.cli import main

    main()
