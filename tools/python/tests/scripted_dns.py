"""DNS servers that answer by a script, over UDP and TCP, and the octets of their replies."""

import socket
import struct
import threading

from servicemesh import message
from servicemesh.name import domain_name

SRV, A, AAAA, CNAME = message.SRV, message.A, message.AAAA, message.CNAME


def name_octets(text):
    """With '' for the root."""
    if not text:
        return b"\0"
    return b"".join(bytes([len(label)]) + label for label in domain_name(text)) + b"\0"


def record(owner, kind, data, ttl=60):
    """`data`: an address, a name, or (priority, weight, port, target)."""
    if kind == SRV:
        octets = struct.pack(">3H", *data[:3]) + name_octets(data[3])
    elif kind == CNAME:
        octets = name_octets(data)
    else:
        octets = socket.inet_pton(socket.AF_INET if kind == A else socket.AF_INET6, data)
    return name_octets(owner) + struct.pack(">2HIH", kind, 1, ttl, len(octets)) + octets


def reply(query, answers=(), additionals=(), code=0, truncated=False, identifier=None):
    """A reply to the octets of a query."""
    decoded = message.decode(query)
    end = 12 + len(b"".join(bytes([len(label)]) + label for label in decoded.questions[0].name)) + 5
    flags = 0x8400 | code | (0x0200 if truncated else 0)
    number = decoded.id if identifier is None else identifier
    header = struct.pack(">6H", number, flags, 1, len(answers), 0, len(additionals))
    return header + query[12:end] + b"".join(answers) + b"".join(additionals)


def one_instance(query, port=80, ttl=60, address="127.0.0.1"):
    """The reply that a service of one instance has, with its address beside it."""
    owner = b".".join(message.decode(query).questions[0].name).decode()
    answer = record(owner, SRV, (0, 1, port, f"i1.{owner}"), ttl)
    return reply(query, [answer], [record(f"i1.{owner}", A, address, ttl)])


class ScriptedDNS:
    """`script(query, over_tcp)` returns the replies to send, as a list of octets; it can be
    changed at any time. `queries` has (type, over_tcp) of each query.
    """

    def __init__(self, script=lambda query, over_tcp: [one_instance(query)]):
        self.script = script
        self.queries = []
        self.ports = []  # that queries over UDP came from
        self._udp, self._tcp = _bound()
        self.address = "127.0.0.1:%d" % self._udp.getsockname()[1]
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._serve_tcp, daemon=True).start()

    def _replies(self, query, over_tcp):
        self.queries.append((message.decode(query).questions[0].type, over_tcp))
        return self.script(query, over_tcp)

    def _serve_udp(self):
        while True:
            query, client = self._udp.recvfrom(4_096)
            if not query:
                return
            self.ports.append(client[1])
            for octets in self._replies(query, False):
                self._udp.sendto(octets, client)

    def _serve_tcp(self):
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                length = struct.unpack(">H", connection.recv(2))[0]
                for octets in self._replies(connection.recv(length), True):
                    connection.sendall(struct.pack(">H", len(octets)) + octets)

    def close(self):
        self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._udp.getsockname())


def _bound():
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()
