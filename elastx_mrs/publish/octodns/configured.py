"""octoDNS's providers as a stack's config describes them: their classes, their keys, and the secrets in these.

It is read where records are published. ``env/NAME`` and ``env/NAME/DEFAULT`` are resolved here, because octoDNS's
manager does that and its providers do not.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from elastx_mrs.display import quoted, some, visible
from elastx_mrs.extras import NotInstalledError, install
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.octodns import known
from elastx_mrs.publish.octodns.listed import zone_faults
from elastx_mrs.publish.rrset.record_sets import RecordSetError
from elastx_mrs.publish.vantage import object_of
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import sender_domain
from elastx_mrs.secrecy import SHORTEST, hints, masked

OURS = ("class", "zones")
"""Keys that the class does not get."""

MOST = 300
"""Characters of another program's message that are shown."""

_SECRET = re.compile(r"key|token|secret|pass|credential|auth|private", re.IGNORECASE)
_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)")
_UNKNOWN = re.compile(r"unexpected keyword argument '([^']+)'")


@dataclass(frozen=True)
class Described:
    """One provider of octoDNS.

    :param id: octoDNS's id of it: the key in the config.
    :param path: its class.
    :param options: the arguments of the class.
    :param zones: the zones that the config names; None where all of them are listed.
    :param secrets: what no message may show.
    """

    id: str
    path: str
    options: Mapping[str, Any] = field(repr=False)
    zones: tuple[str, ...] | None
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def where(self) -> str:
        """Its place in the config."""
        return f"octodns.{self.id}"

    @property
    def package(self) -> str:
        """The package of its class, such as ``octodns_powerdns``."""
        return self.path.partition(".")[0]

    @property
    def judges(self) -> bool:
        """Whether its class may have something against a value. Most have not.

        :raises RecordSetError: as :meth:`made`.
        """
        found = self._class()
        from octodns.provider.base import BaseProvider

        own = (found._process_desired_zone, found.supports)
        return own != (BaseProvider._process_desired_zone, BaseProvider.supports)

    def made(self) -> Any:
        """Return a new object of the class. Some classes keep what they once read, so each reading has its own.

        :raises RecordSetError: where the class is missing, is no provider, or refuses its keys.
        """
        found = self._class()
        try:
            return found(self.id, **self.options)
        except TypeError as error:
            raise RecordSetError(self._of_keys(found, error)) from None
        except Exception as error:  # somebody else's code
            said = self.told(error)
            raise RecordSetError(f"{self.where}: {self.path} cannot be set up: {said}; correct its keys") from None

    def told(self, error: BaseException) -> str:
        """Return somebody else's exception as one line without secrets."""
        kind = type(error).__name__
        answer = getattr(getattr(error, "response", None), "text", "")
        text = " ".join(f"{error} {answer if isinstance(answer, str) else ''}".split())[:MOST].rstrip(" .")
        if not text:
            return kind
        if any(hints(text, secret) for secret in self.secrets):
            return f"{kind} (its text contains a key, and is not shown)"
        return f"{kind}: {visible(masked(text))}"

    def _class(self) -> type[Any]:
        module, _, name = self.path.rpartition(".")
        where = f"{self.where}.class: {visible(self.path)}"
        try:
            from octodns.provider.base import BaseProvider
        except ImportError:
            raise RecordSetError(str(NotInstalledError("octodns", "octodns"))) from None
        try:
            found = getattr(import_module(module), name, None)
        except ImportError as error:
            top = module.partition(".")[0]
            if isinstance(error, ModuleNotFoundError) and error.name == top:
                what = f"{where} is not installed; {install(known.package(self.path))}"
                raise RecordSetError(f"{what} (or correct the class's path)") from None
            raise RecordSetError(f"{where} cannot be imported: {self.told(error)}; reinstall its package") from None
        except Exception as error:  # somebody else's code
            raise RecordSetError(f"{where} cannot be imported: {self.told(error)}; reinstall its package") from None
        if found is None:
            there = [one for one, value in vars(import_module(module)).items() if _is_provider(value, BaseProvider)]
            fix = f"write {some([f'{module}.{one}' for one in there], 3)}" if there else "correct the path"
            raise RecordSetError(f"{where} is not in its package; {fix}")
        if not _is_provider(found, BaseProvider):
            raise RecordSetError(f"{where} is not a provider of octoDNS; write the class that its package documents")
        made: type[Any] = found
        return made

    def _of_keys(self, found: type[Any], error: TypeError) -> str:
        """Return what is wrong with the keys of a class, by the error of its constructor."""
        text = str(error)
        if unknown := _UNKNOWN.search(text):
            own = ", ".join(_keys(found))
            return f"{self.where}.{visible(masked(unknown[1]))}: is not a key of {self.path}; its keys are {own}"
        if missing := _MISSING.search(text):
            keys = re.findall("'([^']+)'", missing[1])
            return f"{self.where}: {self.path} needs {' and '.join(keys)}; write {'it' if len(keys) == 1 else 'them'}"
        return f"{self.where}: {self.path} cannot be set up: {self.told(error)}; correct its keys"


