"""The mail records of a company."""

import elastx_mail_relay as elastx
import pulumi

relay = elastx.MailRelay(
    "mail",
    accounts=["smtp-prod@acme.example", "newsletter@acme.example"],
    dkim={"record": pulumi.Config().require("dkim")},
    dmarc={"record": "v=DMARC1; p=quarantine; adkim=r; aspf=r;"},
    domains=[
        {"name": "example.com", "spf": {"include": ["_spf.google.com"], "all": elastx.SpfAll.SOFTFAIL}},
        {"name": "news.example.com", "accounts": ["newsletter@acme.example"]},
        {"name": "example.se"},
    ],
    rfc2136={"zones": ["example.com", "example.se"]},
)
pulumi.export("smtp", relay.smtp)
pulumi.export("verification", relay.verification)
