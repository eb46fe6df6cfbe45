"""A client that is a program of a few lines, which resolves names through resolv.conf."""

from clients import network, scenes
from clients.client import Client
from clients.order import Mistake
from clients.place import own_file
from clients.resolution import Resolution
from clients.service import Service

RESOLV_CONF = "glibc/resolv.conf"
LARGE = 100  # addresses: more than fit into a datagram of 512 or 1,232 octets


class Resolver(Client):
    expects = "exact order"
    resolv_conf = RESOLV_CONF
    searches = True  # completes names by resolv.conf's list

    def command(self):
        """That runs the program."""
        raise NotImplementedError

    def __enter__(self):
        network.use_resolver(own_file(self.resolv_conf))
        self.resolution = Resolution(self.place, *self.command())
        return self

    def __exit__(self, *_):
        self.resolution.close()

    def seen(self):
        yield scenes.exact_order(self, self.service)
        yield scenes.comes_and_goes(self, self.service)
        if self.searches:
            yield self.takes_a_short_name()
        yield self.takes_a_large_answer()

    def reached(self, calls):
        return [found[0] for found in self.resolution.all(self.service.host, calls)]

    def takes_a_short_name(self):
        found = self.resolution.all(self.service.name)[0]
        if set(found) != set(self.service.members):
            raise Mistake(f"{self.service.name} is {found}")
        return f"'{self.service.name}' alone, by the search list"

    def takes_a_large_answer(self):
        large = Service(self.place.registry, "large").fill(LARGE)
        found = self.resolution.all(large.host)[0]
        if set(found) != set(large.members):
            raise Mistake(f"{len(found)} of {LARGE} addresses")
        return f"all of {LARGE} addresses"
