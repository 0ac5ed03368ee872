"""Checks a received message.

``parse`` reads the file, ``authentication_results`` the receiver's results. ``signature`` verifies DKIM now, and
``chain`` combines everything as DMARC does.
"""