def _is_provider(found: Any, base: type[Any]) -> bool:
    return isinstance(found, type) and issubclass(found, base) and found is not base


def _keys(found: type[Any]) -> Iterator[str]:
    """Yield the keys of a class, and of those that it is made from."""
    seen = {"self", "id"}
    for one in found.__mro__[:-1]:
        init = vars(one).get("__init__")
        for key, parameter in inspect.signature(init).parameters.items() if init is not None else ():
            if key not in seen and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                seen.add(key)
                yield key


def described(get: Get, environment: Mapping[str, str]) -> Mapping[str, Described]:
    """Return the providers of a stack's config, by their ids.

    :param get: reads the stack's config.
    :raises RecordSetError: for what is malformed, or a variable that is not set, each in one line.
    """
    try:
        given = object_of(get, "octodns")
    except RecordError as error:
        raise RecordSetError(str(error)) from None
    if not given:
        what = "octodns: the stack's config names no provider of octoDNS; add one"
        raise RecordSetError(f"{what}: pulumi config set --path elastx-mrs:octodns.<name>.class <class>")
    listed: dict[str, str] = {}
    return {key: _described(key, one, environment, listed) for key, one in given.items()}


def _described(key: str, given: Any, environment: Mapping[str, str], listed: dict[str, str]) -> Described:
    where = f"octodns.{visible(masked(key))}"
    if not isinstance(given, Mapping) or not isinstance(given.get("class"), str):
        raise RecordSetError(f"{where}: is not an object with a class; check it: elastx-mrs config check FILE")
    resolver = _Resolver(environment)
    options = {one: resolver.value(value, f"{where}.{one}", one) for one, value in given.items() if one not in OURS}
    zones = _zones(f"{where}.zones", given.get("zones"), listed)
    return Described(key, given["class"], options, zones, tuple(resolver.secrets))


def _zones(path: str, given: Any, listed: dict[str, str]) -> tuple[str, ...] | None:
    """Return the names of zones. No config check sees those of a stack whose program writes an empty object.

    :param listed: as of :func:`zone_faults`.
    """
    for where, problem in zone_faults(path, given, listed):
        raise RecordSetError(f"{where}: {problem}")
    return None if given is None else tuple(map(sender_domain, given))


class _Resolver:
    """Resolves what stands for an environment's variables, and remembers what is secret."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.secrets: list[str] = []

    def value(self, given: Any, path: str, key: str) -> Any:
        """Return a value of a key. What is below a key that names a secret is secret too."""
        if isinstance(given, Mapping):
            return {name: self.value(one, f"{path}.{name}", f"{key}.{name}") for name, one in given.items()}
        if isinstance(given, list):
            return [self.value(one, f"{path}[{index}]", key) for index, one in enumerate(given)]
        secret = _SECRET.search(key) is not None
        if not isinstance(given, str):
            if secret and len(str(given)) >= SHORTEST:
                self.secrets.append(str(given))
            return given
        text = self._of_environment(given, path)
        if len(text) >= SHORTEST and (secret or text is not given):
            self.secrets.append(text)
        return text if text is given or secret else _number(text)

    def _of_environment(self, given: str, path: str) -> str:
        prefix, _, rest = given.partition("/")
        if prefix != "env" or not rest:
            return given
        name, slash, default = rest.partition("/")
        found = self._environment.get(name, default if slash else None)
        if found is None:
            what = f"{path}: the environment variable {quoted(masked(name))} is not set"
            raise RecordSetError(f"{what}; set it, or write env/NAME/DEFAULT")
        return found


def _number(text: str) -> Any:
    """Return a number that an environment's variable has, as octoDNS does, unless it is written in another way."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if str(number) == text else text
    return text
