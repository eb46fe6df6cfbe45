"""System calls on the data directory that fail, once or from then on, under load and at a start."""

import collections
import dataclasses
import itertools
import os
import random
import shutil
import time

from durability import inspection, trace
from durability.api import API, Abilities
from durability.change import REGISTER, REMOVE, Item
from durability.client import Load, exchange, writers
from durability.inspection import ZONE, inspect
from durability.model import Model
from durability.observer import Observer
from durability.server import NotStarted, Server
from durability.writer import SHORT_LEASE, Writer

LOAD = 0.5  # seconds of load while calls fail
LOAD_AFTER = 0.15  # and when they do not any more
GRACE = 2  # seconds after a lease's end: a program that is traced is slow
CASES_SHOWN = 12
LOG_LINES = 5  # that a failure which lasts may make
PATIENCE = 15  # seconds until it must take changes again
ANY_SYNC = "fdatasync,fsync"
CALLS = ("fdatasync", "fsync", "pwrite64", "write", "openat", "ftruncate", ANY_SYNC)
ERRORS = ("EIO", "ENOSPC")
# Sockets and logs are written and opened by these too, so they fail by path.
BY_PATH = ("write", "openat")
KNOWN_FILES = ("", "lock", *(f"rollcall.db{end}" for end in ("", "-wal", "-shm", "-journal")))
UNDER_LOAD, IN_RECOVERY, AT_START = "under load", "in the recovery", "at a start"
AT_FIRST_START = "at the first start"
PHASES = (UNDER_LOAD, IN_RECOVERY, AT_START, AT_FIRST_START)
FIRST_FAILURE = ("fdatasync", "EIO", "1")  # what a recovery follows


@dataclasses.dataclass(frozen=True)
class Case:
    phase: str
    call: str
    error: str
    when: str  # "3": the third call of a thread; "3+": that and all after it

    @property
    def lasts(self):
        return self.when.endswith("+")

    def __str__(self):
        return f"{self.call} {self.error} {self.when} {self.phase}"


@dataclasses.dataclass
class Verdict:
    case: Case
    hits: int = 0
    faults: list = dataclasses.field(default_factory=list)
    losses: list = dataclasses.field(default_factory=list)
    acknowledged: int = 0
    failed: int = 0


