"""Connections to instances: bounded in time as a whole, kept for the next request."""

import collections
import http.client
import io
import select
import socket
import threading
import time
from typing import List, Optional, Tuple

from .address import Address
from .endpoint import Endpoint

MOST_KEPT = 100  # connections in all; the one that was not used for longest goes
LONGEST_IDLE = 30.0  # seconds; more, and many servers would be about to close it


class ConnectFailed(OSError):
    """No connection came about, so nothing was sent."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.errno, error.strerror or str(error) or "can't connect")
        self.is_timeout = isinstance(error, socket.timeout)


class Connection(http.client.HTTPConnection):
    """To one instance. `deadline`, a time of the monotonic clock, bounds all that is done: a
    socket's own time-out begins anew with each octet.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint.addresses[0], endpoint.port)
        self._addresses = endpoint.addresses
        self.key = (endpoint.addresses, endpoint.port)
        self.deadline = 0.0
        self.idle_since = 0.0

    def connect(self) -> None:
        """Tries the addresses in their order. Raises ConnectFailed."""
        for number, address in enumerate(self._addresses):
            # What is left is shared, so that one that hangs leaves time for the others.
            share = self._left() / (len(self._addresses) - number)
            try:
                tcp = socket.create_connection(Address(address, self.port), max(share, 0.001))
                break
            except OSError as error:
                if number == len(self._addresses) - 1:
                    raise ConnectFailed(error) from error
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = _BoundedSocket(tcp, self._left)

    def _left(self) -> float:
        return self.deadline - time.monotonic()

    @property
    def is_usable(self) -> bool:
        """Whether it is open and silent: what is readable now is an end, or no answer of ours."""
        if self.sock is None or time.monotonic() - self.idle_since > LONGEST_IDLE:
            return False
        poll = select.poll()
        poll.register(self.sock.fileno(), select.POLLIN)
        return not poll.poll(0)


class _BoundedSocket:
    """As much of a socket as http.client uses; each call gets the time that is left."""

    def __init__(self, tcp: socket.socket, left) -> None:
        self._tcp = tcp
        self._left = left
        self.close = tcp.close
        self.fileno = tcp.fileno

    def sendall(self, octets: bytes) -> None:
        self._tcp.settimeout(_positive(self._left()))
        self._tcp.sendall(octets)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_BoundedReader(self._tcp, self._left))


class _BoundedReader(io.RawIOBase):
    def __init__(self, tcp: socket.socket, left) -> None:
        self._tcp = tcp
        self._raw = tcp.makefile("rb", buffering=0)  # keeps the socket open until it is closed
        self._left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> Optional[int]:
        self._tcp.settimeout(_positive(self._left()))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class ConnectionPool:
    """Connections that wait for their next request. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: "collections.deque[Connection]" = collections.deque()  # the latest at the end

    def take(self, endpoint: Endpoint) -> Optional[Connection]:
        """A kept connection to this instance that is still open, if there is one."""
        key: Tuple = (endpoint.addresses, endpoint.port)
        while True:
            with self._lock:
                kept = next((each for each in reversed(self._idle) if each.key == key), None)
                if kept is None:
                    return None
                self._idle.remove(kept)
            if kept.is_usable:
                return kept
            kept.close()

    def keep(self, connection: Connection) -> None:
        connection.idle_since = time.monotonic()
        gone: List[Connection] = []
        with self._lock:
            self._idle.append(connection)
            while len(self._idle) > MOST_KEPT or (
                connection.idle_since - self._idle[0].idle_since > LONGEST_IDLE
            ):
                gone.append(self._idle.popleft())
        for each in gone:
            each.close()

    def close(self) -> None:
        with self._lock:
            gone, self._idle = self._idle, collections.deque()
        for each in gone:
            each.close()


def _positive(left: float) -> float:
    if left <= 0:
        raise socket.timeout("timed out")
    return left
