"""UDP: what the server answers at most, and what it answers when three times as much is asked."""

import json
import os
import subprocess

from bench import cores
from flood.rows import Row

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "sender.c")
CAPACITY_SECONDS, FLOOD_SECONDS = 3, 6
TIMES = 3  # the capacity
SLACK = 10  # seconds


def built_sender(directory):
    program = os.path.join(directory, "sender")
    subprocess.run(["gcc", "-O2", "-o", program, SOURCE], check=True)
    return program


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
