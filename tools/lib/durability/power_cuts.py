"""Power cuts: the program runs under strace, files are rebuilt as a cut at some moment may leave
them, and the program is started with these."""

import collections
import dataclasses
import os
import random
import re
import shutil
import signal
import time

from durability import trace
from durability.api import API, Abilities
from durability.client import Load, writers
from durability.disk import LOST, SOME, STRING, TORN, TRACED, WRITTEN, Disk, octets
from durability.inspection import inspect
from durability.model import Model
from durability.observer import Observer
from durability.server import NotStarted, Server

REPLY = re.compile(r"^(?:writev?|sendto|sendmsg)\(\d+<TCP:\[[^\]]*->[^\]]*:(\d+)\]>, (.*)")
MODES, SHARES = (LOST, SOME, TORN, WRITTEN), (55, 20, 20, 5)
FAILURE = 60  # seconds of load until what is to fail must have failed
FAULTS_SHOWN = 3  # of each cut; all are in its file `cut`
EARLY = 500  # calls, in which what an earlier run left unsynced may matter
RARE = re.compile(r"^(?:rename|unlink|mkdir|ftruncate|f(?:data)?sync.*INJECTED|pwrite64.*INJECTED)")
NEAR = 40  # calls after a rare one
# The shares of cuts after a reply, after an early reply, anywhere, and soon after a rare call.
MOMENTS = (45, 15, 25, 15)


@dataclasses.dataclass(frozen=True)
class Life:
    """One run of the program, from a start to its end; `fails` is what strace injects."""

    name: str
    fails: str = None
    end: int = signal.SIGKILL

    def has_failed(self, output):
        return trace.injections(output, [self.fails.partition(":")[0]]) > 0


# The numbers are of each thread's calls, so that they come under load and not at the start.
LIVES = (
    Life("first"),
    Life("second"),
    Life("a sync fails", "fdatasync:error=EIO:when=15"),
    Life("syncs fail for a while", "fdatasync:error=EIO:when=15..23"),
    Life("the disk is full for a while", "pwrite64:error=ENOSPC:when=150..170"),
    Life("ended in order", end=signal.SIGTERM),
)


@dataclasses.dataclass
class Recording:
    """What was sent and answered in one life, and the calls that the program made."""

    life: Life
    calls: list
    exchanges: dict  # of each connection, by its port: [(change, when sent, reply)]
    serials: list  # (time, serial)
    left: str  # a copy of the data directory at its end


@dataclasses.dataclass(frozen=True)
class Cut:
    """A moment: before this call of this life."""

    life: int
    position: int
    mode: str


