"""Checks what a stack needs before it is deployed: Pulumi, packages, DNS from this machine, and the providers.

It knows no provider by name. Each provider brings its own examinations (:mod:`elastx_mrs.publish.examination`).
"""
