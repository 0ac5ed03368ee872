"""The mail records of a company, declared in the stack file."""

import pulumi

from elastx_mrs import MailRelay, stack_config

relay = MailRelay("mail", stack_config())
pulumi.export("smtp", relay.smtp)
pulumi.export("verification", relay.verification)
