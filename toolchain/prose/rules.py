"""What a sentence must not be: longer than it can be read at once, or written with a phrase that hides its meaning."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from toolchain.prose.sentence import Sentence

LONGEST = 40
"""Words. A longer sentence fails."""

LONG = 25
"""Words. A longer sentence is counted: a file may not come to have more of them."""


@dataclass(frozen=True)
class Phrase:
    """A phrase that is not used, as a pattern that is searched for in any case, and what to write in its place."""

    pattern: str
    instead: str

    def search(self, text: str) -> str:
        """Return the words of a text that it matches; empty if there are none."""
        found = re.search(self.pattern, text, re.IGNORECASE)
        return found.group().strip() if found else ""


_PASSIVE = r"\b(?:is|are|was|were|be|been|being)\b"

PHRASES = (
    Phrase(r"^(?:What|Who|Whoever|Which|Whose)\b(?! if\b)(?=[^?:]*[.;]$)", "a subject: “If an extra is missing, …”"),
    Phrase(r"\bwho (?:does not|has not|do not) (?:want|need)\b", "the reader: “To avoid this, …”"),
    Phrase(rf"{_PASSIVE} (?:told|said|asked|mended|waited for|heeded)\b", "who does it: “verify queries …”"),
    Phrase(r"\bsays? (?:which|what|how|so)(?=[.,;]|$)", "the thing that is named: “the error names it”"),
    Phrase(r"\bthat (?:is|are) not there\b", "“missing”"),
    Phrase(r"(?<!there )\b(?:is|are) (?:no(?! longer| more\b)|none)\b(?! other)", "“is not a …”"),
    Phrase(r"\ball the same\b", "“still”"),
    Phrase(r"\b(?:mend|mends|mended|mending)\b", "“fix”"),
    Phrase(r"\bsave (?:for|that|where|in)\b", "“except”"),
    Phrase(r"\bbeside\b", "“next to” or “also”"),
    Phrase(r"\b(?:thereby|whereby|thereof|therein|hitherto|whither|lest|heed)\b", "an everyday word"),
    Phrase(r", so that\b", "two sentences, or “so”"),
    Phrase(r"\bstands? for it\b|\bstand-in\b", "“test stub”"),
    Phrase(r"\bask this\b", "“query”"),
    Phrase(r"(?:^|` )(?:How|Where|Whom|When|What|Which)\.$", "a phrase that names the thing: “Output format.”"),
    Phrase(r"\bprint what makes\b", "the thing: “Print a completion script.”"),
    Phrase(r"^Do: |(?<=[.;] )do: ", "an imperative: “Fix …”"),
)
"""From the style page's table, and their like."""


def phrases(sentence: Sentence) -> Iterator[tuple[str, str]]:
    """Yield each phrase that a sentence should not have, with what to write in its place."""
    for phrase in PHRASES:
        if found := phrase.search(sentence.text):
            yield found, phrase.instead
