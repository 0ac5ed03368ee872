"""Hostile inputs for the readers of files and sockets, a reader at a time: ``python -m tests.fuzz.readers --help``.

Each input is made from its seed alone. What a reader refuses, it refuses with an error of its own, in text that shows
and in one line for each fault; anything else is a finding, and so is an input that takes over ``SLOW`` seconds of CPU.
"""

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import pulumi
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2

from elastx_mrs.config.parse import ConfigError, parse_stack
from elastx_mrs.config.remarks import remarks
from elastx_mrs.lookup import referral, response
from elastx_mrs.lookup.question import Question
from elastx_mrs.lookup.transport.wire import NotServedError, UnusableError
from elastx_mrs.plugin import component, record, serving
from elastx_mrs.plugin.wire import PluginError
from elastx_mrs.records import RecordError, dkim, dkim_key
from elastx_mrs.stackfile.check import check
from tests import golden
from tests.cli.stackfiles import GOOD
from tests.fuzz import long, octets, values, wire

SLOW = 5
"""Seconds of CPU for one input."""

NAMES = ("a.example", "sub.a.example", "xn--bcher-kva.example", "bücher.example", "a_b.example", "a" * 64 + ".example")
PIECES = (
    "config:", "  elastx-mrs:", "accounts", "domains", "spf", "dkim", "dmarc", "ttl", "verification", "rfc2136",
    "cloudflare", "adopt", "tsigKeys", ": ", "\n", "\n    ", "- ", "[", "]", "{", "}", ", ", "&a ", "*a",
    "<<: *a", "? ", "!!int ", "!!binary ", "!x ", "| ", "> ", "'", '"', "#", "---\n", "%TAG ! x\n",
    "%YAML 1.1\n", "\t",
    "\0", "\x85", "\u2028", "\ufeff", "0x" + "f" * 400, "9" * 5000, "59:59", "1e999", ".inf", "0b-1",
    "2026-01-01", "=", "~",
    "secure: x", "name: ", "record: ", "include", "external: true", "zones", "https://x", "*.a.example", "@", "\\",
)  # fmt: skip


def _shows(lines: str) -> None:
    assert lines, "nothing is said"
    assert all(line.isprintable() for line in lines.split("\n")), lines


def _text(rng: random.Random) -> str:
    how = rng.randrange(6)
    if how == 0:
        return rng.choice(NAMES)
    if how == 1:
        return f"user{rng.randrange(3)}@{rng.choice(NAMES)}"
    if how == 2:
        return rng.choice(PIECES)
    if how == 3:
        return rng.choice(("[", "{", '{"a":', "(", "\\")) * rng.choice((1, 3, 99, 101, 3000))
    return values.value(rng, NAMES).decode("latin-1" if rng.random() < 0.5 else "utf-8", "replace")[:2000]


def _value(rng: random.Random, depth: int = 0) -> Any:
    how = rng.randrange(9 if depth < 4 else 6)
    if how < 4:
        return _text(rng)
    if how < 6:
        return rng.choice((None, True, False, 0, 1, -1, 300, 1.5, 2.0**70, 10**30, 10**400, "", 86401))
    if how == 6:
        return [_value(rng, depth + 1) for _ in range(rng.choice((0, 1, 2, 5)))]
    if how == 7:
        return {"secure": _text(rng)}
    return {rng.choice((*KEYS, _text(rng)[:60])): _value(rng, depth + 1) for _ in range(rng.choice((0, 1, 2, 5)))}


KEYS = (
    "name", "accounts", "domains", "spf", "dkim", "dmarc", "ttl", "guard", "verification", "include", "ip4", "ip6", "a",
    "mx", "all", "record", "external", "selector", "p", "sp", "rua", "ruf", "fo", "mode", "timeout", "nameservers",
    "resolvers", "rootHints", "primary", "via", "knownChallenges", "zones", "server", "keyName", "profiles",
    "cloudflare", "rfc2136", "adopt",
)  # fmt: skip