class PowerCuts:
    """All cuts, and what came of them."""

    def __init__(self, directory, seed, say):
        self.directory, self.seed, self.say = directory, seed, say
        self.random = random.Random(seed)
        self.data = os.path.join(directory, "data")
        self.recordings = []
        self.cuts, self.faults, self.losses, self.errors = [], [], [], []
        self.counts, self.acknowledged = collections.Counter(), 0
        self.syncs = 0
        self.started = time.monotonic()

    def perform(self, points, seconds, until_loss):
        for number, life in enumerate(LIVES):
            self.recordings.append(self.record(number, life, seconds))
        self.cuts = self.chosen_cuts(points)
        self.follow(until_loss)
        self.look_at_coverage()

    # Recording

    def record(self, number, life, seconds):
        server, model = Server(self.directory, self.data), Model(accepts_failures=bool(life.fails))
        output = os.path.join(self.directory, f"strace-{number}")
        server.starts = number * 10
        options = ["-yy", "-ttt", "-x", "-s", "1000000", "-e", f"trace={','.join(TRACED)}",
                   "-e", "signal=none"]  # fmt: skip
        if life.fails:
            options += ["-e", f"inject={life.fails}"]
        server.start(trace.from_start(output, options))
        try:
            api = API(server.http_port)
            load = writers(f"{self.seed}-{number}", Abilities.of(api), suffix=f"-{number}")
            api.close()
            with Observer(server, model) as observer:
                with Load(server, load, model) as running:
                    self.wait_for_failure(life, output)
                    time.sleep(seconds)
                    observer.is_ending = True
                    if life.end == signal.SIGKILL:
                        server.kill()
            if server.is_running:
                server.end(life.end)
        finally:
            server.kill()
        self.faults += [f"{life.name}: {fault}" for fault in model.faults]
        self.acknowledged += model.counts.total()
        if life.fails and not life.has_failed(output):
            self.errors.append(f"nothing failed in the run '{life.name}'")
        calls = list(trace.calls(output))
        os.remove(output)
        exchanges = {client.own_port: client.exchanges for client in running.clients}
        count = model.counts.total()
        self.say(f"{life.name}: {count:,} changes acknowledged, {model.failed:,} failed,"
                 f" {len(calls):,} calls")  # fmt: skip
        left = os.path.join(self.directory, f"left-{number}")
        shutil.copytree(self.data, left)
        return Recording(life, calls, exchanges, observer.serials, left)

    def wait_for_failure(self, life, output):
        """The load lasts from then on, if anything is to fail."""
        deadline = time.monotonic() + FAILURE
        while life.fails and not life.has_failed(output) and time.monotonic() < deadline:
            time.sleep(0.1)

    # Cutting

    def chosen_cuts(self, points):
        """Many right after a reply has begun, the others between any two calls."""
        numbered = [(number, position, call)
                    for number, recording in enumerate(self.recordings)
                    for position, call in enumerate(recording.calls)]  # fmt: skip
        replies = [(number, at + 1) for number, at, call in numbered if replied_to(call)]
        anywhere = [(number, at) for number, at, _ in numbered]
        early = [(number, at) for number, at in replies if at < EARLY]
        rare = [(number, at + self.random.randrange(1, NEAR)) for number, at, call in numbered
                if RARE.match(call.text) and self.data in call.text]  # fmt: skip
        pools = (replies, early, anywhere, [moment for moment in rare if moment in set(anywhere)])
        chosen = [self.random.choice(self.random.choices(pools, MOMENTS)[0])
                  for _ in range(points)]  # fmt: skip
        modes = self.random.choices(MODES, SHARES, k=points)
        return sorted(
            (Cut(*moment, mode) for moment, mode in zip(chosen, modes, strict=True)),
            key=lambda cut: (cut.life, cut.position),
        )

    def follow(self, until_loss):
        """Goes through all calls once, and stops at each cut."""
        disk, due = Disk(self.data), collections.deque(self.cuts)
        for number, recording in enumerate(self.recordings):
            begun = collections.Counter()
            for position, call in enumerate([*recording.calls, None]):
                while due and (due[0].life, due[0].position) == (number, position):
                    self.cut(due.popleft(), disk, begun)
                    if until_loss and self.losses:
                        return
                if call is None:
                    break
                if port := replied_to(call):
                    begun[port] += 1
                disk.follow(call)
            disk.settle(recording.left)
        self.syncs = disk.syncs
        if not disk.is_own_entry_sure:
            self.faults.append(
                "the data directory's own entry was never synced (fsync of its parent after mkdir)"
            )

    def cut(self, cut, disk, begun):
        model = self.known(cut, begun)
        where = os.path.join(self.directory, f"cut-{cut.life}-{cut.position}-{len(self.faults)}")
        server = Server(where)
        disk.rebuild(server.data, self.random, cut.mode)
        self.counts[cut.mode] += 1
        try:
            server.start()
            faults = model.faults + inspect(server, model, self.time_of(cut))
        except NotStarted as error:
            faults = [str(error)]
        finally:
            server.kill()
        life = LIVES[cut.life].name
        name = f"run '{life}', call {cut.position}, what was not synced is {cut.mode}"
        self.losses += faults
        if faults:
            first = "; ".join(faults[:FAULTS_SHOWN])
            self.faults.append(f"{name}: {len(faults)} faults: {first} (see {where})")

            with open(os.path.join(where, "cut"), "w", encoding="utf-8") as file:
                file.write("\n".join([
                    name, *faults, "what was asked and answered:", *self.exchanged(cut, faults),
                    "the calls on the data before it:", self.before(cut),
                ]))  # fmt: skip
        else:
            shutil.rmtree(where)
        if self.counts.total() % 20 == 0:
            self.say(f"{self.counts.total()} of {len(self.cuts)} cuts, {len(self.losses)} losses")

    def known(self, cut, begun):
        """What must and may be there: of the life that is cut, what was answered before."""
        model = Model(accepts_failures=True)
        for number, recording in enumerate(self.recordings[: cut.life + 1]):
            for port, exchanges in recording.exchanges.items():
                answered = begun[port] if number == cut.life else len(exchanges)
                for change, sent, reply in exchanges[: answered + 1]:
                    before = model.begin(change, sent)
                    is_answered = answered > 0 and reply is not None
                    model.finish(change, reply if is_answered else None, sent, before)
                    answered -= 1
        model.faults.clear()  # they were told when this was recorded
        model.serial = self.serial_before(cut)
        return model

    def serial_before(self, cut):
        seen = [serial for recording in self.recordings[: cut.life + 1]
                for moment, serial in recording.serials if moment < self.time_of(cut)]  # fmt: skip
        return seen[-1] if seen else None

    def time_of(self, cut):
        calls = self.recordings[cut.life].calls
        return calls[min(cut.position, len(calls) - 1)].time

    def exchanged(self, cut, faults):
        """What concerns the instances that are at fault, by the time at which it was sent."""
        keys = {fault.partition(":")[0] for fault in faults}
        found = [(sent, item, reply) for recording in self.recordings[: cut.life + 1]
                 for exchanges in recording.exchanges.values()
                 for change, sent, reply in exchanges
                 for item in change.items if "/".join(item.key) in keys]  # fmt: skip
        return [f"{sent} {item} {reply}" for sent, item, reply in sorted(found, key=str)]

    def before(self, cut):
        """The last calls that concern the data."""
        calls = [call for call in self.recordings[cut.life].calls[: cut.position]
                 if self.data in call.text][-200:]  # fmt: skip
        return "\n".join(f"{call.time} {call.text[:150]} … {call.text[-40:]}" for call in calls)

    # Telling

    def look_at_coverage(self):
        if not self.syncs and not self.losses:
            self.errors.append("no sync was seen")
        if not self.acknowledged:
            self.errors.append("no change was acknowledged")

    def summary(self):
        cuts = ", ".join(f"{mode}: {self.counts[mode]}" for mode in MODES)
        return "\n".join([
            f"{self.acknowledged:,} changes acknowledged in {len(LIVES)} runs with"
            f" {self.syncs:,} syncs",
            f"{self.counts.total():,} power cuts in {time.monotonic() - self.started:,.0f} s, "
            f"what was not synced then {cuts}",
            f"losses {len(self.losses):,}",
        ])  # fmt: skip


def replied_to(call):
    """The client's port, if this call begins to send an HTTP reply."""
    if not call.begins or "TCP:[" not in call.text:
        return None
    found = REPLY.match(call.text)
    string = found and re.search(STRING, found[2])
    if not string or not octets(string[1]).startswith(b"HTTP/1.1 "):
        return None
    return int(found[1])
