"""Ports for programs that must be told theirs before they start."""

import random
import socket

# Below those that a system gives to connections of its own: nobody gets one of these by chance.
FIRST, LAST = 20_000, 31_999
_ours: list[socket.socket] = []


def free_port() -> int:
    """Return a TCP port that nobody uses, and that no other process of the tests is given while this one lives."""
    while True:
        port = random.SystemRandom().randint(FIRST, LAST)
        # The UDP port of the same number says whose it is: it is ours until this process ends, and disturbs nobody.
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
        else:
            _ours.append(claim)
            return port
