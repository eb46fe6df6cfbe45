"""HAProxy and nginx, which find the instances by DNS and pass requests on to them."""

import contextlib
import http.client
import threading
import time

from clients import order, scenes
from clients.client import Client
from clients.order import Mistake
from clients.place import Daemon, own_file
from clients.registry import ADDRESS
from clients.service import wait_until

PROXY_PORT = 80
REQUEST = 10  # seconds for one request
DRAINS = 5
BETWEEN = 1  # seconds that callers go on beyond an instance's end


class Proxy(Client):
    """A daemon, and the connection of somebody who calls through it."""

    beyond = 0  # seconds for which it keeps an answer that is over

    def command(self):
        raise NotImplementedError

    def __enter__(self):
        self.daemon = Daemon(self.place, *self.command())
        self.daemon.start(self.serves)
        self.connection = None
        wait_until("all instances having calls", self.knows_all, scenes.PATIENCE)
        return self

    def __exit__(self, *_):
        self.daemon.stop()

    def serves(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.request(connected())[0] == 200

    def knows_all(self):
        return set(self.reached(4 * scenes.STEADY)) == set(self.service.members)

    def reached(self, calls):
        self.connection = self.connection or connected()
        replies = [self.request(self.connection) for _ in range(calls)]
        for status, text in replies:
            if status != 200:
                raise Mistake(f"a request got {status}: {text}")
        return [text.split()[1] for _, text in replies]

    def request(self, connection):
        connection.request("GET", "/")
        reply = connection.getresponse()
        return reply.status, reply.read().decode()

    def loses_nothing_in_a_drain(self):
        """Requests go on while instances are drained, and end when they may."""
        tally = Callers(self)
        with tally:
            for _ in range(DRAINS):
                self.service.add()
                drained = self.service.instances[0]
                ends_at = self.service.drain(drained) + self.beyond
                wait_until("the drain's end", lambda: time.time() > ends_at, scenes.PATIENCE)
                self.place.backends.ended.add(drained.address)
        late = sum(self.place.backends.late.values())
        if tally.failures or late:
            raise Mistake(f"{late} requests came late; {tally.failures[:3]}")
        return f"{DRAINS} drains: none of {tally.requests:,} requests lost"


class Callers:
    """Somebody who sends requests all the time, until the context is left."""

    def __init__(self, proxy):
        self.proxy, self.requests, self.failures = proxy, 0, []
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.call, daemon=True)

    def call(self):
        connection = connected()
        while not self.ending.is_set():
            self.requests += 1
            try:
                status, text = self.proxy.request(connection)
                if status != 200:
                    self.failures.append(f"{status}: {text}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection = connected()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.wait(BETWEEN)
        self.ending.set()
        self.thread.join()


def connected():
    return http.client.HTTPConnection(ADDRESS, PROXY_PORT, timeout=REQUEST)


class HAProxy(Proxy):
    name = "haproxy"
    expects = "an even share for each; asks once a second, whatever the TTL"
    keeps = 2  # seconds: `timeout resolve`, and as long to ask and to decide

    def version(self):
        return self.place.run("haproxy", "-v").split()[2]

    def command(self):
        return ("haproxy", "-db", "-f", own_file("haproxy/haproxy.cfg"))

    def seen(self):
        yield scenes.even_spread(self, self.service)
        yield scenes.comes_and_goes(self, self.service, self.keeps)
        yield self.loses_nothing_in_a_drain()
        yield self.knows_no_weights()

    def knows_no_weights(self):
        """It takes (weight + 255) / 256, so that all up to 256 are the same."""
        heavy = self.service.add(weight=5)
        wait_until("calls to the heavy one", lambda: self.reaches(heavy.address), scenes.PATIENCE)
        order.even(self.reached(scenes.CALLS), self.service.members)
        return "SRV weights up to 256 are all the same to it"


class HAProxyProfile(HAProxy):
    name = "haproxy-profile"
    expects = "a share by SRV weight for each: the profile `haproxy`"
    settings = ("--client-profile", f"haproxy={ADDRESS}:5300")

    def seen(self):
        yield scenes.even_spread(self, self.service)
        yield scenes.comes_and_goes(self, self.service, self.keeps)
        yield self.knows_weights()

    def knows_weights(self):
        weights = dict.fromkeys(self.service.members, 1)
        for weight in (2, 5, 16):
            weights[self.service.add(weight=weight).address] = weight
        wait_until("calls to all", lambda: self.counts_as(weights), scenes.PATIENCE)
        order.weighted(self.reached(scenes.CALLS), weights)
        return f"weights {sorted(weights.values())}: so many calls for each"

    def counts_as(self, weights):
        """Whether it knows them all, and as they are."""
        with contextlib.suppress(Mistake):
            order.weighted(self.reached(2 * sum(weights.values())), weights)
            return True


class Nginx(Proxy):
    name = "nginx"
    expects = "an even spread by chance; keeps answers for their TTL and up to a second more"
    beyond = 1  # its clock has whole seconds

    def version(self):
        return self.place.run("nginx", "-v", may_fail=True).split("/")[-1].strip()

    def command(self):
        return ("nginx", "-p", self.place.directory, "-c", own_file("nginx/nginx.conf"))

    def seen(self):
        yield scenes.even_spread(self, self.service)
        yield scenes.comes_and_goes(self, self.service, self.service.ttl_seconds + self.beyond)
        yield self.loses_nothing_in_a_drain()
