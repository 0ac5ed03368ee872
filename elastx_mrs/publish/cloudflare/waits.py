"""Explain how long Cloudflare's plugin may wait. It prints nothing until it has an answer or gives up."""

import datetime
import os

from elastx_mrs.publish.clock import Clock

RETRIES = 210.0
"""Seconds between the first and the last of eleven tries: 2, 4, 8, 16, and six times 30, each up to a quarter less.

This is cloudflare-go 6.6 and newer; older versions try three times within 1.5 seconds. A ``Retry-After`` of the API
replaces each pause: any value from 6.10 on, and before that only one below a minute.
"""

WINDOW = 300.0
"""Seconds in which Cloudflare counts, and for which it blocks; 1,200 requests per user (its page "Rate limits")."""


def known(waited: float) -> str:
    """Explain a wait for the plugin: when it ends.

    :param waited: the seconds so far.
    """
    clock = Clock.of(os.environ)
    left = clock.real(RETRIES) - waited
    if left <= 0:
        return (
            "That is longer than the plugin retries on its own: Cloudflare told it to wait. Its rate limit takes "
            f"{WINDOW / 60:.0f} minutes"
        )
    at = datetime.datetime.now().astimezone() + datetime.timedelta(seconds=left)
    return (
        f"If Cloudflare's API fails, the plugin tries up to 11 times, until {at:%H:%M:%S %Z}. If Cloudflare tells it "
        f"to wait, that takes longer: {WINDOW / 60:.0f} minutes for the rate limit"
    )
