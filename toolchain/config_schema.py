"""Makes ``elastx_mrs/stack.schema.json``, by which editors complete and check a stack's file.

The file has the built-in providers. ``elastx-mrs config schema`` makes the schema anew where other packages bring more.
"""

from elastx_mrs import registry
from elastx_mrs.config import schema
from elastx_mrs.config.schema import KEPT
from toolchain.schema import keep

TARGET = KEPT


def main() -> None:
    """Write the schema, or print a line and end with 1 where it is not current (``--check``)."""
    keep("schema", TARGET, text(), "toolchain.config_schema")


def text() -> str:
    """Return the schema as it is kept."""
    return schema.text(registry.providers())


if __name__ == "__main__":
    main()
