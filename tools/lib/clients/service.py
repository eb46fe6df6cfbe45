"""A service and its instances, as those see it who run them."""

import dataclasses
import datetime
import time

from clients.backends import PORT
from clients.network import BEYOND
from clients.order import Mistake
from clients.registry import ZONE


@dataclasses.dataclass(frozen=True)
class Instance:
    id: str
    address: str


class Service:
    """Its instances count from 1; their addresses end in what `ending` makes of that."""

    def __init__(
        self, registry, name="web", ttl_seconds=1, addresses=BEYOND, ending=lambda n: 10 + n,
        registration=None, **settings,
    ):  # fmt: skip
        self.registry, self.name = registry, name
        self.registration = registration or {}  # members that each has besides
        self.address = lambda number: addresses.format(ending(number))
        self.ttl_seconds = ttl_seconds
        self.instances = []
        registry.call("PUT", f"/v1/services/{name}", {"ttl_seconds": ttl_seconds, **settings})

    @property
    def host(self):
        return f"{self.name}.{ZONE}"

    @property
    def members(self):
        return [instance.address for instance in self.instances]

    def add(self, lease_seconds=None, **members):
        """Registers one more."""
        number = 1 + max((int(i.id.rpartition("-")[2]) for i in self.instances), default=0)
        instance = Instance(f"{self.name}-{number}", self.address(number))
        self.register(instance, lease_seconds, **members)
        self.instances.append(instance)
        return instance

    def register(self, instance, lease_seconds, **members):
        members = {"port": PORT, "address": instance.address} | self.registration | members
        return self.registry.register(self.name, instance.id, lease_seconds, **members)

    def fill(self, count, **members):
        for _ in range(count):
            self.add(**members)
        return self

    def renew(self, instance, lease_seconds):
        """By a registration, which renews, and helps also if that comes too late. When its lease
        ends now, by the clock."""
        return moment(self.register(instance, lease_seconds), "expires_at")

    def drain(self, instance):
        """Takes it out; when it may stop, by the clock."""
        path = f"/v1/services/{self.name}/instances/{instance.id}/drain"
        self.instances.remove(instance)
        return moment(self.registry.call("POST", path), "safe_at")

    def forget(self, instance):
        """Its lease has ended."""
        self.instances.remove(instance)


def moment(reply, member):
    return datetime.datetime.fromisoformat(reply[member].replace("Z", "+00:00")).timestamp()


def wait_until(what, condition, seconds):
    """Returns the seconds that it took."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() > begun + seconds:
            raise Mistake(f"not within {seconds} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - begun
