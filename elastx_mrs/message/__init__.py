"""A received message: did the whole chain work?

``reading`` takes the file apart, ``claims`` reads what the receiver says, ``signature`` verifies DKIM now, ``chain``
judges them together as DMARC does.
"""
