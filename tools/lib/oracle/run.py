"""One run: the servers started, the queries sent by two processes, the verdicts collected."""

import multiprocessing
import os
import signal
import time

from . import message, noise, refusals
from .exchange import Exchange
from .servers import PEERS, Rollcall, end_with_parent
from .verdict import NAMES, Example, Verdicts, count, note

PROCESSES = 2
BATCH = 2000  # queries that one process compares at a time


class Run:
    """The cases of a run and what came out."""

    def __init__(self, cases, directory, say):
        self.cases, self.directory, self.say = cases, directory, say
        self.verdicts = Verdicts()
        self.refusals = {}  # (reason, server) -> number of zones
        self.servers = []

    def perform(self):
        try:
            self.start()
            self.find_refused()
            self.ask()
        finally:
            self.stop()

    def start(self):
        zone_directory = os.path.join(self.directory, "zones")
        os.mkdir(zone_directory)
        origins = []
        for case in self.cases:
            for origin, text in case.zones.items():
                origins.append(origin)
                path = os.path.join(zone_directory, origin + "zone")
                with open(path, "w", encoding="ascii") as file:
                    file.write(text)
        started = time.monotonic()
        for kind in (*PEERS, Rollcall):
            server = kind(self.directory, zone_directory, origins)
            self.servers.append(server)
            server.start()
        for server in self.servers:
            server.wait_until_ready()
            self.say(f"{server.name} is ready after {time.monotonic() - started:.1f} s")
        self.say(f"{len(origins)} zones in {len(self.cases)} cases")

    def stop(self):
        for server in self.servers:
            server.stop()

    @property
    def ports(self):
        return [server.port for server in self.servers]

    def find_refused(self):
        """Which server did not take which zone: it has no SOA for it."""
        self.present = {}
        exchange = Exchange(self.ports)
        try:
            asked = [(origin, case) for case in self.cases for origin in case.zones]
            soa = message.TYPES["SOA"]
            replies = exchange.ask_udp([message.query(origin, soa) for origin, _ in asked])
        finally:
            exchange.close()
        for (origin, case), octets in zip(asked, replies):
            taken = [is_loaded(noise.read(reply)) for reply in octets]
            present = self.present.setdefault(id(case), [True] * len(taken))
            self.present[id(case)] = [x and y for x, y in zip(present, taken)]
            if not all(taken):
                self.judge_refusal(origin, case, taken, octets)

    def judge_refusal(self, origin, case, taken, octets):
        """A zone that not all servers serve: covered by the table, a bug, or undecided."""
        text = case.zones[origin]
        example = Example(f"; zone {origin}\n{text}", f"{origin} SOA", octets)
        if not taken[-1] and any(taken[:-1]):
            note(self.verdicts.bugs, f"{case.source}: Rollcall refuses a zone", example)
        for name, is_taken in zip(NAMES[:-1], taken):
            if not is_taken and taken[-1]:
                reason = refusals.reason(name, case, origin)
                if reason:
                    count(self.refusals, (reason, name))
                else:
                    what = f"{case.source}: {name} refuses a zone that Rollcall takes"
                    note(self.verdicts.undecided, what, example)

    def ask(self):
        started = time.monotonic()
        parts = [[] for _ in range(PROCESSES)]
        for number, case in enumerate(self.cases):
            parts[number % PROCESSES].append((case, self.present[id(case)]))
        context = multiprocessing.get_context("fork")
        workers = []
        for part in parts:
            here, there = context.Pipe(duplex=False)
            worker = context.Process(target=work, args=(part, self.ports, there), daemon=True)
            worker.start()
            there.close()
            workers.append((worker, here))
        try:
            for worker, here in workers:
                self.verdicts.add(here.recv())
                worker.join()
        except EOFError:
            raise RuntimeError("a process that compares replies has ended early") from None
        finally:
            for worker, _ in workers:
                worker.kill()
        seconds = time.monotonic() - started
        asked = sum(self.verdicts.asked.values())
        self.say(f"{asked} queries to four servers in {seconds:.1f} s")


def is_loaded(reply):
    return reply is not None and reply.rcode == 0 and bool(reply.sections[0])


def work(part, ports, result):
    """In a process of its own: asks and compares, and sends what it found."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    verdicts, exchange = Verdicts(), Exchange(ports)
    batch = []
    for case, present in part:
        if case.are_odd:
            judge([(case, query, present) for query in case.queries()], exchange, verdicts, True)
            continue
        batch += [(case, query, present) for query in case.queries()]
        if len(batch) >= BATCH:
            judge(batch, exchange, verdicts)
            batch = []
    judge(batch, exchange, verdicts)
    result.send(verdicts)
    result.close()


def judge(batch, exchange, verdicts, are_odd=False):
    for transport, ask in (("udp", exchange.ask_udp), ("tcp", exchange.ask_tcp)):
        some = [entry for entry in batch if entry[1].transport == transport]
        octets = [query.octets for _, query, _ in some]
        replies = exchange.ask_odd(octets, transport) if are_odd else ask(octets)
        for (case, query, present), reply in zip(some, replies):
            verdicts.judge(case, query, reply, present)