class Trial:
    """One case, in a directory of its own with a copy of the data that was there before."""

    def __init__(self, case, directory, data, files, seed):
        os.makedirs(directory)
        self.case, self.directory, self.files = case, directory, files
        self.server = Server(directory)
        if case.phase != AT_FIRST_START:
            shutil.copytree(data, self.server.data)
        self.model = Model(accepts_failures=True)
        self.seed = f"{seed} {case}"
        self.output = os.path.join(directory, "strace")
        self.verdict = Verdict(case)

    def perform(self):
        try:
            if self.case.phase != AT_FIRST_START:
                self.server.start()
                self.model.adopt(inspection.find(self.server), self.server.spawned)
            if self.case.phase in (AT_START, AT_FIRST_START):
                self.server.kill()
                self.start_with_failures()
            else:
                self.run_with_failures()
            self.server.kill()
            cut = time.time()
            self.server.start()
            self.verdict.losses = inspect(self.server, self.model, cut)
        except NotStarted as error:
            self.verdict.losses = [f"after the failures {error}"]
        finally:
            self.server.kill()
        self.verdict.hits = self.hits()
        self.verdict.faults = self.model.faults + self.verdict.losses
        self.verdict.acknowledged = self.model.counts.total()
        self.verdict.failed = self.model.failed
        return self.verdict

    def start_with_failures(self):
        """It gets ready all the same, or ends and says why."""
        try:
            self.server.start(trace.from_start(self.output, self.options()))
        except NotStarted as error:
            code = self.server.process.returncode if self.server.process else None
            if code is None or code <= 0:
                self.model.faults.append(f"at a start with failures {error}")
            elif self.server.data not in self.server.log():
                self.model.faults.append(f"it does not say what it could not start with: {error}")

    def run_with_failures(self):
        self.api = API(self.server.http_port)
        abilities = Abilities.of(self.api)
        self.writers = writers(self.seed, abilities)
        self.probe = Writer("probe", random.Random(self.seed), abilities)
        self.register("steady", None)
        steady = f"steady.web.{ZONE}"
        with Observer(self.server, self.model, [steady]) as observer:
            self.register("leaving", SHORT_LEASE)
            end = time.time() + SHORT_LEASE
            with trace.Attached(self.server, self.output, self.options()):
                before = self.stored()
                self.load(LOAD)
                if self.case.call == ANY_SYNC and self.case.when == "1+":
                    self.expect_nothing_stored_since(before)
                if self.case.lasts and self.hits():
                    self.look_while_it_lasts(end)
            self.wait_for_recovery()
            self.model.accepts_failures = False
            self.load(LOAD_AFTER)
            observer.is_ending = True
        if self.server.process.poll() is not None:
            self.model.faults.append(f"it ended: {self.server.log_end()}")

    def options(self):
        """strace's: which calls fail, when, and how."""
        chosen = [(self.case.call, self.case.error, self.case.when)]
        if self.case.phase == IN_RECOVERY:
            chosen.append(FIRST_FAILURE)
        named = ",".join(dict.fromkeys(call for call, _, _ in chosen))
        options = ["-e", f"trace={named}", "-e", "signal=none"]
        for call, error, when in chosen:
            options += ["-e", f"inject={call}:error={error}:when={when}"]
        for name in self.files if self.case.call in BY_PATH else ():
            options += ["-P", os.path.normpath(os.path.join(self.server.data, name))]
        return options

    def register(self, name, lease):
        """Registers one of the instances that are looked at, each time a little different."""
        item = self.probe.registration(("web", name))
        fields = item.fields | {"lease_seconds": lease, "status": "passing"}
        change = self.probe.single(Item(REGISTER, item.key, fields), "PUT")
        return exchange(self.api, self.model, change)

    def load(self, seconds):
        with Load(self.server, self.writers, self.model):
            time.sleep(seconds)

    def hits(self):
        return trace.injections(self.output, self.case.call.split(","))

    def stored(self):
        """How many of the changes that need a commit were acknowledged."""
        return self.model.counts[REGISTER] + self.model.counts[REMOVE]

    def expect_nothing_stored_since(self, before):
        if self.stored() > before:
            self.model.faults.append(
                f"{self.stored() - before} changes were acknowledged though no sync succeeded"
            )

    def look_while_it_lasts(self, end):
        """Leases end, and who asks is told that changes fail."""
        while (left := end + GRACE - time.time()) > 0:
            reply = self.lookup("leaving")
            if reply.rcode == inspection.NXDOMAIN:
                break
            time.sleep(min(left, 0.02))
        else:
            self.model.faults.append(f"a lease did not end in DNS within {GRACE} s")
        reply = self.register("blocked", None)
        if reply is None or reply.status != 503:
            return
        status = self.api.call("GET", "/readyz").status
        if status != 503:
            self.model.faults.append(f"/readyz says {status} while changes fail")
        told = [line for line in self.server.log().splitlines()
                if line.split()[1:2] in (["warning"], ["error"])]  # fmt: skip
        if not 1 <= len(told) <= LOG_LINES:
            self.model.faults.append(f"the log has {len(told)} lines of it: {told[:3]}")

    def lookup(self, name):
        (reply,) = inspection.ask(self.server.dns_port, [(f"{name}.web.{ZONE}", "A")])
        return reply

    def wait_for_recovery(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            reply = self.register("afterwards", None)
            if reply and reply.status < 300:
                break
            if time.monotonic() > deadline:
                said = reply and (reply.status, reply.body)
                self.model.faults.append(f"no change succeeds {PATIENCE} s later: {said}")
                return
            time.sleep(0.05)
        status = self.api.call("GET", "/readyz").status
        if status != 200:
            self.model.faults.append(f"/readyz says {status} when changes succeed again")


class Faults:
    """All cases, and what came of them."""

    def __init__(self, directory, say):
        self.directory, self.say = directory, say
        self.template = os.path.join(directory, "before")
        self.verdicts, self.errors = [], []
        self.files, self.used = set(KNOWN_FILES), collections.Counter()
        self.started = time.monotonic()

    def perform(self, only, depth, seed, until_loss):
        self.prepare(seed)
        for phase, call, error, end in itertools.product(PHASES, CALLS, ERRORS, ("", "+")):
            if only and call not in only or phase == IN_RECOVERY and FIRST_FAILURE[0] in call:
                continue
            self.deepen(phase, call, error, end, depth, seed)
            if until_loss and self.losses:
                return
        self.look_at_coverage(only or CALLS)

    def deepen(self, phase, call, error, end, depth, seed):
        """The first call fails, then the second, until so many are not made."""
        for number in range(1, depth + 1):
            case = Case(phase, call, error, f"{number}{end}")
            verdict = self.attempt(case, seed)
            if not verdict.hits:
                break

    def attempt(self, case, seed):
        directory = self.directory_of(case)
        data = os.path.join(self.template, "data")
        verdict = Trial(case, directory, data, sorted(self.files), seed).perform()
        self.verdicts.append(verdict)
        if not verdict.faults:
            shutil.rmtree(directory)
        self.say(
            f"{case}: {verdict.hits} hits, {verdict.acknowledged} acknowledged,"
            f" {verdict.failed} failed, {len(verdict.faults)} faults"
        )
        return verdict

    def directory_of(self, case):
        return os.path.join(self.directory, str(case).replace(" ", "-"))

    def prepare(self, seed):
        """Makes the data that each case starts with, and sees which files are used how."""
        server, model = Server(self.template), Model(accepts_failures=True)
        output = os.path.join(self.template, "strace")
        options = ["-e", f"trace={','.join(CALLS)}", "-e", "signal=none"]
        server.start(trace.from_start(output, options))
        try:
            api = API(server.http_port)
            load = writers(seed, Abilities.of(api))
            with Load(server, load, model):
                time.sleep(LOAD * 2)
            self.look_at_recovery(server, model, load, options)
        finally:
            server.kill()
        for path in (output, f"{output}-recovery"):
            for call in trace.calls(path):
                if call.ends:
                    self.note(call, server.data)

    def look_at_recovery(self, server, model, load, options):
        """What it opens after a failure; the trace of its start must have ended for that."""
        server.kill()
        server.start()
        call, error, when = FIRST_FAILURE
        options = [*options, "-e", f"inject={call}:error={error}:when={when}"]
        with trace.Attached(server, os.path.join(self.template, "strace-recovery"), options):
            with Load(server, load, model):
                time.sleep(LOAD * 2)

    def note(self, call, data):
        within = {path for path in trace.paths(call) if os.path.commonpath([path, data]) == data}
        self.files |= {os.path.relpath(path, data) for path in within}
        self.used[call.name] += bool(within)

    def look_at_coverage(self, calls):
        """A call that the program makes on these files must have been hit."""
        hits = collections.Counter()
        for verdict in self.verdicts:
            hits[verdict.case.call] += verdict.hits
        missed = [call for call in calls if self.used[call] and not hits[call]]
        self.errors += [f"{call} was never hit" for call in missed]
        if not hits.total():
            self.errors.append("nothing was hit")

    @property
    def faults(self):
        """Each once, with the cases that showed it."""
        cases = {}
        for verdict in self.verdicts:
            for fault in verdict.faults:
                text = fault.replace(self.directory_of(verdict.case), "…")
                cases.setdefault(text, []).append(verdict.case)
        return [
            f"{text}\n       in {len(of)} cases: {'; '.join(map(str, of[:CASES_SHOWN]))}"
            f"\n       see {self.directory_of(of[0])}" for text, of in cases.items()
        ]  # fmt: skip

    @property
    def losses(self):
        """What was not there after a restart, or was but must not be."""
        return [loss for verdict in self.verdicts for loss in verdict.losses]

    def summary(self):
        lines = [f"{len(self.verdicts):,} cases in {time.monotonic() - self.started:,.0f} s"]
        for call in CALLS:
            of = [verdict for verdict in self.verdicts if verdict.case.call == call]
            hits, failed = (sum(getattr(v, name) for v in of) for name in ("hits", "failed"))
            is_used = any(self.used[name] for name in call.split(","))
            unused = "" if is_used else ": the program does not use it on its data"
            lines.append(f"{call:15} {hits:7,} hits, {failed:7,} changes failed{unused}")
        acknowledged = sum(verdict.acknowledged for verdict in self.verdicts)
        broken = sum(bool(verdict.faults) for verdict in self.verdicts)
        lines.append(f"{acknowledged:,} changes acknowledged, faults in {broken} cases")
        return "\n".join(lines)
