"""The keys of a finding in JSON: ``expected``, ``seen`` and ``fix``, the same in every command.

A command that never expects one certain value, such as ``config check``, has only the last two.
"""

import re

_FIXES = (  # prose: a list of verbs
    "add allow ask call change check choose close continue copy correct create declare delete did empty end enter "
    "export fix free give import install keep leave let list look make merge move name omit open paste pick pipe "
    "point publish put quote register remove repeat replace right run save see send separate set shorten start stop "
    "take tell test to try type uninstall unset use verify wait write"
)
_FIX = re.compile(rf"; (?=(?:{'|'.join(_FIXES.split())})\b)")
"""The start of the second half of a message, the fix; it begins with one of these verbs."""


def seen_and_fix(problem: str) -> dict[str, str]:
    """Return the problem and the fix in a message, such as ``is empty; write one``.

    ``fix`` is empty if the message has only the first half.
    """
    seen, *rest = _FIX.split(problem, maxsplit=1)
    return {"seen": seen, "fix": "".join(rest)}
