"""The trial as a whole, and what must hold."""

import asyncio
import random

from bench import cores
from bench.background import Background
from drain import clients, network
from drain.fleet import LINGER, Fleet
from soak.server import Server
from trial import say

PRIORITY = 1  # of the clients and the instances, so that the machine's delays are not the server's
USED = 0.9  # share of the drains during which a request must have come: else nothing was tested
END = 60  # seconds that clients have to stop


def perform(arguments, binary, directory, outcome):
    has_ipv6 = network.enter()
    kinds = [kind for kind in clients.KINDS if has_ipv6 or kind != "AAAA"]
    if not has_ipv6:
        outcome.untested.append("AAAA: only root can give each instance an IPv6 address")
    with Server(binary, directory) as server:
        fleet = Fleet(
            arguments, server.http[1], random.Random(arguments.seed), has_ipv6, outcome
        )  # fmt: skip
        background = Background(
            clients.perform, server.dns, fleet.services, kinds, arguments.cheat_seconds,
            arguments.seed, priority=PRIORITY,
        )  # fmt: skip
        with background:
            cores.go_first(PRIORITY)
            asyncio.run(drained(fleet, background, outcome))
        if (status := server.stop()) != 0:
            outcome.wrong(f"the server ended with {status}")
    judge(fleet, outcome)


async def drained(fleet, background, outcome):
    reporter = asyncio.ensure_future(report(outcome))
    await fleet.perform()
    reporter.cancel()
    # The instances that are left answer until the clients have stopped.
    loop = asyncio.get_running_loop()
    tally = await loop.run_in_executor(None, background.end, END)
    outcome.counts["requests sent"] = tally.requests
    outcome.counts["DNS queries"] = tally.queries
    outcome.counts["requests not sent, since this machine was too slow"] = tally.skipped
    outcome.mistakes += tally.failures


async def report(outcome):
    while True:
        await asyncio.sleep(10)
        counts = ", ".join(f"{count:,} {name}" for name, count in outcome.counts.items())
        say(f"drain: {counts}; {len(outcome.mistakes)} mistakes")


def judge(fleet, outcome):
    used = [backend for backend in fleet.drained if backend.last]
    outcome.counts["drains during which requests came"] = len(used)
    if len(used) < USED * len(fleet.drained):
        outcome.untested.append("too few instances were in use when they were drained")
    for kind in clients.KINDS:
        left = [b.ends_at - b.last[kind] for b in used if kind in b.last]
        if left:
            outcome.figures.append(
                f"{kind}: {len(left):,} instances had requests while they drained, "
                f"the last one {min(left):.3f} s before the end"
            )
    longest = max(backend.ends_at - backend.drained_at for backend in fleet.drained)
    outcome.figures.append(
        f"drains took up to {longest:.1f} s, {LINGER} s more were watched; "
        f"the call itself took up to {fleet.slowest:.3f} s"
    )
