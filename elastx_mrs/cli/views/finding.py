"""The keys of a finding in JSON: ``expected``, ``seen`` and ``fix``, the same in every command.

A command that never expects one value, such as ``config check``, has the last two.
"""

import re

_FIXES = (  # prose: a list of verbs
    "add ask call change check choose close declare delete did end export give import install keep leave let list make "
    "move name open paste pick point publish put remove repeat right run see send set start take test tell to try type "
    "use wait write"
)
_FIX = re.compile(rf"; (?=(?:{'|'.join(_FIXES.split())})\b)")
"""Where the second half of a message begins, which says what to do, by its first word."""


def seen_and_fix(problem: str) -> dict[str, str]:
    """Return what is wrong and what to do, of a message that says both: ``is empty; write one``.

    ``fix`` is empty where the message has only the first half.
    """
    seen, *rest = _FIX.split(problem, maxsplit=1)
    return {"seen": seen, "fix": "".join(rest)}
