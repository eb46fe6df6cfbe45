"""All clients, each shown in a process of its own, some at the same time."""

import concurrent.futures
import dataclasses
import os
import signal
import subprocess
import time

from bench.background import Background
from clients import (
    browsing, forwarders, grpc_channel, languages, network, proxies, query_tools, scrapers,
    system_resolvers,
)  # fmt: skip
from clients.backends import Backends
from clients.order import Mistake
from clients.place import Place
from clients.registry import ClientRegistry
from trial import say

CLIENTS = {
    client.name: client
    for client in (
        query_tools.Dig, query_tools.Kdig, query_tools.Drill, query_tools.Delv, browsing.Browsing,
        system_resolvers.Glibc, system_resolvers.GlibcSingle, system_resolvers.Curl,
        system_resolvers.SSH, system_resolvers.Musl, system_resolvers.MuslProfile,
        system_resolvers.GlibcForwarding, system_resolvers.MuslForwarding,
        proxies.HAProxy, proxies.HAProxyProfile, proxies.Nginx, scrapers.Prometheus,
        languages.Go, languages.Java, languages.JavaWithoutCache, languages.NodeLookup,
        languages.NodeResolve, languages.PythonAsyncio, languages.PythonDnspython,
        grpc_channel.Grpc, forwarders.Unbound, forwarders.BIND, forwarders.Dnsmasq,
        forwarders.SystemdResolved,
    )  # fmt: skip
}
GRACE = 60  # seconds beyond a client's own, in which its process must end


def perform(arguments, binary, directory, outcome):
    names = arguments.only or list(CLIENTS)
    with concurrent.futures.ThreadPoolExecutor(arguments.at_once) as pool:
        for name, sight in zip(names, pool.map(lambda n: shown(n, binary, directory), names)):
            outcome.counts["clients"] += 1
            say(f"{sight.verdict:10} {sight.seconds:5.1f} s  {name} {sight.version}")
            for line in sight.lines:
                say(f"{'':20}{line}")
            if sight.mistake:
                outcome.wrong(f"{name} {sight.version}: {sight.mistake}")
            if sight.untested:
                outcome.untested.append(f"{name}: {sight.untested}")


@dataclasses.dataclass
class Sight:
    """What was seen of one client."""

    version: str = ""
    lines: list = dataclasses.field(default_factory=list)
    mistake: str = ""
    untested: str = ""
    seconds: float = 0

    @property
    def verdict(self):
        return "FAILED" if self.mistake else "NOT TESTED" if self.untested else "OK"


def shown(name, binary, directory):
    with Background(show, name, binary, directory) as process:
        try:
            return process.result(CLIENTS[name].seconds + GRACE)
        except (RuntimeError, EOFError) as error:
            return Sight(untested=str(error) or "its process ended")


def show(_, name, binary, directory):
    """In a process of its own, as `Background` wants it."""
    signal.signal(signal.SIGALRM, hung)
    signal.alarm(CLIENTS[name].seconds)
    begun, sight = time.monotonic(), Sight()
    place = Place(os.path.join(directory, name))
    os.mkdir(place.directory)
    client = CLIENTS[name](place)
    try:
        client.prepare()
        network.enter()
        sight.version = client.version()
        registry = ClientRegistry(binary, place.directory, client.ports, client.settings)
        with Backends() as place.backends, registry as place.registry:
            sight.lines.extend(client.show())
    except Mistake as mistake:
        sight.mistake = str(mistake)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        sight.untested = f"{type(error).__name__}: {error}"
    sight.seconds = time.monotonic() - begun
    return sight


def hung(*_):
    raise RuntimeError("it hangs")
