"""Publishes through Cloudflare: one ``DnsRecord`` of Pulumi's provider for each TXT record."""
