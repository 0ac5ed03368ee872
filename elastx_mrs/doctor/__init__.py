"""Examines what a stack needs before it is deployed: Pulumi, packages, DNS as this machine reaches it, the providers.

It knows no provider by name: each has examinations of its own (:mod:`elastx_mrs.publish.examination`).
"""
