"""The services and the queries to them, and one run of that load on one server."""

import contextlib
import os
import time

from bench import load, sampler, services
from bench.background import Background
from bench.message import query
from bench.peers import Rollcall
from bench.registry_api import register_all

QUERIES = 500_000  # in the file that dnsperf repeats
TIMED_QUERIES = 2_000
TIMED = 200  # queries a second whose latency is taken


class Workload:
    """Services, and queries for each EDNS size (0: without). Leaving its context ends the servers
    that were started by it and removes the files."""

    def __init__(self, run, count, udp_sizes=()):
        self.run = run
        self.services = services.Services(count)
        self.zone_file = None
        self.stack = contextlib.ExitStack()
        self.files, self.timed = {}, {}
        for size in udp_sizes:
            self.files[size] = self.new_file(f"queries-{size}")
            self.services.write_queries(self.files[size], run.seed, QUERIES, size)
            timed = self.services.queries(run.seed + 1, TIMED_QUERIES)
            self.timed[size] = [query(name, kind, size) for name, kind in timed]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return self.stack.__exit__(*exception)

    def new_file(self, name):
        path = os.path.join(self.run.directory, name)
        self.stack.callback(lambda: os.path.exists(path) and os.remove(path))
        return path

    def registered(self, listener="127.0.0.1", lease=services.LONG_LEASE):
        """Rollcall with all the services, and the seconds that the bulk calls took."""
        server = self.stack.enter_context(Rollcall(self.run.directory, listener))
        return server, register_all(server, self.services, lease, self.run.say)

    def peer(self, kind):
        """Another server with the same records."""
        if not self.zone_file:
            self.run.say(f"writing the zone with {self.services.count:,} services")
            self.zone_file = self.new_file("service.zone")
            self.services.write_zone(self.zone_file)
        return self.stack.enter_context(kind(self.run.directory, self.zone_file))

    def warmed(self, server, udp_size, tcp=False):
        """A run that does not count; returns the mean length of the replies."""
        return load.dnsperf(server, self.files[udp_size], 1, tcp)["reply_size"]

    def measured(self, server, udp_size, tcp=False):
        """One run of the load on one server."""
        address = (server.address, server.port)
        timed = (address, self.timed[udp_size], TIMED, tcp)
        with Background(sampler.sample, *timed, priority=sampler.PRIORITY) as timing:
            before, started = server.cpu(), time.monotonic()
            counts = load.dnsperf(server, self.files[udp_size], self.run.seconds, tcp)
            after, ended = server.cpu(), time.monotonic()
            times = sampler.percentiles(timing.end(30))
        asked = counts["completed"] + times["sampled"]
        user, system = ((a - b) * 1e6 / asked for a, b in zip(after, before))
        busy = (sum(after) - sum(before)) / (ended - started)
        return counts | times | {
            "cpu_us": user + system, "user_us": user, "system_us": system, "busy": busy,
            "memory_mib": server.memory(),
        }  # fmt: skip

    def measure(self, servers, udp_size, samples, tcp=False):
        """All servers in turn, in each round once; the direction changes with the round."""
        for number in range(self.run.rounds):
            for server in servers if number % 2 == 0 else reversed(servers):
                figures = self.measured(server, udp_size, tcp)
                samples.add(server.name, figures)
                self.run.say(
                    f"round {number + 1}, {server.name}: {figures['cpu_us']:.2f} µs a query, "
                    f"{figures['queries_a_second']:,.0f} queries/s"
                )
