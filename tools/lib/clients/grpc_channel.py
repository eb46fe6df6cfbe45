"""gRPC's channels, which have a resolver and a balancer of their own."""

import contextlib
import os

import debian
import pypi
from clients import network, order, scenes
from clients.order import Mistake
from clients.place import Daemon, own_file
from clients.resolution import Resolution
from clients.resolver import RESOLV_CONF, Resolver

PACKAGES = ("grpcio==1.85.1",)
PORT = "50051"
DEFAULT_CALLS = 1_000
CHANGES = 5  # of the instance, at most: each time that a connection ends


class Grpc(Resolver):
    """A call is one over the channel."""

    name = "grpc"
    expects = "round robin, but not from one order; asks when a connection ends"
    keeps = 4  # seconds: a connection's age, and the time between two questions

    def prepare(self):
        directory = os.path.join(debian.REPOSITORY, ".build", "clients", "grpc")
        self.python = pypi.Programs(directory, PACKAGES).path("python")

    def version(self):
        return PACKAGES[0].partition("==")[2]

    def command(self, way="round_robin"):
        return (self.python, own_file("grpc/call.py"), PORT, way)

    def __enter__(self):
        network.use_resolver(own_file(RESOLV_CONF))
        # Those that are there, and the one that comes.
        addresses = [self.service.address(n + 1) for n in range(scenes.STEADY + 1)]
        self.servers = Daemon(self.place, self.python, own_file("grpc/serve.py"), PORT, *addresses)
        self.servers.start(lambda: "ready" in self.servers.log())
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.servers.stop()

    def seen(self):
        yield scenes.even_spread(self, self.service)
        yield scenes.comes_and_goes(self, self.service, self.keeps)
        yield self.stays_with_one_unless_told()

    def stays_with_one_unless_told(self):
        with contextlib.closing(Resolution(self.place, *self.command("default"))) as resolution:
            reached = [found[0] for found in resolution.all(self.service.host, DEFAULT_CALLS)]
        order.only(reached, self.service.members)
        changes = sum(one != other for one, other in zip(reached, reached[1:]))
        if changes > CHANGES:
            raise Mistake(f"without settings {DEFAULT_CALLS} calls change {changes} times")
        return "without settings: one instance, until its connection ends"
