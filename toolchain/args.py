"""Makes ``elastx_mrs/component/args.py``, the types of a program's arguments, of the models and their docstrings.

Editors complete and explain the keys of a ``TypedDict``, and type checkers refuse the others. Both blame the one key
that is wrong only where the type of an object is nothing but its ``TypedDict``: with a union they blame the whole
object, and with a ``Mapping`` in it nothing. So an object is neither ``None`` nor an Output nor a bare string here.
The one union is ``dkim``, an object or a list of them: a mistake in the only object is blamed on that object.
"""

import inspect
import textwrap
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from elastx_mrs import registry
from elastx_mrs.config.base import one_or_more
from elastx_mrs.config.model import Arguments, shape
from elastx_mrs.config.schema import DEFAULTS, choices, default_of, descriptions
from toolchain.schema import ROOT, keep

TARGET = ROOT / "elastx_mrs" / "component" / "args.py"
WIDTH = 120

HEAD = '''"""The types of a program's arguments, by which editors complete keys and type checkers find wrong ones.

Generated from the config's models by ``python -m toolchain.args``; change those. At run time ``MailRelay`` takes every
dictionary and checks it with all rules. A preview must know the value of an Output. Only a ``Late`` value, which is any
``pulumi.Input[str]``, may be known later.
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Literal, Protocol, Required, SupportsIndex, TypedDict, TypeVar, overload

from pulumi import Output

T_co = TypeVar("T_co", covariant=True)


class ListOf(Protocol[T_co]):
    """A list or a tuple, but not a string, which a ``Sequence[str]`` may be."""

    def __contains__(self, value: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[T_co]: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> T_co: ...
    @overload
    def __getitem__(self, index: slice, /) -> Sequence[T_co]: ...


Text = str | Output[str]
Flag = bool | Output[bool]
Integer = int | Output[int]
Number = float | Output[float]
Texts = ListOf[Text] | Output[Sequence[str]]
Late = str | Awaitable[str] | Output[str]
'''
PLAIN = {str: "Text", bool: "Flag", int: "Integer", float: "Number"}
WHOLE = "What ``MailRelay`` takes: accounts and domains, what holds for all domains, and where records are published."


def main() -> None:
    """Write the module, or print a line and end with 1 where it is not current (``--check``)."""
    keep("types", TARGET, text(), "toolchain.args")


def text() -> str:
    """Return the module as it is kept."""
    made: dict[str, str] = {}
    _declared(shape(registry.providers()), made)
    return "\n\n".join([HEAD, *made.values()])


def _declared(model: type[BaseModel], made: dict[str, str]) -> str:
    """Put the ``TypedDict`` of a model into ``made``, after those that it names; return its name."""
    root = issubclass(model, Arguments)
    name = f"{'MailRelay' if root else model.__name__}Args"
    if name not in made:
        said = descriptions(model)
        lines = [f"class {name}(TypedDict, total=False):"]
        lines += _docstring(WHOLE if root else inspect.cleandoc(model.__doc__ or ""))
        for key, info in _of_a_program(model):
            of_key = _type(model, key, info, made)
            lines += ["", f"    {key}: {f'Required[{of_key}]' if info.is_required() else of_key}"]
            lines += _docstring(said[key] + _default(model, key))
        made[name] = "\n".join(lines) + "\n"
    return name


def _of_a_program(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the keys that a program may have; the others stand in the stack's config alone."""
    providers = [one for one in registry.providers() if issubclass(one.model, model)]
    refused = {key for provider in providers for key in provider.stack_only}
    return ((key, info) for key, info in model.model_fields.items() if key not in refused)


def _type(model: type[BaseModel], key: str, info: FieldInfo, made: dict[str, str]) -> str:
    late = any(one.model is model and key in one.outputs for one in registry.providers())
    chosen = choices(model, key)
    if chosen:
        listed = ", ".join(f'"{one}"' for one in chosen)
        return f"Literal[{listed}] | Output[str]{' | None' if NoneType in get_args(info.annotation) else ''}"
    found = _of(info.annotation, made, late=late)
    return f"{found.removeprefix('Sequence[').removesuffix(']')} | {found}" if one_or_more in info.metadata else found


def _of(annotation: Any, made: dict[str, str], *, late: bool = False) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        found = _of(inner[0], made)
        return f"{found.removeprefix('Sequence[').removesuffix(']')} | {found}" if one_or_more in inner else found
    if origin in (Union, UnionType):
        (one,) = (argument for argument in inner if argument is not NoneType)
        found = _of(one, made)
        return found if found.partition(" | ")[0] in made else f"{found} | None"
    if origin is list:
        of_item = _of(inner[0], made)
        return f"Sequence[{of_item}]" if of_item in made else f"{of_item}s"
    if origin is dict:
        return f"Mapping[str, {'Late' if late else _of(inner[1], made)}]"
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return _declared(annotation, made)
    return PLAIN[annotation]


def _default(model: type[BaseModel], key: str) -> str:
    """Return the default that the schemas have in a field of its own, and the text therefore does not say."""
    default = default_of(model, key) if (model.__name__, key) in DEFAULTS else None
    return "" if default is None else f" Default: {str(default).lower() if isinstance(default, bool) else default}."


def _docstring(words: str) -> Iterator[str]:
    """Yield a docstring's lines, as ruff formats them."""
    one = f'    """{words}"""'
    if "\n" not in words and len(one) <= WIDTH:
        yield one
        return
    filled = textwrap.TextWrapper(WIDTH - 4, break_on_hyphens=False, break_long_words=False)
    wrapped = "\n\n".join(map(filled.fill, f'"""{words}'.split("\n\n")))
    yield textwrap.indent(f'{wrapped}\n"""', "    ")


if __name__ == "__main__":
    main()
