"""Cloudflare's DNS API on this machine, over the lab's zones: what it takes, refuses and stores, as Cloudflare does it.

Source: Cloudflare's published API description, and what the real Pulumi plugin was seen to send.
"""
