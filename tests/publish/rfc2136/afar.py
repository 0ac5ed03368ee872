"""Changes on a primary that is far away: ``python -m tests.publish.rfc2136.afar RECORDS``, in its namespace.

It adds as many records, changes all of them, and withdraws every second one, eight at a time.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from tests.publish.rfc2136.updates import provider, record
from tests.servers import NameServer
from tests.servers.lossy import FAR, PORT


def main() -> None:
    ours = provider(NameServer("bind", FAR, PORT))

    def life(number: int) -> None:
        owner = f"r{number}.example.com"
        first, second = record(owner, f"v=spf1 ip4:192.0.2.{number} -all"), record(owner, "v=spf1 -all")
        ours.create(first)
        ours.update("id", first, second)
        if number % 2:
            ours.delete("id", second)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(life, range(int(sys.argv[1]))))


if __name__ == "__main__":
    main()
