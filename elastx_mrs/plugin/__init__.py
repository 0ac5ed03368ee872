"""The provider plugin: the component, and the RFC 2136 record, for programs in every Pulumi language.

This module starts with the engine. Publishing code is loaded only for a component or a record, because most starts
only request the schema.
"""

import sys


def run() -> None:
    """Serve the engine whose address is the last argument; the command ``pulumi-resource-elastx-mrs``."""
    if not any(argument and not argument.startswith("-") for argument in sys.argv[1:]):
        print(_USAGE, file=sys.stderr)
        sys.exit(0 if {"-h", "--help"} & set(sys.argv[1:]) else 2)
    from elastx_mrs.plugin.serving import serve

    serve(sys.argv[1:])


_USAGE = """pulumi-resource-elastx-mrs is a plugin that Pulumi starts. Leave it on PATH, and use the package
elastx-mrs in a program of any language (pulumi package add elastx-mrs). For the command, run: elastx-mrs --help"""
