"""Clients that resolve by DNS, keep an answer for exactly its TTL, and use it until then."""

import asyncio
import random
import socket
import time

import dns.message
import dns.rdatatype

from bench import message
from drain.network import PORT

ZONE = "mesh.internal."
LATER = "SRV-then-A"  # asks for a target's address only when it needs it
KINDS = ("A", "AAAA", "SRV", LATER)
PATIENCE, TRIES = 2, 3  # seconds for a reply, and how often a query is sent
REQUEST_PATIENCE = 10  # seconds
USES = 1.5  # a second, of an answer that is kept
IDLE = 1  # seconds at most until a client needs another answer, so that they do not ask in step
LAST_MOMENT = 0.01  # seconds before an answer is kept no more


class Tally:
    """What the clients did, and what failed."""

    def __init__(self):
        self.requests = self.queries = self.skipped = 0
        self.failures = []

    def fail(self, text):
        self.failures.append(text)


class Client:
    """One of a kind for one service. Its times are monotonic."""

    def __init__(self, server, service, kind, cheat_seconds, chance, tally):
        self.server, self.service, self.kind = server, f"{service}.{ZONE}", kind
        self.cheat_seconds, self.chance, self.tally = cheat_seconds, chance, tally
        self.under_way = set()

    async def work(self, ending):
        while not ending.is_set():
            await asyncio.sleep(self.chance.uniform(0, IDLE))
            try:
                held, until = await self.resolve(self.service, self.kind.partition("-")[0])
            except (OSError, asyncio.TimeoutError) as error:
                self.tally.fail(f"no reply to {self.service} {self.kind}: {error}")
                continue
            if held:  # else no instance is there
                await self.use(held, until, round((until - time.monotonic()) * USES))
        await asyncio.gather(*self.under_way)

    async def resolve(self, name, kind):
        """What the answer names, and until when it may be kept."""
        reply, at = await self.ask(name, kind)
        wanted = dns.rdatatype.from_text(kind)
        rrsets = [rrset for rrset in reply.answer if rrset.rdtype == wanted]
        if not rrsets:
            return [], at
        ttls = [rrset.ttl for rrset in rrsets]
        if wanted != dns.rdatatype.SRV:
            held = [record.address for rrset in rrsets for record in rrset]
        else:
            held = [record.target for rrset in rrsets for record in rrset]
        if self.kind == "SRV":
            beside = [r for r in reply.additional if r.name in held]
            held = [record.address for rrset in beside for record in rrset]
            ttls += [rrset.ttl for rrset in beside]
        return held, at + min(ttls) + self.cheat_seconds

    async def ask(self, name, kind):
        """The reply, and when it had come."""
        loop, identifier = asyncio.get_running_loop(), self.chance.randrange(1 << 16)
        self.tally.queries += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as own:
            own.connect(self.server)
            for attempt in range(TRIES):
                own.send(message.query(str(name), kind, 1232, identifier))
                try:
                    text = await asyncio.wait_for(loop.sock_recv(own, 4096), PATIENCE)
                    return dns.message.from_wire(text), time.monotonic()
                except asyncio.TimeoutError:
                    if attempt == TRIES - 1:
                        raise

    async def use(self, held, until, often):
        """Now and then one of them, and at the last moment all."""
        now = time.monotonic()
        moments = sorted(self.chance.uniform(now, until) for _ in range(often))
        for moment in moments:
            await self.use_at(moment, until, [self.chance.choice(held)])
        await self.use_at(max(now, until - LAST_MOMENT), until, held)

    async def use_at(self, moment, until, used):
        await asyncio.sleep(moment - time.monotonic())
        # An answer with TTL 0 is for the one use that it was asked for.
        if time.monotonic() >= until > moment:
            self.tally.skipped += len(used)  # this machine is too slow
            return
        for one in used:
            is_target = not isinstance(one, str)
            task = asyncio.ensure_future(self.go_to(one) if is_target else self.request(one))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)

    async def go_to(self, target):
        """Uses a target of an SRV record that is held: its address is asked for only now."""
        try:
            addresses, until = await self.resolve(target, "A")
        except (OSError, asyncio.TimeoutError) as error:
            return self.tally.fail(f"no reply to {target} A: {error}")
        if not addresses:
            return self.tally.fail(f"{target} is gone while an SRV record with it is kept")
        await self.request(addresses[0])
        await self.use(addresses, until, 0)

    async def request(self, address):
        self.tally.requests += 1
        try:
            status = await asyncio.wait_for(get(address, self.kind), REQUEST_PATIENCE)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            return self.tally.fail(f"a request to {address} failed: {error!r}")
        if status != b"200":
            self.tally.fail(f"a request to {address} got {status.decode()}")


async def get(address, path):
    """The status of the reply."""
    reader, writer = await asyncio.open_connection(address, PORT)
    try:
        writer.write(f"GET /{path} HTTP/1.1\r\nHost: instance\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        return head.split(b" ", 2)[1]
    finally:
        writer.close()


async def run(told_to_end, server, services, kinds, cheat_seconds, seed):
    tally, ending = Tally(), asyncio.Event()
    work = [
        asyncio.ensure_future(
            Client(
                server, service, kind, cheat_seconds, random.Random(f"{seed} {service} {kind}"),
                tally,
            ).work(ending)
        )
        for service in services
        for kind in kinds
    ]  # fmt: skip
    while not told_to_end.poll():
        await asyncio.sleep(0.05)
    ending.set()
    await asyncio.gather(*work)
    return tally


def perform(told_to_end, *arguments):
    """As `Background` wants it."""
    return asyncio.run(run(told_to_end, *arguments))
