"""Resolvers that send the zone to the server, for getaddrinfo behind them."""

import contextlib
import glob
import os
import shutil

from clients import network, order, scenes
from clients.order import Mistake
from clients.place import Daemon, own_file
from clients.registry import ADDRESS, ZONE
from clients.service import Service
from clients.system_resolvers import SystemResolver

INSTALLATION = 300  # seconds
LARGE = 200  # addresses: more than fit into a datagram
ASKS = 0.1  # share of the calls, at most, for which it asks the server


class Forwarder(SystemResolver):
    """On port 53, where resolv.conf says; the server is on 5300."""

    compiler = "gcc"
    ports = (5300,)
    address = ADDRESS
    beyond = 1  # second: its clock has whole ones

    def daemon(self):
        raise NotImplementedError

    def __enter__(self):
        self.process = Daemon(self.place, *self.daemon())
        self.process.start(self.answers)
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.process.stop()

    def answers(self):
        with contextlib.suppress(RuntimeError):
            return bool(self.dig(self.service.host, "A"))

    def seen(self):
        yield self.spreads()
        yield scenes.comes_and_goes(self, self.service, self.service.ttl_seconds + self.beyond)
        yield self.passes_ports_and_large_answers()
        yield self.passes_no_data()

    def spreads(self):
        before = self.place.registry.answers("A")
        seen = scenes.even_spread(self, self.service)
        asked = self.place.registry.answers("A") - before
        if asked > ASKS * scenes.CALLS:
            raise Mistake(f"it asked {asked:,} times for {scenes.CALLS:,} calls: it does not cache")
        return f"{seen}, with {asked:,} queries to the server"

    def passes_ports_and_large_answers(self):
        ports = self.dig(f"_{self.service.name}._tcp.{ZONE}", "SRV")
        order.all_once([port.split()[3] for port in ports], self.targets())
        large = Service(self.place.registry, "large").fill(LARGE)
        order.all_once(self.dig(large.host, "A"), large.members)
        return f"SRV, and all of {LARGE} addresses"

    def targets(self):
        return [f"{instance.id}.{self.service.host}." for instance in self.service.instances]

    def passes_no_data(self):
        for name, code in ((self.service.host, "NOERROR"), (f"nobody.{ZONE}", "NXDOMAIN")):
            text = self.place.run("dig", f"@{self.address}", name, "AAAA")
            if f"status: {code}" not in text or "ANSWER: 0" not in text:
                raise Mistake(f"{name} AAAA is not {code}: {text}")
        return "NODATA and NXDOMAIN as they are"

    def dig(self, name, kind):
        return self.place.run(
            "dig", "+short", "+tries=1", "+time=2", f"@{self.address}", name, kind
        ).splitlines()  # fmt: skip


class Unbound(Forwarder):
    name = "unbound"
    expects = "even by its own order; keeps answers for their TTL and up to a second more"

    def version(self):
        return self.place.run("unbound", "-V").split()[1]

    def daemon(self):
        return ("unbound", "-d", "-c", own_file("unbound/unbound.conf"))


class BIND(Forwarder):
    name = "bind"
    expects = "even by its own order; keeps answers for their TTL and up to a second more"
    library = "bind9"

    def daemon(self):
        os.mkdir("/run/named")
        network.cover("/var/cache/bind")
        return ("named", "-f", "-c", own_file("bind/named.conf"))


class Dnsmasq(Forwarder):
    name = "dnsmasq"
    expects = "even by its own order; keeps answers for their TTL and up to a second more"
    library = "dnsmasq-base"

    def daemon(self):
        return (
            "dnsmasq", "--keep-in-foreground", "--no-resolv", "--user=root", "--pid-file",
            "--log-facility=-",
            "--conf-file=" + own_file("dnsmasq/dnsmasq.conf"),
        )  # fmt: skip


class SystemdResolved(Forwarder):
    """Not installed, as that would take over this machine's resolver, but unpacked."""

    name = "systemd-resolved"
    expects = "exact order: of a server on loopback it keeps no answers"
    resolv_conf = "systemd-resolved/resolv.conf"
    address = "127.0.0.53"
    user = "systemd-resolve"
    beyond = 0

    def prepare(self):
        super().prepare()
        self.place.run("apt-get", "download", "systemd-resolved", seconds=INSTALLATION)
        (package,) = glob.glob(self.place.path("systemd-resolved_*.deb"))
        self.place.run("dpkg", "-x", package, self.place.directory)

    def version(self):
        return self.place.run("dpkg-query", "-W", "-f", "${Version}", "systemd")

    def spreads(self):
        return scenes.exact_order(self, self.service)

    def daemon(self):
        network.connect()
        network.add_user(self.user)
        os.makedirs("/run/systemd/resolved.conf.d")
        shutil.copy(own_file("systemd-resolved/mesh.conf"), "/run/systemd/resolved.conf.d")
        return (self.place.path("lib/systemd/systemd-resolved"),)
