"""The questions of ``elastx-mrs init``. Each has an example, and is repeated with the reason until the answer is valid.

A list takes one name a line, or several separated by commas or spaces, and ends with an empty line. So you can paste a
column. The DKIM key also ends with an empty line, because people paste it in several lines.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from elastx_mrs import limits
from elastx_mrs.display import any_of, quoted, some
from elastx_mrs.registry import Provider
from elastx_mrs.scaffold.answers import (
    Answers,
    faults_so_far,
    normal,
    problems,
    questions,
    required,
    value_of,
    warnings,
)
from elastx_mrs.service import ELASTX
from elastx_mrs.start import Question

INTRODUCTION = (
    "Your answers create a Pulumi project for your mail records in this folder. Nothing is written before you confirm "
    "the last question. Press Ctrl-C to cancel."
)
DOMAINS = (
    "\nWhich domains send mail? A domain is the part after the @ in From:, such as example.com. Enter one per "
    "line; an empty line ends the list."
)
ACCOUNTS = (
    "\nWhich user accounts may send as them? An account is a login of the SMTP server, such as "
    "smtp-prod@acme.example. Enter one per line; an empty line ends the list."
)
DKIM = (
    f"\nWhich DKIM key does {ELASTX.name} provide for these domains? It begins with v=DKIM1; and has a p= tag, such as "
    "v=DKIM1; p=MIIBIjANBgkq… Paste it in any form; the output of dig works, too. An empty line ends it."
)


class Asker(Protocol):
    """The terminal, or a test."""

    def say(self, text: str) -> None:
        """Show a paragraph."""
        ...

    def line(self, prompt: str) -> str:
        """Return one line, without its end."""
        ...

    def forget(self) -> None:
        """Discard input that is already typed: the rest of a paste must not answer the next question."""
        ...


def complete(answers: Answers, asker: Asker, providers: Sequence[Provider]) -> Provider:
    """Ask for the missing answers; return the publisher."""
    if not answers.domains:
        asker.say(DOMAINS)
        _list(asker, "Domain", "domains", answers.domains)
        for typed, domain in zip(answers.domains, answers.arguments().domains, strict=True):
            if not typed.isascii():
                asker.say(f"{quoted(typed)} is {domain.name} in DNS.")
    if not answers.accounts:
        asker.say(ACCOUNTS)
        _list(asker, "Account", "accounts", answers.accounts)
    if not answers.dkim:
        asker.say(DKIM)
        answers.dkim = _key(asker, answers)
    if answers.provider is None:
        answers.provider = _publisher(asker, providers)
    return answers.provider


def ask_settings(answers: Answers, provider: Provider, asker: Asker, zones: Sequence[str]) -> None:
    """Ask for the missing settings of the publisher.

    :param zones: the zones of the domains.
    """
    for question in questions(provider):
        if question.key not in answers.settings and question.applies(answers.settings):
            _setting(answers, provider, question, asker, zones)


def propose(answers: Answers, provider: Provider, zones: Sequence[str]) -> None:
    """Use the proposals for the missing settings."""
    for question in questions(provider):
        if question.zones and question.applies(answers.settings):
            answers.settings.setdefault(question.key, list(zones))


def missing(answers: Answers) -> list[str]:
    """Return the missing options for a run without questions, each with an example."""
    options = {
        "--domain example.com": answers.domains,
        "--account smtp-prod@acme.example": answers.accounts,
        "--dkim 'v=DKIM1; p=…'": answers.dkim,
        "--publisher NAME": answers.provider,
    }
    found = [option for option, given in options.items() if not given]
    if answers.provider is not None:
        needed = required(answers, answers.provider)
        absent = [one for one in questions(answers.provider) if one.key in needed and not one.zones]
        found += [f"--setting {one.key}={one.example or '…'}" for one in absent]
    return found


def _list(asker: Asker, prompt: str, key: str, taken: list[str]) -> None:
    """Ask for a list, line by line, until a line is empty and the list is not."""
    forms: dict[str, str] = {}
    while True:
        line = asker.line(f"{prompt}: ")
        if _KEY.search(line):  # its words would each be refused, and a long paste goes on
            asker.say(f"This looks like a DKIM key, which a later question asks for. {_EXAMPLES[key]}")
            asker.forget()
            continue
        typed = line.replace(",", " ").split()
        if not typed and taken:
            for said in warnings({key: taken}, key):
                asker.say(f"warning: {said}")
            return
        if not typed:
            asker.say(f"At least one is needed. {_EXAMPLES[key]}")
        for one in typed:
            form = normal(key, one)
            there = [forms[form]] if form in forms else []
            # Checked only against the one possible duplicate: people paste thousands of names.
            if wrong := problems({key: [*there, one]}, f"{key}[{len(there)}]"):
                _refuse(asker, one, [problem.replace(f"{key}[0]", quoted(forms.get(form, one))) for problem in wrong])
            else:
                forms[form] = one
                taken.append(one)


_EXAMPLES = {"domains": "Write one such as example.com.", "accounts": "Write one such as smtp-prod@acme.example."}


_KEY = re.compile(r"\bv\s*=\s*DKIM1\b|\bp\s*=\s*[A-Za-z0-9+/]{20}", re.IGNORECASE)
"""Matches a DKIM key, or a part of one; no domain and no account looks like that."""


def _key(asker: Asker, answers: Answers) -> str:
    while True:
        text = _lines(asker)
        wrong = problems({"dkim": text}, "dkim")
        if not wrong:
            for said in warnings({"domains": answers.domains, "dkim": text}, "dkim"):
                asker.say(f"warning: the key {said.remark.text}")
            return text
        for problem in wrong:
            asker.say(f"The key {problem}.")


def _lines(asker: Asker) -> str:
    """Return the pasted lines up to an empty one; empty lines in the header of dig's output do not count."""
    lines: list[str] = []
    while True:
        line = asker.line("DKIM key: " if not lines else "... ")
        if line.strip() and sum(map(len, lines)) <= limits.PASTED.most:
            lines.append(line)
        elif line.strip() or not all(one.lstrip().startswith(";") for one in lines) or not lines:
            asker.forget()
            return "\n".join(lines)


