"""getaddrinfo of glibc and musl, and two programs that use it, through resolv.conf."""

import contextlib
import re
import time

from clients import network, order, scenes
from clients.backends import PORT
from clients.client import Client
from clients.order import Mistake
from clients.place import Daemon, own_file
from clients.registry import ADDRESS, ZONE
from clients.resolution import Resolution
from clients.resolver import LARGE, RESOLV_CONF, Resolver
from clients.service import Service

RUNS = 30  # of a program, each one call
FOREIGN, FOREIGN_ADDRESS = "www.example.com", "192.0.2.7"
ANOTHER = "127.0.0.2"  # nameserver
SOON, LATE = 2, 4  # seconds: at most, if nothing is waited for; at least, if a time-out is
ADDRESSES = 48  # that musl takes
FITTING = 29  # addresses that go into 512 octets with this name
SINGLE = f"single={ADDRESS}:53"


class SystemResolver(Resolver):
    """getaddrinfo, for one family of addresses."""

    compiler = library = None
    family = "4"

    def prepare(self):
        self.place.run(
            self.compiler, "-O2", "-Wall", "-Wextra", "-o", self.place.path("resolve"),
            own_file("glibc/resolve.c"),
        )  # fmt: skip

    def version(self):
        return self.place.run("dpkg-query", "-W", "-f", "${Version}", self.library)

    def command(self, family=None):
        return (self.place.path("resolve"), family or self.family)

    def sorts(self, name, family, addresses):
        """The one that shares most bits with its own comes first; but with one in each answer."""
        service = self.scattered(name, addresses)
        order.always(self.first(service, family), service.members[0])
        settings = {"ttl_seconds": 1, "max_answers": 1}
        self.place.registry.call("PUT", f"/v1/services/{name}", settings)
        self.in_exact_order(service, family)
        return f"{addresses}: the nearest always first; with max_answers: 1 in exact order"

    def does_not_sort(self, name, family, addresses):
        service = self.scattered(name, addresses)
        self.in_exact_order(service, family)
        return f"{addresses}: exact order"

    def in_exact_order(self, service, family):
        kind = {"4": "A", "6": "AAAA"}[family]
        reached = scenes.asked_once(
            service.registry, kind, scenes.CALLS, lambda: self.first(service, family)
        )  # fmt: skip
        order.exact(reached, service.members)

    def scattered(self, name, addresses):
        """No two of the instances have as many bits in common with an address that ends in 1."""
        service = Service(
            self.place.registry, name, addresses=addresses, ending=lambda n: 1 << n
        )  # fmt: skip
        return service.fill(scenes.STEADY)

    def first(self, service, family):
        with contextlib.closing(Resolution(self.place, *self.command(family))) as resolution:
            return [found[0] for found in resolution.all(service.host, scenes.CALLS)]

    def finds(self, name, address):
        """Seconds until it has the address, which another resolver knows, besides the service's:
        dnsmasq stands for the resolver of the network."""
        another = Daemon(
            self.place, "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts",
            "--conf-file=/dev/null", "--user=root", "--pid-file", "--bind-interfaces",
            f"--listen-address={ANOTHER}", f"--address=/{name}/{address}",
        )  # fmt: skip
        asked = ("dig", "+short", f"@{ANOTHER}", name)
        another.start(lambda: self.place.run(*asked, may_fail=True).strip() == address)
        try:
            with contextlib.closing(Resolution(self.place, *self.command())) as resolution:
                begun = time.monotonic()
                order.always(resolution.all(name)[0], address)
                seconds = time.monotonic() - begun
                order.only(resolution.all(self.service.host)[0], self.service.members)
        finally:
            another.stop()
        if seconds > SOON:
            raise Mistake(f"{name} took {seconds:.1f} s")
        return seconds

    def fails(self, name):
        """Seconds until it says that there is no such name."""
        begun = time.monotonic()
        try:
            found = self.resolution.all(name)
        except Mistake:
            return time.monotonic() - begun
        raise Mistake(f"{name} is {found}")


class Glibc(SystemResolver):
    name, library, compiler = "glibc", "libc6", "gcc"
    expects = "exact order; what shares its subnet, and IPv6, sorted (RFC 6724 section 6, rule 9)"

    def seen(self):
        yield from super().seen()
        yield self.sorts("link", "4", network.LINK)
        yield self.sorts("link6", "6", network.LINK_6)
        yield self.does_not_sort("beyond6", "6", network.BEYOND_6)
        yield self.asks_the_next_for_foreign_names()

    def asks_the_next_for_foreign_names(self):
        network.use_resolver(own_file("glibc/two-servers.conf"))
        seconds = self.finds(FOREIGN, FOREIGN_ADDRESS)
        return f"{FOREIGN}, refused: from the next nameserver after {seconds:.1f} s"


