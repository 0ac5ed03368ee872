"""The mail records of a company, in Amazon Route 53."""

import pulumi

from elastx_mrs import MailRelay, stack_config

relay = MailRelay("mail", stack_config())
pulumi.export("smtp", relay.smtp)
pulumi.export("verification", relay.verification)
