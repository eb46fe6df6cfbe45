"""UDP: what the server answers at most, and what it answers when three times as much is asked.

Sending a query costs a core nearly as much as answering it. So that one core can outdo the other,
the server has a third of its own: processes that only count have the rest.
"""

import contextlib
import json
import os
import subprocess
import sys

from bench import cores
from flood.rows import Row

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "sender.c")
CAPACITY_SECONDS, FLOOD_SECONDS = 3, 6
TIMES = 3  # the capacity
RIVALS = 2  # for the server's core
SLACK = 10  # seconds


def built_sender(directory):
    program = os.path.join(directory, "sender")
    subprocess.run(["gcc", "-O2", "-o", program, SOURCE], check=True)
    return program


@contextlib.contextmanager
def rivals():
    """Processes that take their shares of the server's core."""
    count = [sys.executable, "-c", "while True: pass"]
    running = [
        subprocess.Popen(count, preexec_fn=cores.child_on(cores.SERVER)) for _ in range(RIVALS)
    ]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def sent(sender, server, queries, rate, seconds):
    """What the sender counted."""
    run = subprocess.run(
        [sender, server.address, str(server.port), queries, str(rate), str(seconds)],
        stdout=subprocess.PIPE, text=True, timeout=seconds + SLACK, check=True,
        preexec_fn=cores.child_on(cores.LOAD),
    )  # fmt: skip
    return json.loads(run.stdout)


def measure(flood):
    """The sender has the load's core to itself, so the others are measured in other parts."""
    directory = flood.server.directory
    sender = built_sender(directory)
    queries = os.path.join(directory, "queries")
    flood.services.write_queries(queries, flood.seed, 50_000, 1232)
    with rivals():
        asked = sent(sender, flood.server, queries, 0, CAPACITY_SECONDS)
        capacity = asked["replied"] / asked["seconds"]
        drops = flood.server.kernel_drops()
        flooded = sent(sender, flood.server, queries, round(capacity * TIMES), FLOOD_SECONDS)
        drops = flood.server.kernel_drops() - drops
    offered = flooded["sent"] / flooded["seconds"] / capacity
    answered = flooded["replied"] / flooded["seconds"]
    lost = flooded["sent"] - flooded["replied"] - flooded["late"]
    return [
        Row("UDP: capacity, queries in flight bounded", capacity, "a second"),
        Row("UDP: sent on time whatever comes back", offered, "times it", at_least=TIMES * 0.9),
        Row("UDP: answered meanwhile", answered / capacity, "of it", at_least=0.9),
        Row("UDP: age of what was answered, p99", flooded["p99_ms"], "ms", at_most=1000),
        Row("UDP: dropped by the kernel, of what was not answered", drops / max(1, lost), "",
            at_least=0.95),
    ]  # fmt: skip
