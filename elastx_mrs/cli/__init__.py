"""The command ``elastx-mrs``: a module for each subcommand, imported when it is called."""
