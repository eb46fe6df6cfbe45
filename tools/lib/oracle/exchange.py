"""Queries to the four servers, many in flight, and their replies."""

import select
import socket
import struct
import time

WINDOW = 100  # queries in flight to each server
TRIES = 6
PATIENCE = 1.0  # seconds until a query is sent again


class Exchange:
    """The sockets of one worker: for each server one for UDP and one connection for TCP."""

    def __init__(self, ports):
        self.ports = ports
        self.udp = [self.connect_udp(port) for port in ports]
        self.tcp = [None] * len(ports)

    @staticmethod
    def connect_udp(port):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        udp.connect(("127.0.0.1", port))
        udp.setblocking(False)
        return udp

    def close(self):
        for connection in self.udp + [tcp for tcp in self.tcp if tcp]:
            connection.close()

    def ask_udp(self, queries, tries=TRIES, patience=PATIENCE):
        """A list of replies for each query: one for each server, None where none came."""
        replies = [[None] * len(self.ports) for _ in queries]
        for start in range(0, len(queries), WINDOW):
            window = range(start, min(start + WINDOW, len(queries)))
            for _ in range(tries):
                if not self.ask_window(queries, window, replies, patience):
                    break
        return replies

    def ask_window(self, queries, window, replies, patience):
        """Sends what has no reply yet and takes the replies; the number that is still missing."""
        missing = 0
        for server, udp in enumerate(self.udp):
            for index in window:
                if replies[index][server] is None:
                    missing += 1
                    try:
                        udp.send(struct.pack("!H", index & 0xFFFF) + queries[index])
                    except OSError:
                        pass  # it is sent again
        deadline = time.monotonic() + patience
        numbers = {index & 0xFFFF: index for index in window}
        while missing:
            readable = select.select(self.udp, [], [], max(0, deadline - time.monotonic()))[0]
            if not readable:
                break
            for udp in readable:
                missing -= self.take(udp, queries, numbers, replies)
        return missing

    def take(self, udp, queries, numbers, replies):
        """Takes what has come to one socket; the number of replies that were missing."""
        server, taken = self.udp.index(udp), 0
        while True:
            try:
                octets = udp.recv(65535)
            except OSError:
                return taken
            index = numbers.get(int.from_bytes(octets[:2], "big"))
            # A late reply to an earlier query with the same number has another question.
            if index is None or replies[index][server] is not None:
                continue
            if len(octets) > 12 and octets[5] == 1 and not is_about(octets, queries[index]):
                continue
            replies[index][server] = octets
            taken += 1

    def ask_tcp(self, queries):
        replies = [[None] * len(self.ports) for _ in queries]
        for server in range(len(self.ports)):
            for start in range(0, len(queries), WINDOW):
                window = range(start, min(start + WINDOW, len(queries)))
                for _ in range(TRIES):
                    wanted = [i for i in window if replies[i][server] is None]
                    if not wanted:
                        break
                    self.ask_connection(server, queries, wanted, replies)
        return replies

    def ask_connection(self, server, queries, wanted, replies):
        try:
            if self.tcp[server] is None:
                address = ("127.0.0.1", self.ports[server])
                self.tcp[server] = socket.create_connection(address, timeout=5)
                self.tcp[server].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = self.tcp[server]
            stream.sendall(b"".join(framed(index, queries[index]) for index in wanted))
            numbers = {index & 0xFFFF: index for index in wanted}
            pending = b""
            while numbers:
                more = stream.recv(1 << 17)
                if not more:
                    raise ConnectionError
                pending += more
                while len(pending) >= 2:
                    size = int.from_bytes(pending[:2], "big")
                    if len(pending) < 2 + size:
                        break
                    octets, pending = pending[2 : 2 + size], pending[2 + size :]
                    index = numbers.pop(int.from_bytes(octets[:2], "big"), None)
                    if index is not None:
                        replies[index][server] = octets
        except OSError:
            if self.tcp[server]:
                self.tcp[server].close()
            self.tcp[server] = None


    def ask_odd(self, queries, transport, patience=0.7):
        """As above for messages that may have no reply, or end the connection."""
        if transport == "udp":
            return self.ask_udp(queries, tries=3, patience=patience)
        return [self.ask_alone(octets, patience) for octets in queries]

    def ask_alone(self, octets, patience):
        """One query in a connection of its own to each server."""
        streams = [socket.create_connection(("127.0.0.1", port), 5) for port in self.ports]
        replies = []
        for stream in streams:
            stream.settimeout(patience)
            stream.sendall(framed(0, octets))
        for stream in streams:
            replies.append(read_framed(stream))
            stream.close()
        return replies


def read_framed(stream):
    """One message from a connection, or None where it ends or nothing comes."""
    pending = b""
    try:
        while len(pending) < 2 or len(pending) < 2 + int.from_bytes(pending[:2], "big"):
            more = stream.recv(65535)
            if not more:
                return None
            pending += more
    except OSError:
        return None
    return pending[2 : 2 + int.from_bytes(pending[:2], "big")]


def framed(index, query):
    return struct.pack("!HH", len(query) + 2, index & 0xFFFF) + query


def is_about(reply, query):
    """Whether the reply repeats the question's name, as far as its first octet of zero."""
    end = query.find(b"\0", 10) + 1
    return reply[12 : end + 2].lower() == query[10:end].lower()
