"""What a preview would change, in the terms of mail: read, judged, and told so that a reviewer sees it in ten seconds.

preview (Pulumi's JSON) → changes (of records, by domain) → meaning (their own terms, and what is a risk) → a format.
"""
