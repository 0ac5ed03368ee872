"""The program of a project in each language, and its other files, by file name.

The folders in ``examples/`` have the same texts; a test compares them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from elastx_mrs.registry import package_of
from elastx_mrs.scaffold import go, stack_file, typescript, yaml_program
from elastx_mrs.scaffold.in_yaml import in_yaml
from elastx_mrs.scaffold.plan import Plan

INSTALL = "pulumi install"
"""Installs the plugin and the program's packages, and generates the SDK, in every clone and pipeline."""

PLUGIN = {
    "plugin/PulumiPlugin.yaml": """name: elastx-mrs
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: .venv
""",
    "plugin/__main__.py": """from elastx_mrs.plugin import run

run()
""",
}
"""The files of the folder from which Pulumi installs the plugin; a file with its requirements is added."""

PACKAGES = """packages:
  elastx-mrs: ./plugin
"""
"""The lines of Pulumi.yaml that name the plugin's folder."""

VENV = "python3 -m venv .venv && . .venv/bin/activate"

PYTHON = '''"""The mail records of a company."""

import pulumi

from elastx_mrs import MailRelay, stack_config

relay = MailRelay("mail", stack_config())
pulumi.export("smtp", relay.smtp)
pulumi.export("verification", relay.verification)
'''


@dataclass(frozen=True)
class Language:
    """A language of programs.

    :param runtime: as Pulumi.yaml names it.
    :param what: the end of the project's description, after "The mail records of a company, by".
    :param files: returns the program and its other files, except Pulumi.yaml.
    :param project: returns the lines of Pulumi.yaml below the runtime.
    :param install: the command that installs the program's packages.
    :param plugin: whether the program uses the plugin, which has only the built-in publishers.
    :param names: the files of this language, except those that every language has.
    """

    runtime: str
    what: str
    files: Callable[[Plan], Mapping[str, str]]
    install: str
    names: Sequence[str]
    plugin: bool = True
    project: Callable[[Plan], str] = lambda plan: ""


def _python(plan: Plan) -> Mapping[str, str]:
    return {"__main__.py": PYTHON, "requirements.txt": _requirements(plan)}


def _requirements(plan: Plan) -> str:
    return "".join(f"{one}\n" for one in requirements(plan))


def requirements(plan: Plan) -> list[str]:
    """Return the requirements of a Python program, for pip."""
    extra = plan.provider.start.extra
    own = f"elastx-mrs[{extra}]" if extra else "elastx-mrs"
    brought = package_of(plan.provider.name)
    more = plan.provider.start.needs(plan.settings).packages
    return [f"{own}=={plan.version}", *([brought] if brought else []), *more]


def _package_json(plan: Plan) -> str:
    return json.dumps({"name": plan.package, **typescript.PACKAGE}, indent=2) + "\n"


LANGUAGES: Mapping[str, Language] = {
    "python": Language(
        "python",
        "a Python program and the package elastx-mrs",
        _python,
        "pip install -r requirements.txt",
        ("__main__.py", "requirements.txt"),
        plugin=False,
    ),
    "typescript": Language(
        "nodejs",
        "a TypeScript program",
        lambda plan: {
            "index.ts": typescript.program(plan),
            "package.json": _package_json(plan),
            "tsconfig.json": typescript.TSCONFIG,
        },
        INSTALL,
        ("index.ts", "package.json", "tsconfig.json"),
    ),
    "go": Language(
        "go",
        "a Go program",
        lambda plan: {"main.go": go.program(plan), "go.mod": go.module(plan)},
        INSTALL,
        ("main.go", "go.mod"),
    ),
    "yaml": Language("yaml", "a YAML program", lambda plan: {}, INSTALL, (), project=yaml_program.program),
}


def names(language: str, stack: str) -> list[str]:
    """Return the names of all files of a project."""
    chosen = LANGUAGES[language]
    plugin = [*PLUGIN, _REQUIREMENTS] if chosen.plugin else []
    return ["Pulumi.yaml", *chosen.names, *plugin, f"Pulumi.{stack}.yaml", stack_file.SCHEMA]


_REQUIREMENTS = "plugin/requirements.txt"


def files(plan: Plan, language: str, schema: str) -> dict[str, str]:
    """Return all files of a project, by name.

    :param schema: the schema of stack files.
    """
    chosen = LANGUAGES[language]
    described = stack_file.beside_a_program if chosen.plugin else stack_file.with_everything
    return {
        "Pulumi.yaml": project(plan, language),
        **chosen.files(plan),
        **(PLUGIN | {_REQUIREMENTS: _requirements(plan)} if chosen.plugin else {}),
        plan.stack_file: described(plan),
        stack_file.SCHEMA: schema,
    }


def project(plan: Plan, language: str) -> str:
    """Return ``Pulumi.yaml``."""
    chosen = LANGUAGES[language]
    head = f"name: {in_yaml(plan.project)}\ndescription: The mail records of a company, by {chosen.what}\n"
    return f"{head}runtime: {chosen.runtime}\n{PACKAGES if chosen.plugin else ''}{chosen.project(plan)}"


def commands(plan: Plan, language: str, environment: Mapping[str, str], before: str = "") -> list[str]:
    """Return the next commands.

    :param environment: of the user, who may already be in a virtual environment.
    :param before: text before each command that uses the stack, such as ``elastx-mrs lab --``.
    """
    chosen = LANGUAGES[language]
    install = chosen.install
    if not chosen.plugin and not environment.get("VIRTUAL_ENV"):
        install = f"{VENV} && {install}"
    found = [f"pulumi stack init {plan.stack}"]
    if plan.adopt and not plan.adopts_by_config and not chosen.plugin:
        found += [one.format(file=plan.stack_file) for one in plan.provider.start.take_over]
    found.append(f"pulumi preview --stack {plan.stack}")
    return [install, *(f"{before}{one}" for one in found)]
