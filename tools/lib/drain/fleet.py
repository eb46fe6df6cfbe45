"""Those who run the instances: they register, change TTLs, drain, and start other ones."""

import asyncio
import concurrent.futures
import datetime
import itertools
import threading
import time

from drain import network
from drain.backends import Backend
from durability.api import API

TTLS = (1, 2, 3, 4, 5)  # seconds
LIFE = (2, 6)  # seconds until an instance is drained
CONFIGURED, WAITING = 0.4, 0.1  # shares of the drains: the TTL is changed before; with ?wait=true
LINGER = 3  # seconds that an instance still counts who comes after its end
CALLERS = 32


class Fleet:
    """All services with their instances."""

    def __init__(self, arguments, http_port, chance, has_ipv6, outcome):
        self.arguments, self.http_port, self.chance = arguments, http_port, chance
        self.has_ipv6, self.outcome = has_ipv6, outcome
        self.services = [f"s{n}" for n in range(arguments.services)]
        self.numbers = itertools.count()
        self.begun = 0
        self.drained = []
        self.slowest = 0.0  # call, in seconds
        self.callers = concurrent.futures.ThreadPoolExecutor(CALLERS)
        self.local = threading.local()

    async def perform(self):
        slots = [
            asyncio.ensure_future(self.keep(service))
            for service in self.services
            for _ in range(self.arguments.instances)
        ]
        try:
            await asyncio.gather(*slots)
            await asyncio.sleep(LINGER + self.arguments.cheat_seconds)
        finally:
            for slot in slots:
                slot.cancel()

    async def keep(self, service):
        """One instance after the other, each begun when the one before has ended."""
        await self.configure(service)
        while self.begun < self.arguments.drains:
            backend = await self.start(service)
            await asyncio.sleep(self.chance.uniform(*LIFE))
            if self.begun < self.arguments.drains:
                self.begun += 1
                await self.drain(backend)

    async def start(self, service):
        number = next(self.numbers)
        addresses = network.addresses(number, self.has_ipv6)
        backend = Backend(service, number, addresses, self.outcome)
        await backend.start()
        registration = {"addresses": addresses, "port": network.PORT, "lease_seconds": None}
        await self.call("PUT", f"{service}/instances/{backend.name}", registration)
        return backend

    async def configure(self, service):
        await self.call("PUT", service, {"ttl_seconds": self.chance.choice(TTLS)})

    async def drain(self, backend):
        if self.chance.random() < CONFIGURED:
            await self.configure(backend.service)
        waits = self.chance.random() < WAITING
        path = f"{backend.service}/instances/{backend.name}/drain" + ("?wait=true" if waits else "")
        backend.drained_at = time.time()
        reply = await self.call("POST", path)
        if not waits:
            self.slowest = max(self.slowest, time.time() - backend.drained_at)
        safe_at = datetime.datetime.fromisoformat(reply["safe_at"]).timestamp()
        backend.ends_at = time.time() if waits else safe_at
        await asyncio.sleep(backend.ends_at - time.time())
        self.outcome.counts["drains"] += 1
        self.outcome.counts["of them with ?wait=true"] += waits
        self.drained.append(backend)
        linger = LINGER + self.arguments.cheat_seconds
        asyncio.get_running_loop().call_later(linger, backend.close)

    async def call(self, method, path, body=None):
        """The reply's body; it must succeed."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.callers, self.call_now, method, path, body)

    def call_now(self, method, path, body):
        if not hasattr(self.local, "api"):
            self.local.api = API(self.http_port)
        reply = self.local.api.call(method, f"/v1/services/{path}", body)
        if reply.status not in (200, 201):
            raise RuntimeError(f"{method} {path} got {reply.status}: {reply.body}")
        return reply.body
