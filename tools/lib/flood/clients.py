"""Clients that behave: they ask within a second of connecting, read at once, and try once."""

import asyncio
import dataclasses
import random
import socket
import struct
import time

from bench import message, services

PATIENCE = 2.0  # seconds for a connection, and for a reply
DATAGRAM_PATIENCE = 0.5  # seconds until who asked over UDP asks over TCP
DNS_ADDRESS, HTTP_ADDRESS = "127.0.0.9", "127.0.0.10"
FIRST_TRIES = "DNS queries over UDP, the first try"


@dataclasses.dataclass
class Tally:
    """What became of the attempts of one kind."""

    tried: int = 0
    succeeded: int = 0
    latencies: list = dataclasses.field(default_factory=list)
    failures: dict = dataclasses.field(default_factory=dict)

    @property
    def share(self):
        return self.succeeded / self.tried if self.tried else 0

    def fail(self, error):
        name = f"{type(error).__name__} {error}".strip()[:80]
        self.failures[name] = self.failures.get(name, 0) + 1


class Clients:
    """All of them, in one process."""

    def __init__(self, server, service_count, dawdling, seed):
        self.server = server
        self.service_count = service_count
        self.dawdling = dawdling  # seconds at most between connecting and asking
        self.chance = random.Random(seed)
        self.tallies = {}

    async def attempt(self, kind, work):
        """Whether it succeeded."""
        tally = self.tallies.setdefault(kind, Tally())
        tally.tried += 1
        try:
            tally.latencies.append(await work)
            tally.succeeded += 1
            return True
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            tally.fail(error)
            return False

    async def connect(self, port, address):
        return await asyncio.wait_for(
            asyncio.open_connection(self.server.address, port, local_addr=(address, 0)), PATIENCE
        )

    async def dawdle(self):
        await asyncio.sleep(self.chance.random() * self.dawdling)

    def chosen_query(self):
        return message.query(f"s{self.chance.randrange(self.service_count)}.mesh.internal", "A")

    async def resolution(self):
        """A query over UDP, and over TCP when there was no reply."""
        asked = time.monotonic()
        if not await self.attempt(FIRST_TRIES, self.datagram()):
            await self.query()
        return time.monotonic() - asked

    async def datagram(self):
        loop, asked = asyncio.get_running_loop(), time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as own:
            own.bind((DNS_ADDRESS, 0))
            own.connect((self.server.address, self.server.port))
            own.send(self.chosen_query())
            reply = await asyncio.wait_for(loop.sock_recv(own, 4096), DATAGRAM_PATIENCE)
        if not message.has_answers(reply):
            raise ValueError("the reply has no answer")
        return time.monotonic() - asked

    async def query(self):
        """A query on a connection of its own."""
        query = self.chosen_query()
        reader, writer = await self.connect(self.server.port, DNS_ADDRESS)
        try:
            await self.dawdle()
            asked = time.monotonic()
            writer.write(struct.pack(">H", len(query)) + query)
            length = await asyncio.wait_for(reader.readexactly(2), PATIENCE)
            reply = await asyncio.wait_for(
                reader.readexactly(struct.unpack(">H", length)[0]), PATIENCE
            )
            if not message.has_answers(reply):
                raise ValueError("the reply has no answer")
            return time.monotonic() - asked
        finally:
            writer.close()

    async def renewal(self):
        """A renewal on a connection of its own."""
        reader, writer = await self.connect(self.server.http_port, HTTP_ADDRESS)
        try:
            await self.dawdle()
            return await self.renew(reader, writer)
        finally:
            writer.close()

    async def renew(self, reader, writer):
        service, instance = services.names(self.chance.randrange(self.service_count * 8))
        asked = time.monotonic()
        host = f"{self.server.address}:{self.server.http_port}"
        writer.write(
            f"POST /v1/services/{service}/instances/{instance}/renew HTTP/1.1\r\n"
            f"Host: {host}\r\n\r\n".encode()
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await asyncio.wait_for(reader.readexactly(length), PATIENCE)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ValueError(head.split(b"\r\n")[0].decode())
        return time.monotonic() - asked

    async def agent(self, ending):
        """Renews every second on a connection that it keeps, and connects again if it was closed,
        as every HTTP client does."""
        kept = None
        while not ending.is_set():
            if kept is None or kept[0].at_eof():
                try:
                    kept = await self.connect(self.server.http_port, HTTP_ADDRESS)
                except (OSError, asyncio.TimeoutError):
                    kept = None
            if kept is None:
                await self.attempt("renewals on kept connections", self.unconnected())
            elif not await self.attempt("renewals on kept connections", self.renew(*kept)):
                kept[1].close()
                kept = None
            await asyncio.sleep(1)

    async def unconnected(self):
        raise OSError("no connection")

    async def every(self, interval, kind, work, ending):
        running = set()
        while not ending.is_set():
            task = asyncio.ensure_future(self.attempt(kind, work()))
            running.add(task)
            task.add_done_callback(running.discard)
            await asyncio.sleep(interval)
        await asyncio.gather(*running)

    async def run(self, told_to_end):
        ending = asyncio.Event()
        work = [
            asyncio.ensure_future(
                self.every(1 / 30, "DNS queries over UDP, then TCP", self.resolution, ending)
            ),
            asyncio.ensure_future(self.every(1 / 30, "DNS queries over TCP", self.query, ending)),
            asyncio.ensure_future(self.every(1 / 15, "renewals", self.renewal, ending)),
            *(asyncio.ensure_future(self.agent(ending)) for _ in range(20)),
        ]
        while not told_to_end.poll():
            await asyncio.sleep(0.05)
        ending.set()
        await asyncio.wait(work, timeout=5 * PATIENCE)
        return self.tallies


def perform(told_to_end, server, service_count, dawdling, seed):
    """As `Background` wants it."""
    clients = Clients(server, service_count, dawdling, seed)
    return asyncio.run(clients.run(told_to_end))
