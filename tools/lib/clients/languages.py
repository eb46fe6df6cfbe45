"""The resolvers that languages bring with them, each asked by a program of a few lines."""

import os
import sys

import debian
from clients import order, scenes
from clients.place import own_file
from clients.resolver import Resolver

BUILD = 300  # seconds for the first time


class Go(Resolver):
    name = "go"

    def prepare(self):
        cache = os.path.join(debian.REPOSITORY, ".build", "clients", "go")
        self.place.run(
            "env", f"GOCACHE={cache}", "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "go", "build",
            "-o", self.place.path("resolve"), own_file("go/resolve.go"), seconds=BUILD,
        )  # fmt: skip

    def version(self):
        return self.place.run("go", "version").split()[2].removeprefix("go")

    def command(self):
        return (self.place.path("resolve"),)


class Java(Resolver):
    """As it is, without a setting: it keeps what it has got for 30 seconds."""

    name = "java"
    expects = "one address for 30 s, whatever the TTL"
    keeps = 30  # seconds
    options = ()

    def prepare(self):
        self.place.run("javac", "-d", self.place.directory, own_file("java/Resolve.java"))

    def version(self):
        return self.place.run("java", "--version").split()[1]

    def command(self):
        return ("java", *self.options, "-cp", self.place.directory, "Resolve")

    def seen(self):
        reached = self.reached(scenes.CALLS)
        order.always(reached, reached[0])
        yield f"one instance has all of {scenes.CALLS:,} calls"
        yield scenes.comes_and_goes(self, self.service, self.keeps)

    def reaches(self, address):
        return address in self.resolution.all(self.service.host)[0]


class JavaWithoutCache(Java):
    name = "java-ttl-0"
    expects = "exact order"
    options = ("-Dsun.net.inetaddr.ttl=0",)

    def seen(self):
        return Resolver.seen(self)


class NodeLookup(Resolver):
    """What sockets and HTTP of Node use: getaddrinfo."""

    name = "node-lookup"
    way = "lookup"

    def version(self):
        return self.place.run("node", "--version").strip().removeprefix("v")

    def command(self):
        return ("node", own_file("node/resolve.js"), self.way)


class NodeResolve(NodeLookup):
    """c-ares, which is asked without the search list."""

    name = "node-resolve"
    way = "resolve4"
    searches = False


class PythonAsyncio(Resolver):
    name = "python-asyncio"
    way = "asyncio"

    def version(self):
        return sys.version.split()[0]

    def command(self):
        return (sys.executable, own_file("python/resolve.py"), self.way)


class PythonDnspython(PythonAsyncio):
    name = "dnspython"
    way = "dnspython"

    def version(self):
        return self.place.run("dpkg-query", "-W", "-f", "${Version}", "python3-dnspython")
