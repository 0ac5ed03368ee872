"""Cloudflare's plans beside the free one, which is the lab's."""

from elastx_mrs.lab.cloudflare.rules import Plan

ENTERPRISE = Plan("Enterprise Website", 30, 500, 20)
