"""The parts that are installed only when they are named, and what is said where one is not there."""


class NotInstalledError(Exception):
    """A package is not there that one of the extras brings."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"the package {package} is not installed; run: pip install 'elastx-mrs[{extra}]'")
