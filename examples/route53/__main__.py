"""The mail records of a company, in Amazon Route 53."""

import pulumi
from route53 import Route53

from elastx_mrs import MailRelay, stack_config

arguments = stack_config(publisher=False)
zones = pulumi.Config().require_object("zones")
relay = MailRelay("mail", arguments, publisher=Route53(zones, arguments))
pulumi.export("smtp", relay.smtp)
pulumi.export("verification", relay.verification)
