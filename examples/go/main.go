// The mail records of a company.
package main

import (
	elastx "github.com/elastx/elastx-mrs/sdk/go/elastxmrs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		relay, err := elastx.NewMailRelay(ctx, "mail", &elastx.MailRelayArgs{
			Accounts: pulumi.StringArray{
				pulumi.String("smtp-prod@acme.example"),
				pulumi.String("newsletter@acme.example"),
			},
			Dkim:  elastx.DkimArgs{Record: pulumi.String(config.Require(ctx, "dkim"))},
			Dmarc: elastx.DmarcArgs{Record: pulumi.String("v=DMARC1; p=quarantine; adkim=r; aspf=r;")},
			Domains: elastx.DomainArray{
				elastx.DomainArgs{
					Name: pulumi.String("example.com"),
					Spf: elastx.SpfArgs{
						Include: pulumi.StringArray{pulumi.String("_spf.google.com")},
						All:     elastx.SpfAllSoftfail,
					},
				},
				elastx.DomainArgs{
					Name:     pulumi.String("news.example.com"),
					Accounts: pulumi.StringArray{pulumi.String("newsletter@acme.example")},
				},
				elastx.DomainArgs{Name: pulumi.String("example.se")},
			},
			Rfc2136: elastx.Rfc2136Args{
				Zones: pulumi.StringArray{pulumi.String("example.com"), pulumi.String("example.se")},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("smtp", relay.Smtp)
		ctx.Export("verification", relay.Verification)
		return nil
	})
}