def _config(rng: random.Random) -> dict[str, Any]:
    given: dict[str, Any] = {
        "accounts": ["user0@a.example"], "domains": ["a.example"], "dkim": golden.DKIM, "cloudflare": {}
    }  # fmt: skip
    for _ in range(rng.choice((1, 1, 2, 4))):
        given[rng.choice(KEYS)] = _value(rng)
    return given


def stack_file(rng: random.Random, folder: Path) -> None:
    """A stack's file: text near YAML, or a config near ours, through ``config check`` and as Pulumi's JSON."""
    how = rng.randrange(4)
    if how == 0:
        text = "".join(rng.choice(PIECES) for _ in range(rng.choice((5, 20, 60))))
    elif how == 1:
        given = {f"elastx-mrs:{key}": value for key, value in _config(rng).items()}
        text = json.dumps({"config": given}, ensure_ascii=rng.random() < 0.5)
        printed = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
        try:
            remarks(parse_stack(printed))
        except ConfigError as error:
            _shows(str(error))
    else:
        text = GOOD
    raw = text.encode("utf-8", "surrogatepass")
    for _ in range(rng.choice((0, 1, 3)) if how < 3 else 3):
        raw = octets.mutated(rng, raw)
    file = folder / "Pulumi.test.yaml"
    file.write_bytes(raw[: 2**20])
    checked = check(str(file))
    for finding in checked.findings:
        assert finding.problem
        assert finding.place.line is None or finding.place.line >= 1


def dkim_paste(rng: random.Random, folder: Path) -> None:
    """What somebody pastes as a DKIM key."""
    text = rng.choice((golden.DKIM, values.dkim(rng, NAMES), values.junk(rng, NAMES)))
    around = (
        '"', "'", "(", ")", "\n", "\r\n", "\t", " ", ";", ";; ANSWER SECTION:\n", "$ORIGIN a.example.\n", "\\", "\\;",
        "elastx._domainkey.a.example. 300 IN TXT ", "elastx._domainkey TXT (", "x CNAME y.\n", "> update add ", "```\n",
        "elastx._domainkey.a.example descriptive text ", "IN ", "1h2m ", "\0", "\ud800", "é",
    )  # fmt: skip
    for _ in range(rng.choice((0, 1, 3, 8))):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(around) * rng.choice((1, 1, 1, 2, 200)) + text[at:]
    if rng.random() < 0.2:
        text = "".join(f'"{text[at : at + 20]}"{rng.choice((" ", chr(10)))}' for at in range(0, len(text), 20))
    for read in (lambda: dkim.remarks(dkim.from_paste(text)), lambda: dkim_key.parse(text)):
        try:
            read()
        except RecordError as error:
            _shows("\n".join(error.problems))


def plugin_request(rng: random.Random, folder: Path) -> None:
    """The inputs of a component and of a record, as they come over the wire."""
    given = _wire(_config(rng) if rng.random() < 0.5 else _value(rng))
    request = provider_pb2.ConstructRequest()
    for key, value in given.items() if isinstance(given, dict) else ():
        request.inputs.fields[key].CopyFrom(_proto(rng, value))
    if (problem := serving.excess(request)) is not None:
        _shows(problem)
        return
    for value in request.inputs.fields.values():
        serving.complete(value)
    try:
        inputs = PropertyValue.unmarshal_map(request.inputs)
    except ValueError:  # the SDK's own, of values that no engine writes
        return
    for language in ("python", "nodejs", "go"):
        try:
            component.read(inputs, language)
        except pulumi.RunError as error:
            _shows(str(error))
    try:
        record.plain(inputs)
    except PluginError as error:
        _shows(str(error))


