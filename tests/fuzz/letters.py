"""Saved messages with hostile headers."""

import base64
import random
from collections.abc import Sequence

from tests.fuzz.octets import ODD, mutated

RESULTS = ("pass", "fail", "none", "softfail", "temperror", "permerror", "PASS", "x", "")
HOSTS = ("good.com", "x", "", "\xe5.com", "a..b", "[1.2.3.4]", "joe_x.com", "a" * 70 + ".com")
WORDS = (
    "", "(comment)", "(un(nested)", "(" * 50, '"', '"a;b"', "\\", "=?utf-8?q?=00?=", "=?x?b?!?=", "\u200b", "\x1b[31m",
    "\t", "##[error]",
)  # fmt: skip
BODY_HASH = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


class _Writer:
    """Writes the fields of one message."""

    def __init__(self, rng: random.Random, domains: Sequence[str]) -> None:
        self._rng = rng
        self._domains = domains

    def one(self, *texts: str) -> str:
        return self._rng.choice(texts)

    def host(self) -> str:
        return self.one(*[self._domains[0]] * 4, *self._domains[:2], *HOSTS)

    def return_path(self) -> str:
        host = self.host()
        return "Return-Path: " + self.one(f"<x@{host}>", f"<x@{host}>", "<>", f"x@{host}", self.one(*WORDS), "(" * 200)

    def results(self) -> str:
        by = self.one("rx.example", "rx.example", "", "rx 1", *WORDS)
        count = self._rng.choice((0, 1, 2, 3))
        return "; ".join([f"Authentication-Results: {by}", *(self._result() for _ in range(count))])

    def _result(self) -> str:
        host = self.host()
        properties = (
            f"smtp.mailfrom=x@{host}", f"smtp.mailfrom=<x@{host}>", f"smtp.helo={host}", f"header.d={host}",
            f"smtp.mailfrom={host}", "=", "a=", self.one(*WORDS),
        )  # fmt: skip
        method = self.one("spf", "spf", "spf", "dkim", "dmarc", "SPF/1", "", "x")
        kept = self._rng.choices(properties, k=self._rng.choice((0, 1, 2, 3)))
        return f"{method}{self.one('=', ' = ', '')}{self.one(*RESULTS)} {' '.join(kept)}"

    def received_spf(self) -> str:
        sender = f"{self.one('', '<', chr(34))}x@{self.host()}"
        told = f"identity={self.one('mailfrom', 'helo', '')}; envelope-from={sender}; helo={self.host()}"
        return f"Received-SPF: {self.one(*RESULTS)} {self.one(*WORDS)} {told}"

    def sender(self) -> str:
        host = self.host()
        return "From: " + self.one(
            *[f"a@{self._domains[0]}"] * 8, f"a@{host}", f"a@{host}", f"A <a@{host}>", f"ceo@h.com <a@{host}>",
            f"{self.one(*WORDS)} <a@{host}>",
            f"a@{host}, b@{host}", f"g: a@{host};", self.one(*WORDS), "=?utf-8?q?a=40b?= <a@b.com>",
        )  # fmt: skip

    def signature(self) -> str:
        host, signed = self.host(), base64.b64encode(self._rng.randbytes(256)).decode()
        tags = {
            "v": "1",
            "a": self.one("rsa-sha256", "rsa-sha256", "ed25519-sha256", "rsa-sha1", "x"),
            "c": self.one("relaxed/relaxed", "simple", "x/y", "", "relaxed"),
            "d": host,
            "s": self.one("elastx", "elastx", "elastx", "a.b", "", "\xe5", "_", "x" * 64, "s." * 120),
            "h": self.one("from", "From:To", "to", "", "from:" * 300, ":::"),
            "bh": self.one(BODY_HASH, "x", "", "="),
            "b": self.one(signed, signed, "", "!", "AAAA"),
            "q": self.one("dns/txt", "dns/txt:other", "x"),
            "l": self.one("0", "-1", "9" * 50, "x"),
            "x": self.one("0", "99999999999", "-1", "x", "\u0664"),
            "t": self.one("0", "9" * 30, "x"),
            "i": self.one(f"@{host}", host, "@", "a@b@c", "\xe5@\xe5"),
            "n": self.one(*WORDS),
        }
        needed = ("v", "a", "d", "s", "h", "b", "bh")
        kept = [name for name in tags if name in needed or self._rng.random() < 0.25]
        if self._rng.random() < 0.1:
            kept.remove(self._rng.choice(needed))
        return "DKIM-Signature: " + self.one("; ", ";", ";\r\n\t", ";;").join(f"{name}={tags[name]}" for name in kept)


def letter(rng: random.Random, domains: Sequence[str]) -> bytes:
    """A message; most of them can be read."""
    writer = _Writer(rng, domains)
    fields = [writer.return_path(), writer.results(), writer.received_spf()]
    fields += [writer.signature() for _ in range(rng.choice((0, 1, 1, 2, 12)))]
    fields = [field for field in fields if rng.random() < 0.85] + [writer.sender()]
    if rng.random() < 0.3:
        fields.append(rng.choice(("X: y", "X : y", "X\xe5: y", "nonsense", ":", f"X: {rng.choice(ODD)}")))
    text = "\r\n".join(fields) + "\r\n\r\n" + rng.choice(("", "body\r\n", "\0", "\r\n\r\n"))
    octets = text.encode(rng.choice(("latin-1", "utf-8")), "replace")
    while rng.random() < 0.1:
        octets = mutated(rng, octets)
    return octets[:300_000]