def _publisher(asker: Asker, providers: Sequence[Provider]) -> Provider:
    asker.say("\nWhere are the records of these domains published?")
    for one in providers:
        asker.say(f"  {one.name}: {one.description.partition('. ')[0].removesuffix('.')}.")
    by_name = {one.name: one for one in providers}
    while True:
        typed = asker.line(f"Publisher ({', '.join(by_name)}): ").strip().lower()
        if typed in by_name:
            return by_name[typed]
        _refuse(asker, typed, [f"is not a publisher; write {any_of([*by_name])}"])


def _setting(answers: Answers, provider: Provider, question: Question, asker: Asker, zones: Sequence[str]) -> None:
    """Ask for one setting. An empty line takes the proposal, or omits an optional setting."""
    default = ",".join(zones) if question.zones else ""
    shown = f" [{some(zones, _PROPOSED)}]" if default else ""
    what, semicolon, rest = question.text.partition(";")
    example = f", such as {question.example}" if question.example else ""
    asker.say(f"\n{provider.name}: {what}{example}{semicolon}{rest}.")
    while True:
        typed = asker.line(f"{question.key}{shown}: ").strip() or default
        settings = dict(answers.settings)
        if typed:
            settings[question.key] = value_of(provider, question.key, typed)
        wrong = [one.problem for one in faults_so_far(replace(answers, settings=settings))]
        if not typed and question.key in required(answers, provider):
            wrong = [f"is needed; write one such as {question.example}" if question.example else "is needed"]
        if not wrong:
            answers.settings = settings
            return
        for problem in wrong:  # the input is not repeated: it may be a key that was meant for another place
            asker.say(f"{question.key}: {problem}")


_PROPOSED = 3
"""The most zones that a prompt shows."""


def _refuse(asker: Asker, typed: str, wrong: Sequence[str]) -> None:
    for problem in wrong:
        asker.say(problem if quoted(typed) in problem else f"{quoted(typed)} {problem}")
