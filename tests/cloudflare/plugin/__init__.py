"""A stand-in for Cloudflare's Pulumi plugin, for machines where the real one can't be had."""
