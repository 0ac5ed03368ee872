"""A program in TypeScript."""

import json
from collections.abc import Mapping
from typing import Any

from elastx_mrs.display import comment_line
from elastx_mrs.scaffold.plan import Plan

WIDTH = 100
"""Columns; a longer list gets one line for each element."""

PACKAGE: Mapping[str, Any] = {
    "private": True,
    "main": "index.ts",
    "dependencies": {"@elastx/mail-relay": "file:sdks/elastx-elastx-mrs", "@pulumi/pulumi": "^3.259.0"},
    "devDependencies": {"@types/node": "^20", "typescript": "^5.9"},
}
TSCONFIG = """{
  "compilerOptions": {
    "strict": true,
    "target": "es2020",
    "module": "commonjs",
    "moduleResolution": "node",
    "outDir": "bin",
    "skipLibCheck": true
  },
  "files": ["index.ts"]
}
"""
_HEAD = """import * as pulumi from "@pulumi/pulumi";
import * as elastx from "@elastx/mail-relay";

const relay = new elastx.MailRelay("mail", {
"""
_END = """});
export const smtp = relay.smtp;
export const verification = relay.verification;
"""


def program(plan: Plan) -> str:
    """Return ``index.ts``."""
    lines = [_accounts(plan)]
    if plan.dkim:
        lines.append('    dkim: { record: new pulumi.Config().require("dkim") },\n')
    lines.append("    domains: [\n")
    for domain in plan.domains:
        lines += [f"        {comment_line(note, '//')}" for note in domain.notes]
        lines.append(f"        {_literal(domain.config)},\n")
    lines.append("    ],\n")
    lines.append(f"    {plan.provider.name}: {_literal(plan.of_the_program)},\n")
    return "".join([_HEAD, *lines, _END])


def _accounts(plan: Plan) -> str:
    inline = f"    accounts: {_literal(list(plan.accounts))},\n"
    if len(inline) <= WIDTH:
        return inline
    items = "".join(f"        {_literal(one)},\n" for one in plan.accounts)
    return f"    accounts: [\n{items}    ],\n"


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key}: {_literal(one)}" for key, one in value.items()) + " }" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value, ensure_ascii=False)
