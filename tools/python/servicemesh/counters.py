"""What a mesh has done, as numbers that only grow."""

import threading
from typing import Dict

NAMES = (
    "calls",  # by `call`
    "calls_failed",  # that raised an error
    "tries",  # requests that were begun
    "retries",  # of these, after the first of a call
    "timeouts",  # tries that ended so
    "connection_errors",  # tries that ended so
    "connections",  # that were opened to instances
    "dns_queries",  # that were sent, over UDP and TCP
    "dns_tcp_queries",  # of these, over TCP
    "dns_failures",  # look-ups that no server answered
    "dns_ignored",  # replies that were no answer to the query
    "sets_changed",  # that a service had other instances than before
    "stale_sets",  # calls with a set that could not be looked up again
    "registrations",  # that succeeded, the first ones included
    "renewals",  # that succeeded
    "lease_failures",  # registrations and renewals that failed
    "deregistrations",  # drains included
)


class Counters:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(NAMES, 0)

    def add(self, name: str, count: int = 1) -> None:
        with self._lock:
            self._counts[name] += count

    def snapshot(self) -> Dict[str, int]:
        """All numbers as they were at one moment."""
        with self._lock:
            return dict(self._counts)
