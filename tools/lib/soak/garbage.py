"""Input that nobody should send, on every port."""

import contextlib
import socket
import struct

import dns.message

HALF_OPEN = 8  # connections that are begun and left to the server's limits


class Garbage:
    """Steps of one hostile client. No reply is expected, and none is looked at."""

    def __init__(self, server, chance, outcome):
        self.server, self.chance, self.outcome = server, chance, outcome
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.connect(server.dns)
        self.udp.setblocking(False)
        self.left = []

    def step(self):
        self.outcome.count("bad inputs")
        with contextlib.suppress(OSError):
            self.chance.choice((self.datagrams, self.stream, self.request))()
        with contextlib.suppress(OSError):
            while True:
                self.udp.recv(65535)

    def close(self):
        for connection in (*self.left, self.udp):
            connection.close()

    def octets(self, limit):
        return self.chance.randbytes(self.chance.randrange(limit))

    def query(self):
        """One with some octets changed, or cut off."""
        name = self.chance.choice(("soak0-1.mesh.internal", "infra.example", "a" * 63, "."))
        kind = self.chance.choice(("A", "SRV", "TXT", "ANY", "AXFR", "TSIG", "OPT", "SOA"))
        wire = bytearray(dns.message.make_query(name, kind, use_edns=0, payload=4096).to_wire())
        for _ in range(self.chance.randrange(4)):
            wire[self.chance.randrange(len(wire))] = self.chance.randrange(256)
        return bytes(wire[: self.chance.randrange(len(wire) + 1)] if self.one_of(3) else wire)

    def one_of(self, number):
        return self.chance.randrange(number) == 0

    def datagrams(self):
        for _ in range(self.chance.randrange(1, 30)):
            self.udp.send(self.octets(1400) if self.one_of(3) else self.query())
        if self.one_of(10):
            self.udp.send(self.octets(60_000))

    def stream(self):
        """DNS over TCP: frames of noise, frames that lie about their length, resets."""
        connection = socket.create_connection(self.server.dns, 2)
        for _ in range(self.chance.randrange(5)):
            text = self.octets(600) if self.one_of(2) else self.query()
            length = self.chance.randrange(65536) if self.one_of(4) else len(text)
            connection.sendall(length.to_bytes(2, "big") + text)
        self.leave(connection)

    def request(self):
        """HTTP: noise, heads without end, bodies that are no JSON or not what was asked for."""
        connection = socket.create_connection(self.server.http, 2)
        body = self.chance.choice(
            (
                self.octets(3000), b"{" * 5000, b'{"address": "' + self.octets(50) + b'"}',
                b'{"port": 99999}', b'{"address": "224.0.0.1"}', b'{"nothing": 1}',
            )
        )  # fmt: skip
        target = self.chance.choice(
            (
                "/v1/services/soak-bad/instances/x", "/v1/instances", "/v1/renewals",
                "/v1/services/%00/instances/%ff", "/v1/services?limit=-1", "/healthz",
                "/" + "x" * 9000,
            )
        )  # fmt: skip
        method = self.chance.choice(("PUT", "POST", "GET", "DELETE", "BREW"))
        length = self.chance.randrange(100_000) if self.one_of(3) else len(body)
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
        connection.sendall(self.octets(2000) if self.one_of(4) else head.encode() + body)
        self.leave(connection)

    def leave(self, connection):
        """Closes it, resets it, or leaves it open for a while."""
        way = self.chance.randrange(3)
        if way == 0:
            self.left.append(connection)
            if len(self.left) > HALF_OPEN:
                self.left.pop(0).close()
            return
        if way == 1:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