class GlibcSingle(SystemResolver):
    name, library, compiler = "glibc-single", "libc6", "gcc"
    expects = "exact order, also on its own subnet: the profile `single`"
    settings = ("--client-profile", SINGLE)

    def seen(self):
        yield scenes.exact_order(self, self.service)
        yield scenes.comes_and_goes(self, self.service)
        yield self.does_not_sort("link", "4", network.LINK)
        yield self.does_not_sort("link6", "6", network.LINK_6)


class Musl(SystemResolver):
    """1.2.3, which has no TCP."""

    name, library, compiler = "musl", "musl", "musl-gcc"
    expects = "exact order; what fits into 512 octets; waits for foreign names in vain"

    def seen(self):
        yield scenes.exact_order(self, self.service)
        yield scenes.comes_and_goes(self, self.service)
        yield self.takes_a_short_name()
        yield self.takes_what_fits()
        yield self.does_not_sort("link", "4", network.LINK)
        yield self.sorts("link6", "6", network.LINK_6)
        yield self.fails_at_foreign_names()

    def takes_what_fits(self):
        large = Service(self.place.registry, "large").fill(LARGE)
        found = self.resolution.all(large.host)[0]
        order.only(found, large.members)
        if len(found) != FITTING:
            raise Mistake(f"{len(found)} of {LARGE} addresses")
        return f"{len(found)} of {LARGE} addresses"

    def fails_at_foreign_names(self):
        seconds = self.fails(FOREIGN)
        if seconds < LATE:
            raise Mistake(f"{FOREIGN} is refused within {seconds:.1f} s: it takes that")
        return f"{FOREIGN}, refused: no name after {seconds:.0f} s"


class MuslProfile(Musl):
    name = "musl-profile"
    expects = "as musl, but knows at once that a foreign name is not there: the profile `musl`"
    settings = ("--client-profile", f"musl={ADDRESS}:53")

    def seen(self):
        yield from super().seen()
        yield self.has_no_more_than_it_takes()

    def has_no_more_than_it_takes(self):
        found = self.place.run("dig", "+tcp", "+short", f"@{ADDRESS}", f"large.{ZONE}").split()
        if len(found) != ADDRESSES:
            raise Mistake(f"{len(found)} addresses in an answer, not {ADDRESSES}")
        return f"{ADDRESSES} of {LARGE} addresses over TCP"

    def fails_at_foreign_names(self):
        seconds = self.fails(FOREIGN)
        if seconds > SOON:
            raise Mistake(f"{FOREIGN}: no name after {seconds:.1f} s only")
        return f"{FOREIGN}: no name after {seconds:.1f} s"


class GlibcForwarding(SystemResolver):
    name, library, compiler = "glibc-forward", "libc6", "gcc"
    expects = "exact order; foreign names from the server, which forwards them"
    settings = ("--forward", f"{ANOTHER}:53")

    def seen(self):
        yield scenes.exact_order(self, self.service)
        yield scenes.comes_and_goes(self, self.service)
        yield self.takes_a_short_name()
        yield f"{FOREIGN}, forwarded: after {self.finds(FOREIGN, FOREIGN_ADDRESS):.1f} s"


class MuslForwarding(GlibcForwarding):
    name, library, compiler = "musl-forward", "musl", "musl-gcc"


class Command(Client):
    """A program that connects to one host, and then ends."""

    expects = "exact order"

    def __enter__(self):
        network.use_resolver(own_file(RESOLV_CONF))
        return self

    def seen(self):
        yield scenes.exact_order(self, self.service, RUNS)
        yield scenes.comes_and_goes(self, self.service)

    def reached(self, calls):
        return [self.connected() for _ in range(calls)]

    def connected(self):
        """The address that it says it has reached."""
        raise NotImplementedError


class Curl(Command):
    name = "curl"

    def version(self):
        return self.place.run("curl", "--version").split()[1]

    def connected(self):
        url = f"http://{self.service.name}:{PORT}/"
        return self.place.run("curl", "-sSf", "--noproxy", "*", url).split()[1]


class SSH(Command):
    name = "ssh"

    def version(self):
        return self.place.run("ssh", "-V", may_fail=True).partition(",")[0]

    def connected(self):
        """The instance says which it is in its first line, and then leaves."""
        login = f"nobody@{self.service.name}"
        text = self.place.run("ssh", "-v", "-F", "none", login, may_fail=True)
        found = re.search(r"remote software version (\S+)", text)
        if not found:
            raise Mistake(f"no connection: {text.strip()[-500:]}")
        return found[1]
