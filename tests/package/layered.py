"""Makes a virtual environment on top of another: what that one has is there, and what is installed goes into its own.

``python layered.py <folder> <below>`` is ``python -m venv <folder>`` and the installation of all that ``below`` has, in
a tenth of their time, and without compiling everything anew. It has pip, as any environment.
"""

import sys
import venv
from pathlib import Path


def make(folder: Path, below: Path) -> None:
    """Make the environment.

    :param below: another, which may have one below itself.
    """
    venv.create(folder, symlinks=True)
    lower = _packages(below)
    chain = (lower / "below.pth").read_text() if (lower / "below.pth").exists() else ""
    (_packages(folder) / "below.pth").write_text(f"{lower}\n{chain}")
    for script in filter(Path.is_file, (below / "bin").iterdir()):
        first, _, rest = script.read_bytes().partition(b"\n")
        own = folder / "bin" / script.name
        if first.startswith(f"#!{below}/bin/python".encode()) and not own.exists():
            own.write_bytes(f"#!{folder}/bin/python\n".encode() + rest)
            own.chmod(0o755)


def _packages(folder: Path) -> Path:
    (found,) = (folder / "lib").glob("python*/site-packages")
    return found


if __name__ == "__main__":
    make(Path(sys.argv[1]).absolute(), Path(sys.argv[2]))
