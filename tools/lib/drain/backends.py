"""The instances: small HTTP servers, which know when they were to end and count who comes later."""

import asyncio
import socket
import time

from drain.network import PORT

IPV6_FREEBIND = 78  # linux/in6.h; the addresses are a route, not on an interface
BACKLOG = 1_024
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Backend:
    """One instance. Its times are those of the wall clock, as `safe_at` is."""

    def __init__(self, service, number, addresses, outcome):
        self.service, self.name, self.addresses = service, f"i{number}", addresses
        self.outcome = outcome
        self.servers = []
        self.drained_at = self.ends_at = None
        self.last = {}  # request since it was drained, by what its client keeps

    async def start(self):
        for address in self.addresses:
            own = listening_socket(address)
            self.servers.append(await asyncio.start_server(self.attend, sock=own))

    async def attend(self, reader, writer):
        now = time.time()
        self.outcome.counts["requests arrived"] += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(self.reply(head.split(b" ", 2)[1].decode().strip("/"), now))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def reply(self, kind, now):
        """To a client that keeps this kind of answers, and connected now."""
        if self.ends_at is not None and now >= self.ends_at:
            late, after = now - self.ends_at, now - self.drained_at
            self.outcome.wrong(
                f"{self.name}.{self.service} got a request {late:.3f} s after its end, "
                f"{after:.3f} s after it was drained, from a client that keeps {kind}"
            )
            return GONE
        if self.drained_at is not None:
            self.last[kind] = now
        return OK

    def close(self):
        for server in self.servers:
            server.close()


def listening_socket(address):
    is_ipv6 = ":" in address
    own = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_ipv6:
        own.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    own.bind((address, PORT))
    own.listen(BACKLOG)
    return own
