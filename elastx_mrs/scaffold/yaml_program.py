"""A program in Pulumi's YAML, which is part of ``Pulumi.yaml``."""

from collections.abc import Mapping
from typing import Any

from elastx_mrs.display import comment_line
from elastx_mrs.scaffold.in_yaml import entry, in_yaml
from elastx_mrs.scaffold.plan import Plan

_HEAD = """configuration:
  dkim:
    type: string
"""
_RESOURCE = """resources:
  mail:
    type: elastx-mrs:MailRelay
    properties:
"""
_END = """outputs:
  smtp: ${mail.smtp}
  verification: ${mail.verification}
"""


def program(plan: Plan) -> str:
    """Return the lines of ``Pulumi.yaml`` below the runtime."""
    lines = [_HEAD] if plan.dkim else []
    lines += [_RESOURCE, f"      accounts: {in_yaml(_plain(list(plan.accounts)))}\n"]
    if plan.dkim:
        lines.append('      dkim: {record: "${dkim}"}\n')
    lines.append("      domains:\n")
    for domain in plan.domains:
        lines += [f"        {comment_line(note)}" for note in domain.notes]
        for index, (key, value) in enumerate(domain.config.items()):
            lines.append(f"        {'- ' if index == 0 else '  '}{entry(key, _plain(value))}\n")
    lines.append(f"      {plan.provider.name}: {in_yaml(_plain(plan.of_the_program))}\n")
    return "".join([*lines, _END])


def _plain(value: Any) -> Any:
    """Return a value with ``${`` escaped, which Pulumi would replace."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.replace("${", "$${") if isinstance(value, str) else value
