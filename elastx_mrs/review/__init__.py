"""Shows what a preview will change for mail, so a reviewer sees it in ten seconds.

preview (Pulumi's JSON) → changes (of records, by domain) → meaning (in words, with the risks) → a format.
"""
