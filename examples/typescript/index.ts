import * as pulumi from "@pulumi/pulumi";
import * as elastx from "@elastx/mail-relay";

const relay = new elastx.MailRelay("mail", {
    accounts: ["smtp-prod@acme.example", "newsletter@acme.example"],
    dkim: { record: new pulumi.Config().require("dkim") },
    dmarc: { record: "v=DMARC1; p=quarantine; adkim=r; aspf=r;" },
    domains: [
        { name: "example.com", spf: { include: ["_spf.google.com"], all: "softfail" } },
        { name: "news.example.com", accounts: ["newsletter@acme.example"] },
        { name: "example.se" },
    ],
    rfc2136: { zones: ["example.com", "example.se"] },
});
export const smtp = relay.smtp;
export const verification = relay.verification;
