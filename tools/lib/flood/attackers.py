"""Those who hold TCP connections in every bad way, from many addresses of loopback."""

import dataclasses
import resource
import selectors
import socket
import struct
import time

from bench import message

SPARE = 512  # descriptors for everything else
DRIP = 1.0  # seconds between the octets of a slow sender
SMALL_BUFFER = 4096  # octets that the kernel keeps for a client that does not read


@dataclasses.dataclass(frozen=True)
class Attack:
    """What each of the connections does."""

    name: str
    over_http: bool
    opening: bytes = b""  # sent at once
    drip: bytes = b""  # sent again and again, a second apart
    reads: bool = True
    share: float = 1  # of the connections: what costs the server much is not to be many


def attacks(server, services):
    """All ways, by name."""
    host = f"Host: {server.address}:{server.http_port}\r\n".encode()
    query = message.query("_grpc._tcp.s0.mesh.internal", "SRV", 1232)
    framed = struct.pack(">H", len(query)) + query
    listing = b"GET /v1/services?limit=100 HTTP/1.1\r\n" + host + b"\r\n"
    return {
        attack.name: attack
        for attack in (
            Attack("idle on DNS", False),
            Attack("idle on HTTP", True),
            Attack("dribbling queries", False, framed[:4], framed[4:5]),
            Attack("dribbling heads", True, b"GET / HTTP/1.1\r\n" + host + b"X: ", b"x"),
            Attack(
                "dribbling bodies", True,
                b"POST /v1/renewals HTTP/1.1\r\n" + host
                + b"Content-Type: application/json\r\nContent-Length: 16000000\r\n\r\n",
                b" " * 1024,
            ),
            Attack("not reading DNS", False, framed * 400, framed * 20, reads=False),
            Attack("not reading HTTP", True, listing * 40, listing, reads=False, share=0.1),
        )
    }  # fmt: skip


def raise_descriptor_limit(wanted):
    """To as many as are wanted or can be had; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(hard, wanted), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return limit
        except (ValueError, PermissionError):
            continue
    return soft


def source(number, addresses):
    """One of so many addresses of 127.0.0.0/8, none of them the server's or a client's."""
    number %= addresses
    return f"127.{100 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


class Attackers:
    """Opens connections of one kind at a rate, and holds each until the server closes it."""

    def __init__(self, attack, target, addresses, room):
        self.attack, self.target, self.addresses, self.room = attack, target, addresses, room
        self.selector = selectors.EpollSelector()
        self.held = {}  # socket -> when its next octet is due
        self.opened = self.most = self.closed = self.failed = 0

    def open(self):
        if len(self.held) >= self.room:
            self.failed += 1
            return
        own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        own.setblocking(False)
        if not self.attack.reads:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        try:
            own.bind((source(self.opened, self.addresses), 0))
            own.connect_ex(self.target)
        except OSError:
            own.close()
            self.failed += 1
            return
        finally:
            self.opened += 1
        self.selector.register(own, selectors.EVENT_WRITE)
        self.held[own] = None
        self.most = max(self.most, len(self.held))

    def close(self, own):
        if own not in self.held:
            return
        del self.held[own]
        if own in self.selector.get_map():
            self.selector.unregister(own)
        own.close()
        self.closed += 1

    def attend(self, seconds):
        for key, events in self.selector.select(seconds):
            own = key.fileobj
            try:
                if events & selectors.EVENT_WRITE:
                    self.begin(own)
                elif not own.recv(65536):
                    self.close(own)
            except BlockingIOError:
                pass
            except OSError:
                self.close(own)

    def begin(self, own):
        """It is connected, or not."""
        if own.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return self.close(own)
        if self.attack.reads:
            self.selector.modify(own, selectors.EVENT_READ)
        else:
            self.selector.unregister(own)  # its end is seen when something is sent
        if self.attack.opening:
            self.send(own, self.attack.opening)
        self.held[own] = time.monotonic() + DRIP

    def send(self, own, octets):
        try:
            own.send(octets)
        except BlockingIOError:
            pass

    def drip(self):
        now = time.monotonic()
        for own in [own for own, due in self.held.items() if due and due <= now]:
            try:
                self.send(own, self.attack.drip)
                self.held[own] = now + DRIP
            except OSError:
                self.close(own)


def perform(told_to_end, attack, target, count, rate, addresses):
    """As `Background` wants it: until told to end. Returns what it counted."""
    room = raise_descriptor_limit(count + SPARE) - SPARE
    own = Attackers(attack, target, addresses, room)
    started, next_drip = time.monotonic(), 0
    while not told_to_end.poll():
        now = time.monotonic()
        due = min(count, int((now - started) * rate)) - own.opened
        for _ in range(min(due, 50)):
            own.open()
        own.attend(0 if due > 50 else 0.005)
        if attack.drip and now >= next_drip:
            own.drip()
            next_drip = now + 0.05
    return {"opened": own.opened, "most": own.most, "closed": own.closed, "failed": own.failed}
