"""The parts of the trial, one after the other on the same server, and what must hold in each."""

import random
import socket
import time

from bench.program import TICK, stat_fields
from flood.attackers import raise_descriptor_limit
from soak.server import Server
from trial import say
from watchers import scarcity
from watchers.crowd import Crowd
from watchers.registry import Registry
from watchers.watcher import Call, Stream

BATCH = 200  # that come at a time: the server lets 1,000 connections in that do not watch yet
WITHIN = 10  # seconds for whatever must come; it takes milliseconds
QUIET = 10  # seconds in which nothing changes
RESUMING = 200  # streams that are left and come again
MISSED = 3  # changes of each service meanwhile
SPARE = 500  # descriptors
SLOW_SERVICE = "slow"
SLOW_CHANGES = 4_000  # at most, until who does not read them is closed
SMALL_BUFFER = 4096
LEFT = 3  # the server's exit status when something under way was left


def perform(arguments, binary, directory, outcome):
    if raise_descriptor_limit(0) < arguments.watchers + SPARE:
        raise RuntimeError("too few descriptors are allowed for as many watchers: ulimit -Hn")
    with Server(binary, directory) as server:
        trial = Trial(arguments, server, outcome)
        try:
            for part in (
                trial.gather, trial.be_quiet, trial.change_one, trial.change_some,
                trial.change_at_once, trial.come_again, trial.be_slow,
            ):  # fmt: skip
                say(f"watchers: {part.__doc__.splitlines()[0]}")
                part()
                trial.look_at_all()
            trial.end()
        finally:
            trial.crowd.close()
    say("watchers: too few descriptors")
    scarcity.perform(binary, directory, outcome)


