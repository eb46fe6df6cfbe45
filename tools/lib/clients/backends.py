"""What is behind every address of an instance: HTTP that says which it is, and SSH's first line."""

import asyncio
import collections
import socket
import threading

PORT, SSH_PORT = 8080, 22
HEAD_END = b"\r\n\r\n"


class Backends:
    """One thread that answers on all addresses of this network. Leaving its context ends it."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.requests = collections.Counter()  # by address
        self.ended = set()  # addresses that serve no more
        self.late = collections.Counter()

    def __enter__(self):
        for port, protocol in ((PORT, HTTP), (SSH_PORT, SSH)):
            for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                own = socket.socket(family)
                own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                own.bind((address, port))
                made = self.loop.create_server(
                    lambda protocol=protocol: protocol(self), sock=own, backlog=1024
                )
                self.loop.run_until_complete(made)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def count(self, address):
        """Whether this one serves."""
        self.requests[address] += 1
        if address in self.ended:
            self.late[address] += 1
            return False
        return True


class HTTP(asyncio.Protocol):
    """Replies to each request with the address, as a comment where Prometheus reads it."""

    def __init__(self, backends):
        self.backends, self.pending = backends, b""

    def connection_made(self, transport):
        self.transport = transport
        self.address = transport.get_extra_info("sockname")[0]

    def data_received(self, data):
        self.pending += data
        while HEAD_END in self.pending:
            head, _, self.pending = self.pending.partition(HEAD_END)
            served = self.backends.count(self.address)
            body = f"# {self.address}\n".encode()
            self.transport.write(
                b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s"
                % (b"200 OK" if served else b"410 Gone", len(body), body)
            )
            if b" HTTP/1.0" in head or b"onnection: close" in head:
                self.transport.close()


class SSH(asyncio.Protocol):
    """Says which it is in its identification string (RFC 4253 4.2), and no more."""

    def __init__(self, backends):
        self.backends = backends

    def connection_made(self, transport):
        address = transport.get_extra_info("sockname")[0]
        self.backends.count(address)
        transport.write(f"SSH-2.0-{address}\r\n".encode())
        transport.close()
