"""``--help`` of the modules that developers run with ``python -m``. It uses the standard library alone."""

import sys


def usage(about: str | None, takes: str = "") -> list[str]:
    """Return the arguments of the module that runs; with ``--help`` say what it does, and end it.

    :param about: the module's docstring.
    :param takes: its arguments as help has them, such as ``[--check]`` or ``SERVER…``; empty if it takes none.
    """
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    name = f"python -m {spec.name.removesuffix('.__main__')}" if spec is not None else sys.argv[0]
    given = sys.argv[1:]
    if given[:1] in (["-h"], ["--help"]):
        print(f"usage: {name} {takes}".rstrip() + f"\n\n{(about or '').strip()}")
        sys.exit(0)
    if given and not takes:
        sys.exit(f"{name} takes no arguments")
    return given


def part(about: str | None) -> None:
    """Say how a part of the benchmarks is run, which does nothing by itself."""
    usage(f"{about}\n\nIt is a part of: python -m benchmarks")
    sys.exit("this is a part of the benchmarks; run: python -m benchmarks")
