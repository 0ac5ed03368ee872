"""The types of a program's arguments: current, of one mind with the model, and exported."""

import json
import subprocess
import sys
from collections.abc import Awaitable
from typing import Any, get_args, get_type_hints

import pulumi
import pytest
from pydantic import BaseModel

import elastx_mrs
from elastx_mrs import MailRelayArgs, registry
from elastx_mrs.component import args as made
from elastx_mrs.config.model import below, shape
from elastx_mrs.config.parse import parse
from tests import golden
from toolchain import args

MODEL = shape(registry.providers())


def test_they_are_current() -> None:
    assert args.TARGET.read_text() == args.text(), "run: python -m toolchain.args"


def keys(model: type[BaseModel]) -> set[str]:
    return {
        f"{model.__name__}.{key}{'!' if info.is_required() else ''}" for key, info in model.model_fields.items()
    }.union(*(keys(inner) for info in model.model_fields.values() if (inner := below(info.annotation)) is not None))


def typed(of: Any) -> set[str]:
    name = of.__name__.removesuffix("Args").replace("MailRelay", MODEL.__name__)
    hints = get_type_hints(of)
    own = {f"{name}.{key}{'!' if key in of.__required_keys__ else ''}" for key in hints}
    return own.union(*(typed(inner) for hint in hints.values() for inner in typed_below(hint)))


def typed_below(hint: Any) -> list[Any]:
    """The object of a key: alone, in a list, in a map, or one of several forms."""
    if hasattr(hint, "__required_keys__"):
        return [hint]
    return [found for one in get_args(hint) for found in typed_below(one)][:1]


def test_each_key_of_the_model_is_there_that_a_program_may_have() -> None:
    only = {f"{model}.{key}" for model in ("Rfc2136", "Profile") for key in registry.providers()[1].stack_only}
    assert typed(MailRelayArgs) == keys(MODEL) - only
    assert only <= keys(MODEL)


def test_what_only_the_stack_may_have_is_refused_in_a_program() -> None:
    for provider in registry.providers():
        for key in provider.stack_only:
            value = "hmac-sha256" if key == "algorithm" else "192.0.2.1"
            given = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com"]}
            with pytest.raises(Exception, match=f"{provider.name}.{key}: cannot be an input"):
                parse(given | {provider.name: {"zones": ["example.com"], key: value}}, camel_case=False)


def test_all_are_public() -> None:
    names = {name for name in vars(made) if name.endswith("Args")}
    assert names == {name for name in elastx_mrs.__all__ if name.endswith("Args")}
    assert all(getattr(elastx_mrs, name) is getattr(made, name) for name in names)


def test_a_component_of_the_user_s_own_can_name_them() -> None:
    """Pulumi's hosts of components read a class's types at run time."""
    hints = get_type_hints(elastx_mrs.MailRelay.__init__)
    assert hints["args"] is MailRelayArgs
    of_zone = get_type_hints(made.CloudflareArgs)["zones"].__args__[1]
    assert set(get_args(of_zone)) == {str, Awaitable[str], pulumi.Output[str]}, "what pulumi.Input is"


def test_to_import_the_package_loads_neither_them_nor_pulumi() -> None:
    program = "import json, sys; import elastx_mrs; print(json.dumps(sorted(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    loaded = set(json.loads(said))
    assert not {name for name in loaded if name.startswith(("pulumi", "pydantic", "elastx_mrs."))}
