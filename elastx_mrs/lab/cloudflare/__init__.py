"""Cloudflare's DNS API on this machine, for the lab's zones. It accepts, refuses and stores records as Cloudflare does.

Source: Cloudflare's published API description, and observed requests of the real Pulumi plugin.
"""
