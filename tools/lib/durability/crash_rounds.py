"""Rounds of `kill -9`: load, a kill at a random moment, a restart, a look at everything."""

import collections
import multiprocessing
import multiprocessing.connection
import os
import random
import shutil
import signal
import threading
import time

from bench.cores import die_with_parent
from durability.api import API, Abilities
from durability.change import (
    DRAIN, REGISTER, REMOVE, REMOVE_SERVICE, RENEW, SET_STATUS,
)  # fmt: skip
from durability.client import Load, writers
from durability.inspection import find, inspect
from durability.model import Model
from durability.observer import Observer
from durability.server import NotStarted, Server
from durability.writer import LargeBulkWriter

LATEST = 0.3  # seconds after the load's start, for most kills
FIRST_REPLIES = 30  # a kill "after a reply" comes after one of so many
REPLY_TIME = 5  # seconds that they may take
LEASE_ENDS = (0.95, 1.35)  # seconds after it was ready, when the shortest leases end
FIRST_START_TIME = 0.15  # and of the first start, with an empty directory
START_TIME = 0.25  # seconds; most starts take less, so a kill within these meets any part of one
SOONER, LATER = 0.7, 1.6  # how the next kill in a large bulk call moves after a reply, and none
ROUND_TIME = 300  # seconds without any round until the jobs are called stuck
ALWAYS_THERE = (REGISTER, RENEW, SET_STATUS, REMOVE)  # the kinds of change that are not new
ENOUGH = 100  # rounds, in which each kind of kill and change must have come
FORK = multiprocessing.get_context("fork")
AT_ANY_MOMENT, AFTER_REPLY = "at any moment", "right after a reply"
AT_LEASE_ENDS, AT_START = "when leases end", "during a start"
AT_FIRST_START, IN_LARGE_BULK = "during the first start", "during a large bulk call"
KINDS = (AT_ANY_MOMENT, AFTER_REPLY, AT_LEASE_ENDS, AT_START, AT_FIRST_START, IN_LARGE_BULK)
SHARES = (55, 20, 12, 7, 4, 2)


class Job:
    """One server and its data directory, killed again and again."""

    def __init__(self, directory, seed):
        os.makedirs(directory)
        self.directory = directory
        self.seed, self.random = seed, random.Random(seed)
        self.server, self.model = Server(directory), Model()
        self.cut = 0.0
        self.writers, self.abilities = [], None
        self.large, self.large_time = None, 1.0  # seconds that a large bulk call takes, about

    def begin(self):
        """Returns what is wrong with an empty server."""
        self.server.start()
        api = API(self.server.http_port)
        self.abilities = Abilities.of(api)
        api.close()
        self.writers = writers(self.seed, self.abilities)
        return self.look()

    def round(self):
        """Returns how the server was killed, and what is wrong after its restart."""
        kind = self.random.choices(KINDS, SHARES)[0]
        if kind == AT_FIRST_START:
            return kind, self.kill_during_first_start()
        if kind == IN_LARGE_BULK:
            return kind, self.kill_during_large_bulk()
        if kind == AT_START:
            self.kill_during_start()
        else:
            self.kill_under_load(kind)
        self.keep_data()
        self.server.forget_log()
        try:
            self.server.start()
        except NotStarted as error:
            return kind, [f"after the kill {error}"]
        return kind, self.model.faults + self.look()

    def kill_under_load(self, kind):
        replied, wait = self.moment(kind)
        with Observer(self.server, self.model) as observer:
            with Load(self.server, self.writers, self.model, replied):
                wait()
                observer.is_ending = True
                self.server.kill()
                self.cut = time.time()

    def moment(self, kind):
        """What clients call at each reply, and a function that returns when it is time."""
        if kind == AFTER_REPLY:
            replies, wanted = threading.Semaphore(0), self.random.randrange(FIRST_REPLIES) + 1

            def wait_for_replies():
                for _ in range(wanted):
                    replies.acquire(timeout=REPLY_TIME)

            return replies.release, wait_for_replies
        seconds = self.random.uniform(0, LATEST)
        if kind == AT_LEASE_ENDS:
            end = self.server.ready + self.random.uniform(*LEASE_ENDS)
            seconds = max(seconds, end - time.time())
        return None, lambda: time.sleep(seconds)

    def kill_during_start(self):
        self.server.kill()
        self.cut = time.time()
        self.server.forget_log()
        self.server.spawn()
        time.sleep(self.random.uniform(0, START_TIME))
        self.server.kill()

    def kill_during_first_start(self):
        """A directory of its own; the server that has the load goes on. The next start succeeds."""
        server = Server(os.path.join(self.directory, "first-start"))
        server.spawn()
        time.sleep(self.random.uniform(0, FIRST_START_TIME))
        server.kill()
        try:
            server.start()
            faults = inspect(server, Model(), time.time())
        except NotStarted as error:
            return [f"after the kill {error}"]
        finally:
            server.kill()
        if not faults:
            shutil.rmtree(server.directory)
        return faults

    def kill_during_large_bulk(self):
        """A directory of its own. The call is carried out whole or not at all."""
        server, model = Server(os.path.join(self.directory, "large-bulk")), Model()
        if self.large is None:
            self.large = LargeBulkWriter("large", self.random, self.abilities)
        server.start()
        with Load(server, [self.large], model):
            time.sleep(self.random.uniform(0, 2 * self.large_time))
            server.kill()
            cut = time.time()
        self.large_time *= SOONER if model.counts else LATER
        try:
            server.start()
            faults = model.faults + model.compare(find(server), cut, server.spawned)
        except NotStarted as error:
            return [f"after the kill {error}"]
        finally:
            server.kill()
        if not faults:
            shutil.rmtree(server.directory)
        return faults

    def keep_data(self):
        """Copies what the kill left, for the case that the restart finds it wrong."""
        kept = os.path.join(self.directory, "data-after-kill")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.server.data, kept)

    def look(self):
        return inspect(self.server, self.model, self.cut)