class Trial:
    """All watchers, and what they must have been told."""

    def __init__(self, arguments, server, outcome):
        self.arguments, self.server, self.outcome = arguments, server, outcome
        self.chance = random.Random(arguments.seed)
        self.services = [f"s{n}" for n in range(arguments.services)]
        self.crowd = Crowd()
        self.registry = Registry(server.http[1])
        self.registry.register([*self.services, SLOW_SERVICE])
        self.idle = 0.0  # CPU seconds a second, while nothing changes
        self.since = {}  # by watcher: how many changes of its service it knew of when it came

    # Parts

    def gather(self):
        """all come"""
        before = self.server.resident()
        for number in range(self.arguments.watchers):
            service = self.services[number % len(self.services)]
            is_stream = number // len(self.services) % 2 == 0
            if is_stream:
                self.add(Stream(self.server.http, service))
            else:
                self.add(Call(self.server.http, service, self.registry.latest(service)))
            if number % BATCH == BATCH - 1:
                self.await_watchers(number + 1)
        self.await_watchers(self.arguments.watchers)
        self.crowd.attend_until(lambda: all(s.has_begun for s in self.streams()), WITHIN)
        used = self.server.resident() - before
        self.outcome.counts["watchers"] = self.arguments.watchers
        self.figure(
            f"memory: {used / self.arguments.watchers:.1f} KiB a watcher "
            f"({before / 1024:.0f} MiB without, {self.server.resident() / 1024:.0f} MiB with them)"
        )

    def be_quiet(self):
        """nothing changes"""
        before = self.cpu()
        self.crowd.attend_for(QUIET)
        self.idle = (self.cpu() - before) / QUIET
        self.figure(f"CPU while nothing changes: {self.idle:.1%} of a core (comments to streams)")
        if octets := sum(call.octets for call in self.calls()):
            self.outcome.wrong(f"{octets} octets for calls that wait, though nothing has changed")

    def change_one(self):
        """one service changes"""
        service = self.chance.choice(self.services)
        others = {call: call.octets for call in self.calls() if call.service != service}
        slowest = max(self.change(service))
        self.crowd.attend_for(1)
        woken = sum(watcher.octets != octets for watcher, octets in others.items())
        if woken:
            self.outcome.wrong(f"{woken} watchers of other services were woken")
        count = len(self.crowd.of_service[service])
        self.figure(f"one change: its {count} watchers were told, within {slowest * 1e3:.1f} ms")

    def change_some(self):
        """services change one after another"""
        latencies, before, begun = [], self.cpu(), time.monotonic()
        for _ in range(self.arguments.changes):
            latencies += self.change(self.chance.choice(self.services))
        used = self.cpu() - before - self.idle * (time.monotonic() - begun)
        latencies.sort()
        self.outcome.counts["changes one after another"] = self.arguments.changes
        median, most = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
        self.figure(
            f"changes one after another: told within p50 {median * 1e3:.1f} ms, p99 "
            f"{most * 1e3:.1f} ms, at most {latencies[-1] * 1e3:.1f} ms after the reply; CPU "
            f"{used / self.arguments.changes * 1e3:.2f} ms a change beside that"
        )

    def change_at_once(self):
        """services change without a pause"""
        for _ in range(self.arguments.changes):
            self.registry.change(self.chance.choice(self.services))
            self.crowd.attend(0)
        self.outcome.counts["changes without a pause"] = self.arguments.changes
        self.await_all()

    def come_again(self):
        """streams are left and come again"""
        left = self.chance.sample(self.streams(), min(RESUMING, len(self.streams())))
        known = {}
        for stream in left:
            known[stream] = self.since.pop(stream) + len(stream.told)
            self.crowd.remove(stream)
        for service in sorted({stream.service for stream in left}):
            for _ in range(MISSED):
                self.registry.change(service)
                self.crowd.attend(0)
        for number, stream in enumerate(left):
            self.add(Stream(self.server.http, stream.service, stream.last_id), known[stream])
            if number % BATCH == BATCH - 1:
                self.crowd.attend_for(0.5)
        self.outcome.counts["streams that came again"] = len(left)
        self.await_all()

    def be_slow(self):
        """one does not read what it is sent"""
        reading = Stream(self.server.http, SLOW_SERVICE)
        self.add(reading)
        idle = Stream(self.server.http, SLOW_SERVICE)  # not attended to
        idle.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        self.await_watchers(self.arguments.watchers + 2)
        closed = 'rollcall_http_closed_total{reason="slow_watcher"}'
        changes, peak = 0, 0
        while changes < SLOW_CHANGES and not (changes % 20 == 0 and self.registry.metric(closed)):
            self.registry.change(SLOW_SERVICE, is_large=True)
            changes += 1
            peak = max(peak, self.server.resident())
            self.crowd.attend(0)
        if self.registry.metric(closed) != 1:
            self.outcome.wrong(f"who does not read was not closed after {changes} large events")
        idle.close()
        self.await_all()
        self.figure(
            f"who did not read was closed after {changes} events of 16 KiB, the others were told "
            f"all of them; memory at most {peak / 1024:.0f} MiB"
        )

    def end(self):
        """The server stops while all are connected."""
        begun = time.monotonic()
        status = self.server.stop()
        self.outcome.counts["calls that connected again"] = sum(call.again for call in self.calls())
        if status == 0:
            self.figure(f"all had their last reply {time.monotonic() - begun:.1f} s after SIGTERM")
        elif status == LEFT:
            self.figure("the server stopped before all had their last reply: its time was over")
        else:
            self.outcome.wrong(f"the server ended with {status}")

    # What they share

    def add(self, watcher, known=None):
        self.crowd.add(watcher)
        changes = len(self.registry.changes[watcher.service])
        self.since[watcher] = changes if known is None else known

    def streams(self):
        return [watcher for watcher in self.crowd.all() if isinstance(watcher, Stream)]

    def calls(self):
        return [watcher for watcher in self.crowd.all() if isinstance(watcher, Call)]

    def await_watchers(self, count):
        if not self.crowd.attend_until(lambda: self.registry.watchers() == count, WITHIN * 3):
            raise RuntimeError(f"{self.registry.watchers()} watchers instead of {count}")

    def change(self, service):
        """Changes it; the seconds until each of its watchers was told."""
        self.registry.change(service)
        replied = time.monotonic()
        watchers = self.crowd.of_service[service]
        self.crowd.attend_until(lambda: all(map(self.is_told, watchers)), WITHIN)
        return [watcher.told[-1][1] - replied for watcher in watchers if watcher.told]

    def await_all(self):
        self.crowd.attend_until(lambda: all(map(self.is_told, self.crowd.all())), WITHIN)

    def is_told(self, watcher):
        known = self.registry.changes[watcher.service]
        if self.since[watcher] == len(known):
            return True
        return bool(watcher.told) and watcher.told[-1][0] == known[-1]

    def look_at_all(self):
        """Each was told all changes of its service, and nothing else; a call may leave some out."""
        for watcher in self.crowd.all():
            must = self.registry.changes[watcher.service][self.since[watcher] :]
            kind, told = type(watcher).__name__, watcher.revisions
            if watcher.mistake:
                self.outcome.wrong(f"{kind} of {watcher.service}: {watcher.mistake}")
            elif watcher.is_closed or kind == "Call" and watcher.again > len(told):
                self.outcome.wrong(f"{kind} of {watcher.service} was closed")
            elif told != (must if kind == "Stream" else [r for r in must if r in told]):
                self.outcome.wrong(f"{kind} of {watcher.service} was told {told}, not {must}")
            elif must and (not told or told[-1] != must[-1]):
                self.outcome.wrong(f"{kind} of {watcher.service} was not told {must[-1]}")
        if self.outcome.mistakes:
            raise RuntimeError("what follows would not be told apart")

    def cpu(self):
        """Seconds that the server has used."""
        fields = stat_fields(f"/proc/{self.server.process.pid}/stat")
        return (int(fields[11]) + int(fields[12])) / TICK

    def figure(self, text):
        say(f"watchers: {text}")
        self.outcome.figures.append(text)
