"""The parts together, each in a thread of its own, and what the server may not grow."""

import collections
import random
import threading
import time

from soak.churn import Churn
from soak.garbage import Garbage
from soak.reloads import Reloads

CHURNERS, HOSTILES = 4, 2
# More clients in the warm-up than after it: what the server keeps for its busiest moment, threads
# of its pool above all, is to be there when growth is looked for.
WARM_UP_CHURNERS, WARM_UP_HOSTILES = 12, 4
WARM_UP = 0.25  # share of the time
LEAST_WARM_UP = 60  # seconds
LOOK, REPORT = 0.5, 10  # seconds between two looks at the threads, and between two lines
GROWTH = 0.02  # of resident memory after the warm-up
SETTLE = 30  # seconds for connections to be closed and threads to end
SHOWN = 10  # mistakes


class Outcome:
    """What was done, and what was wrong."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.mistakes = []

    def count(self, name):
        with self.lock:
            self.counts[name] += 1

    def summary(self):
        counts = ", ".join(f"{count:,} {name}" for name, count in self.counts.items())
        return f"{counts}; {len(self.mistakes)} mistakes"

    def wrong(self, text):
        with self.lock:
            self.mistakes.append(text)


class Run:
    """All of it; `mistakes` is empty if everything holds."""

    def __init__(self, server, seconds, seed, say):
        self.server, self.seconds, self.say = server, seconds, say
        self.outcome = Outcome()
        # Each with the seconds between its steps.
        self.churners = [
            (Churn(n, server, random.Random(f"{seed} churn {n}"), self.outcome), 0)
            for n in range(WARM_UP_CHURNERS)
        ]
        self.hostiles = [
            (Garbage(server, random.Random(f"{seed} garbage {n}"), self.outcome), 0.02)
            for n in range(WARM_UP_HOSTILES)
        ]
        self.operator = (Reloads(server, random.Random(f"{seed} reload"), self.outcome), 2)
        self.most_threads = 0
        self.reported = 0.0
        self.parts = [*self.churners, *self.hostiles, self.operator]

    def perform(self):
        try:
            warm_up = min(max(self.seconds * WARM_UP, LEAST_WARM_UP), self.seconds / 2)
            self.work(warm_up, self.parts)
            # Threads that its pool has once made may go when nobody needs them, and come again.
            before = (*self.quiet_figures()[:2], self.most_threads)
            self.say(f"after the warm-up: {described(before)} at most")
            lasting = [*self.churners[:CHURNERS], *self.hostiles[:HOSTILES], self.operator]
            self.work(self.seconds - warm_up, lasting)
            after = self.quiet_figures(at_most=before)
            self.say(f"at the end: {described(after)}")
        finally:
            for part, _ in self.parts:
                part.close()
        self.compare(before, after)
        self.end()

    def work(self, seconds, parts):
        end = time.monotonic() + seconds
        threads = [
            threading.Thread(target=self.drive, args=(*part, end), daemon=True)
            for part in parts
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(LOOK)
                self.look()
        self.report()

    def look(self):
        self.most_threads = max(self.most_threads, self.server.threads())
        if time.monotonic() >= self.reported + REPORT:
            self.reported = time.monotonic()
            self.report()

    def report(self):
        if self.server.process.poll() is not None:
            raise RuntimeError(f"the server has ended with {self.server.process.returncode}")
        self.say(f"{self.outcome.summary()}; {described(self.figures())}")

    def drive(self, part, pause, end):
        while time.monotonic() < end:
            try:
                part.step()
            except Exception as error:
                self.outcome.wrong(f"{type(part).__name__}: {type(error).__name__}: {error}")
                if len(self.outcome.mistakes) > 100:
                    return
            time.sleep(pause)

    def figures(self):
        return self.server.resident(), self.server.descriptors(), self.server.threads()

    def quiet_figures(self, at_most=None):
        """While no client is connected; the least in a while, since what ends takes its time."""
        for part, _ in self.parts:
            if isinstance(part, Garbage):
                while part.left:
                    part.left.pop().close()
            else:
                part.client.leave()
        deadline, least = time.monotonic() + SETTLE, self.figures()
        while time.monotonic() < deadline:
            least = tuple(map(min, least, self.figures()))
            if at_most and all(now <= then for now, then in zip(least[1:], at_most[1:])):
                if least[0] <= at_most[0]:
                    break
            time.sleep(0.5)
        return least

    def compare(self, before, after):
        sanitizer = self.server.sanitizer
        growth = after[0] / before[0] - 1
        if sanitizer:
            self.say(f"built with the {sanitizer} sanitizer: its memory is not looked at")
        elif growth >= GROWTH:
            self.outcome.wrong(f"resident memory grew by {growth:.1%}")
        if after[1] > before[1]:
            self.outcome.wrong(f"descriptors grew from {before[1]} to {after[1]}")
        if after[2] > before[2]:
            self.outcome.wrong(f"threads grew from {before[2]} to {after[2]}")

    def end(self):
        status = self.server.stop()
        if status != 0:
            self.outcome.wrong(f"the server ended with {status}")
        lines = self.server.log().splitlines()
        # First, because whatever else is wrong may come of them.
        findings = collections.Counter(line for line in lines if "SUMMARY: " in line)
        self.outcome.mistakes[:0] = [f"{n} x {line}" for line, n in findings.items()]
        for line in lines:
            if " critical " in line or " error " in line and "zone file refused" not in line:
                self.outcome.wrong(f"in the log: {line}")


def described(figures):
    return f"{figures[0] / 1024:.1f} MiB, {figures[1]} descriptors, {figures[2]} threads"