def _wire(value: Any) -> Any:
    """A value without what JSON's numbers, and protocol buffers' texts, cannot have."""
    if isinstance(value, Mapping):
        return {_wire(key): _wire(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_wire(child) for child in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**53 else 1e300
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _proto(rng: random.Random, value: Any) -> struct_pb2.Value:
    made = struct_pb2.Value()
    if isinstance(value, Mapping):
        made.struct_value.SetInParent()
        for key, child in value.items():
            made.struct_value.fields[key].CopyFrom(_proto(rng, child))
    elif isinstance(value, list):
        made.list_value.SetInParent()
        made.list_value.values.extend([_proto(rng, child) for child in value])
    elif isinstance(value, bool):
        made.bool_value = value
    elif isinstance(value, int | float):
        made.number_value = float(value)
    elif isinstance(value, str):
        made.string_value = value
    else:
        made.null_value = 0
    if rng.random() > 0.1:
        return made
    signature = rng.choice(("1b47061264138c4ac30d75fd1eb44270", "d0e6a833031e9bbcd3f4e8bde6ca49a4", "nobody's"))
    outer = struct_pb2.Value()
    outer.struct_value.fields["4dabf18193072939515e22adb298388d"].string_value = signature
    if rng.random() < 0.8:
        outer.struct_value.fields["value"].CopyFrom(made)
    return outer


def dns_message(rng: random.Random, folder: Path) -> None:
    """An answer of a name server, whole or damaged."""
    labels = [wire.name(one) for one in ("a.example", "b.a.example", "c.example", "example", "")]
    asked, rdtype = rng.choice(labels), rng.choice(sorted(wire.TYPES.values()))
    query = wire.Query(b"\0\1", 0, asked, rdtype, wire.encoded(asked) + rdtype.to_bytes(2, "big") + b"\0\1", False)
    reply = wire.Reply(rng.choice(range(6)), wire.QR | rng.choice((0, wire.AA, wire.RA)), questions=[query.question])
    for part in (reply.answer, reply.authority, reply.additional):
        for _ in range(rng.choice((0, 1, 1, 3, 30)) if rng.random() > octets.HUGE else 1500):
            part.append(_rr(rng, labels))
    raw = reply.octets(query, 65535)
    for _ in range(rng.choice((0, 0, 1, 3))):
        raw = octets.mutated(rng, raw)[:65535]
    try:
        message = dns.message.from_wire(raw, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return
    name = dns.name.Name([*asked, b""])
    question = Question(name, dns.rdatatype.RdataType.make(rdtype), rng.choice((0, dns.flags.RD)))
    zone = dns.name.Name([*rng.choice(labels), b""])
    for read in (
        lambda: response.read(message, question),
        lambda: response.check_recursion(message, question),
        lambda: referral.read_step(message, zone, name, 53),
    ):
        try:
            read()
        except (NotServedError, UnusableError) as error:
            _shows(str(error))


def _rr(rng: random.Random, labels: list[wire.Name]) -> wire.Record:
    rdtype = rng.choice(sorted(wire.TYPES.values()))
    owner, target = wire.encoded(rng.choice(labels)), wire.encoded(rng.choice(labels))
    rdata = {
        wire.A: rng.randbytes(4), wire.AAAA: rng.randbytes(16), wire.MX: b"\0\1" + target,
        wire.TXT: values.strings(rng, values.value(rng, NAMES)), wire.SOA: wire.soa(rng.choice(labels)),
        wire.DS: rng.randbytes(36),
    }.get(rdtype, target)  # fmt: skip
    return wire.Record(rng.choice((owner, owner, b"\xc0\x0c", b"\xc0\xff")), rdtype, rdata, rng.choice((0, 300, 2**31)))


READERS: Mapping[str, Callable[[random.Random, Path], None]] = {
    "stack-file": stack_file, "dkim-paste": dkim_paste, "plugin-request": plugin_request, "dns-message": dns_message,
}  # fmt: skip


def run(reader: str, seeds: Iterable[int], folder: Path) -> Iterator[str]:
    """Read an input for each seed; yield what is found, with its seed."""
    for seed in seeds:
        began = time.process_time()
        try:
            READERS[reader](random.Random(seed), folder)
        except Exception as error:
            where = error.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            line = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where is not None else "?"
            yield f"seed {seed}: {type(error).__name__} at {line}: {str(error)[:300]!r}"
        if time.process_time() - began > SLOW:
            yield f"seed {seed}: takes {time.process_time() - began:.0f} s"


def main() -> int:
    """Fuzz one reader for a while."""
    with tempfile.TemporaryDirectory() as folder:
        return long.run("tests.fuzz.readers", __doc__, READERS, lambda reader, seed: run(reader, [seed], Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