def perform(pipe, directory, seed, rounds):
    """All rounds of one job, in a process of its own; each is told through the pipe."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the parent ends this one
    job = Job(directory, seed)
    try:
        faults, kind = job.begin(), None
        for number in range(1, rounds + 1):
            if faults:
                break
            kind, faults = job.round()
            pipe.send((number, kind, faults, figures(job)))
        if not kind:
            pipe.send((0, "before any", faults, figures(job)))
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
    finally:
        job.server.kill()
        pipe.close()


def figures(job):
    model = job.model
    return {
        "acknowledged": model.counts, "missing": job.abilities.missing,
        "other": collections.Counter(
            refused=model.refused, unanswered=model.answerless, expired=model.expired),
    }  # fmt: skip


class Crash:
    """All jobs together, and what came of them."""

    def __init__(self, directory, say):
        self.directory, self.say = directory, say
        self.kinds = collections.Counter()
        self.figures = {}  # by job
        self.faults, self.errors = [], []
        self.started = time.monotonic()

    def perform(self, rounds, jobs, seed):
        running = {}
        for number in range(jobs):
            own, other = FORK.Pipe(duplex=False)
            share = rounds // jobs + (number < rounds % jobs)
            arguments = (other, self.job_directory(number), f"{seed}-{number}", share)
            process = FORK.Process(target=perform, args=arguments, daemon=True)
            process.start()
            other.close()
            running[own] = number, process
        try:
            while running and not (self.faults or self.errors):
                ready = multiprocessing.connection.wait(running, ROUND_TIME)
                if not ready:
                    self.errors.append(f"no round ended within {ROUND_TIME} s")
                for pipe in ready:
                    self.take(pipe, running)
            self.look_at_coverage()
        finally:
            for _, process in running.values():
                process.kill()
                process.join()

    def look_at_coverage(self):
        """A long run in which something never happened has not tested that."""
        if self.rounds < ENOUGH or self.faults:
            return
        happened = self.kinds | self.acknowledged | self.total("other")
        wanted = {*KINDS, *ALWAYS_THERE, "refused", "unanswered", "expired"}
        if not self.missing:
            wanted |= {DRAIN, REMOVE_SERVICE}
        self.errors += [f"there were no {what}" for what in wanted if not happened[what]]

    def job_directory(self, number):
        return os.path.join(self.directory, f"job-{number}")

    def take(self, pipe, running):
        number = running[pipe][0]
        try:
            said = pipe.recv()
        except EOFError:
            running.pop(pipe)[1].join()
            return
        if isinstance(said, str):
            self.errors.append(f"{self.job_directory(number)}: {said}")
            return
        round_number, kind, faults, self.figures[number] = said
        self.kinds[kind] += 1
        if faults:
            where = f"{self.job_directory(number)}, round {round_number}, killed {kind}"
            self.faults += [f"{where}: {fault}" for fault in faults]
        if self.rounds % 50 == 0:
            self.say(f"{self.rounds} rounds, {self.acknowledged.total():,} changes acknowledged")

    @property
    def rounds(self):
        return self.kinds.total()

    @property
    def missing(self):
        """Calls that this server does not have."""
        return sorted({call for figures in self.figures.values() for call in figures["missing"]})

    @property
    def losses(self):
        return self.faults

    @property
    def acknowledged(self):
        return self.total("acknowledged")

    def total(self, name):
        counters = (figures[name] for figures in self.figures.values())
        return sum(counters, collections.Counter())

    def summary(self):
        counts, other = self.acknowledged, self.total("other")
        seconds = time.monotonic() - self.started
        lines = [
            f"rounds        {self.rounds:,} in {seconds:,.0f} s, killed "
            + ", ".join(f"{kind}: {self.kinds[kind]:,}" for kind in KINDS),
            f"acknowledged  {counts.total():,} changes: "
            + ", ".join(f"{count:,} {kind}" for kind, count in counts.most_common()),
            f"others        {other['unanswered']:,} without a reply, {other['refused']:,} refused,"
            f" {other['expired']:,} instances that expired and stayed away",
            f"losses        {len(self.faults):,}",
        ]
        if self.missing:
            lines.append(f"not tried     {', '.join(self.missing)}: the server has no such call")
        return "\n".join(lines)
