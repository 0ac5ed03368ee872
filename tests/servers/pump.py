"""The pump of ``tests.servers.lossy``: ``python pump.py LOSS DELAY SEED ADDRESS``, in a network namespace of its own.

It imports little, so that it starts at once.
"""

import fcntl
import hashlib
import heapq
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress

PORT = 53
UDP, TCP = 17, 6
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


class Fate:
    """Says which packets are lost."""

    def __init__(self, loss: float, seed: int) -> None:
        self._loss = loss
        self._seed = seed
        self._seen: Counter[bytes] = Counter()
        self.taken = 0
        self.lost = 0

    def loses(self, packet: bytes) -> bool:
        """Say whether a packet is lost; each is asked about once."""
        said = _said(packet)
        self._seen[said] += 1
        text = b"%d %d " % (self._seed, self._seen[said]) + said
        drawn = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") / 2**64
        self.taken += 1
        self.lost += drawn < self._loss
        return drawn < self._loss


def _said(packet: bytes) -> bytes:
    """Return what a packet has in common with the same one sent again, and with that of another run.

    Of UDP the flags, which say whether it is a query, and the question, but no ID and no port; of TCP the connection
    and the direction.
    """
    start = (packet[0] & 0xF) * 4
    source, target = struct.unpack_from("!HH", packet, start)
    if packet[9] == UDP:
        message = packet[start + 8 :]
        return message[2:4] + message[12 : message.index(0, 12) + 5].lower()
    return b"%d %d" % (source, target)


def main() -> None:
    """Pump packets until the process is ended."""
    loss, delay, seed, address = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"far0", IFF_TUN | IFF_NO_PI))
    for command in ("link set lo up", f"addr add {address}/24 dev far0", "link set far0 up mtu 1400"):
        subprocess.run(["ip", *command.split()], check=True)
    print("ready", flush=True)
    fate = Fate(loss, seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(f"{fate.taken} packets, {fate.lost} lost"))
    late: list[tuple[float, int, bytes]] = []
    number = 0
    while True:
        wait = max(0.0, late[0][0] - time.monotonic()) if late else None
        if select.select([device], [], [], wait)[0]:
            with suppress(BlockingIOError):
                while True:
                    packet = os.read(device, 65535)
                    if packet[0] >> 4 != 4 or packet[9] not in (UDP, TCP) or fate.loses(packet):
                        continue
                    number += 1
                    swapped = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
                    heapq.heappush(late, (time.monotonic() + delay, number, swapped))
        while late and late[0][0] <= time.monotonic():
            with suppress(OSError):
                os.write(device, heapq.heappop(late)[2])


if __name__ == "__main__":
    main()
