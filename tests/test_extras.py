"""``importlib.metadata`` is loaded late, and is then the real one."""

import subprocess
import sys
from importlib.metadata import version

HEAD = "import sys; from elastx_mrs.extras import put_off\n"


def said(program: str) -> list[str]:
    """Return the lines that a Python of its own prints, which has not loaded the module before."""
    command = [sys.executable, "-c", HEAD + program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_package_that_only_names_it_does_not_load_it() -> None:
    program = "with put_off():\n    from importlib.metadata import entry_points\n"
    program += "print('importlib.metadata' in sys.modules)\n"
    program += "print(sorted(one.name for one in entry_points(group='console_scripts') if one.name == 'elastx-mrs'))\n"
    program += "print('importlib.metadata' in sys.modules)"
    assert said(program) == ["False", "['elastx-mrs']", "True"]


def test_what_is_used_at_once_is_the_real_one() -> None:
    program = "with put_off():\n    from importlib.metadata import PackageNotFoundError, version\n"
    program += "    print(version('click'))\n"
    program += "from importlib import metadata\n"
    program += "print(metadata.PackageNotFoundError is PackageNotFoundError, metadata.version is version)"
    assert said(program) == [version("click"), "True True"]


def test_it_may_be_imported_by_its_whole_name() -> None:
    """As dnspython does, to see which versions of its own extras are there."""
    program = "with put_off():\n    import importlib.metadata\n    print(importlib.metadata.version('click'))\n"
    program += "print(type(importlib.metadata).__name__)"
    assert said(program) == [version("click"), "module"]


def test_a_loaded_one_stays() -> None:
    program = (
        "import importlib.metadata as real\nwith put_off(versions=False):\n    import importlib.metadata as given\n"
    )
    program += "    print(given is real)\nprint(sys.modules['importlib.metadata'] is real)"
    assert said(program) == ["True", "True"]


def test_gmpy2_counts_without_its_version() -> None:
    program = "with put_off(versions=False):\n    import gmpy2\n"
    program += "print('importlib.metadata' in sys.modules, gmpy2.is_prime(2**127 - 1), gmpy2.gcd(12, 18))"
    assert said(program) == ["False True 6"]


def test_a_fault_in_between_leaves_no_stand_in() -> None:
    program = "try:\n    with put_off():\n        import no_such_package\nexcept ImportError:\n"
    program += "    import importlib.metadata\n    print(type(importlib.metadata).__name__)"
    assert said(program) == ["module"]
