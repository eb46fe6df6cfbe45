"""UDP: what the server answers at most, and what it answers when three times as much is asked.

Sending a query costs a core nearly as much as answering it. So that one core can outdo the other,
the server has a quarter of its own: the ballast, a process that only counts, has the rest, in
slices so short that the server's buffer does not fill up meanwhile.

On the server's core: the server, the ballast. On the other: the sender, which sleeps while nothing
is due, and before it in the order the well-behaved clients. The tool itself waits. As root the
ballast, the sender and the clients go before all else that the machine does.
"""

import json
import os
import subprocess
import time

from bench import cores
from bench.background import Background
from flood import clients
from flood.rows import Row

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "sender.c")
ROUNDS = 4  # of both, in turn: what else the machine does comes and goes
CAPACITY_SECONDS, FLOOD_SECONDS, BESIDE_SECONDS = 1.5, 2, 15
TIMES = 3  # the capacity
MARGIN = 1.1  # sent beyond that, since no sender is exact
GOODPUT = 0.9  # of the capacity, answered meanwhile
BALLAST_SHARE, BALLAST_PERIOD = 0.75, 0.002  # of the server's core; seconds
BALLAST_MOST = 120  # seconds
BALLAST_PRIORITY, SENDER_PRIORITY = 1, 1  # each on its core
OLDEST = 1000  # milliseconds
DROPS_SEEN = 0.95
FAIRNESS = 0.5  # of the share of all queries that is answered, for a client that asks once
# Milliseconds that a query may be sent after it is due. The kernel leaves 50 of a second to those
# whom processes with real-time priority would starve (sched(7)).
LATE = 100
SLACK = 10  # seconds


def built_sender(directory):
    program = os.path.join(directory, "sender")
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-o", program, SOURCE], check=True)
    return program


def ballast(told_to_end):
    """Counts for its share of each period on the server's core. As `Background` wants it."""
    os.sched_setaffinity(0, {cores.SERVER})
    begun = now = time.monotonic()
    while not told_to_end.poll() and now < begun + BALLAST_MOST:
        counted = now + BALLAST_SHARE * BALLAST_PERIOD
        while time.monotonic() < counted:
            pass
        time.sleep((1 - BALLAST_SHARE) * BALLAST_PERIOD)
        now = time.monotonic()


class Sender:
    """The program that asks, with its queries."""

    def __init__(self, flood):
        self.server = flood.server
        self.program = built_sender(flood.server.directory)
        self.queries = os.path.join(flood.server.directory, "queries")
        flood.services.write_queries(self.queries, flood.seed, 50_000, 1232)

    def start(self, rate, seconds):
        address = [self.server.address, str(self.server.port)]
        return subprocess.Popen(
            [self.program, *address, self.queries, str(rate), str(seconds)],
            stdout=subprocess.PIPE, text=True, preexec_fn=self.prepare,
        )  # fmt: skip

    def prepare(self):
        cores.child_on(cores.LOAD)()
        cores.go_first(SENDER_PRIORITY)

    def send(self, rate, seconds, meanwhile=None):
        """What it counted, what the kernel dropped at the server's port, and what came of what
        is done meanwhile."""
        drops = self.server.kernel_drops()
        with self.start(rate, seconds) as run:
            try:
                found = meanwhile() if meanwhile else None
                text, _ = run.communicate(timeout=seconds + SLACK)
            finally:
                run.kill()
        if run.returncode != 0:
            raise RuntimeError(f"the sender ended with {run.returncode}")
        return json.loads(text) | {"drops": self.server.kernel_drops() - drops}, found


def measure(flood):
    """Rounds without anybody else, then the same flood beside well-behaved clients."""
    sender = Sender(flood)
    asked, flooded = [], []
    with Background(ballast, priority=BALLAST_PRIORITY):
        for _ in range(ROUNDS):
            asked.append(sender.send(0, CAPACITY_SECONDS)[0])
            flooded.append(sender.send(flooding_rate(asked), FLOOD_SECONDS)[0])
        beside, tallies = sender.send(
            flooding_rate(asked), BESIDE_SECONDS, lambda: behaved(flood)
        )  # fmt: skip
    for figures in (*asked, *flooded, beside):
        flood.notes.append(f"udp: {figures}")
    capacity = speed(asked, "replied")
    share = beside["replied"] / beside["sent"]
    return [
        Row("UDP: capacity, queries in flight bounded", capacity, "a second"),
        *sending_rows("UDP", flooded, capacity),
        Row("UDP: answered meanwhile", speed(flooded, "replied") / capacity, "of it",
            at_least=GOODPUT),
        Row("UDP: age of what was answered, p99", max(f["p99_ms"] for f in flooded), "ms",
            at_most=OLDEST),
        Row("UDP: dropped by the kernel, of what was not answered", share_of_drops(flooded), "",
            at_least=DROPS_SEEN),
        *sending_rows("UDP beside clients", [beside], capacity),
        Row("UDP beside clients: share of all queries that is answered", share, ""),
        *flood.client_rows("UDP beside clients", tallies, {clients.FIRST_TRIES: share * FAIRNESS}),
    ]  # fmt: skip


def behaved(flood):
    """What became of well-behaved clients, all of whose time was within the flood's."""
    time.sleep(1)
    with flood.behaving(dawdling=1.0) as background:
        time.sleep(BESIDE_SECONDS - 5)
        return background.end(BESIDE_SECONDS)


def flooding_rate(asked):
    return round(speed(asked, "replied") * TIMES * MARGIN)


def sending_rows(part, flooded, capacity):
    return [
        Row(f"{part}: sent whatever comes back", speed(flooded, "sent") / capacity, "times it",
            at_least=TIMES),
        Row(f"{part}: sent late at most", max(f["behind_ms"] for f in flooded), "ms",
            at_most=LATE),
    ]  # fmt: skip


def share_of_drops(flooded):
    lost = sum(f["sent"] - f["replied"] - f["late"] for f in flooded)
    return sum(f["drops"] for f in flooded) / max(1, lost)


def speed(figures, name):
    """How many a second, over all of them."""
    return sum(f[name] for f in figures) / sum(f["seconds"] for f in figures)
