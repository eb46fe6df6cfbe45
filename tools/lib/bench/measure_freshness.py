"""How soon a registration is seen, and what changes cost those who ask."""

import random

from bench import load, sampler, services
from bench.background import Background
from bench.registrar import bulk, perform, put
from bench.rows import Row, Samples, compared
from bench.workload import Workload

RATE = 1_000  # registrations or changes a second
BULK_ITEMS = 50  # in a body, where changes come in bulk
PRIORITY = 1  # before the load, after the sampler
WITHOUT, SINGLE, BULK = "without changes", "changed by PUT", f"changed {BULK_ITEMS} at a time"


def visible(run):
    """`tools/bench --only visible`: a query after each reply must see what it registered."""
    with Workload(run, run.services(125_000), [0]) as work:
        server, _ = work.registered()
        outcome, counts = registered_under_load(run, work, server)
        instances = work.services.instances
    times = sampler.latency_percentiles(outcome.latencies)
    samples = Samples()
    samples.add("Rollcall", counts | times | {"misses": len(outcome.misses)})
    what = f"registering {RATE:,} a second, {instances:,} instances, full query load"
    run.keep(what, samples)
    made = f"of {run.registrations:,}"
    run.rows += [
        Row(f"{what}: not in DNS after the reply", len(outcome.misses), made, at_most=0),
        Row(f"{what}: a call or query without reply", outcome.unanswered, made, at_most=0),
        Row(f"{what}: reply, median", times["p50_ms"], "ms"),
        Row(f"{what}: reply, p99", times["p99_ms"], "ms", at_most=5),
    ]


def registered_under_load(run, work, server):
    """What came of the registrations, and what dnsperf counted meanwhile."""
    first = services.OTHER_INSTANCES
    numbers = range(first, first + run.registrations)
    calls = [put(server, number, 201, checked=True) for number in numbers]
    seconds = run.registrations / RATE
    with load.dnsperf_beside(server, work.files[0], 2 * seconds + 60) as end:
        before = sum(server.cpu())
        with Background(perform, server, RATE, calls, priority=PRIORITY) as registrar:
            run.say(f"{run.registrations:,} registrations take {seconds:.0f} s")
            outcome = registrar.result(2 * seconds + 60)
        busy = (sum(server.cpu()) - before) / outcome.seconds
        counts = end() | {"busy": busy, "memory_mib": server.memory()}
    if outcome.failures:
        failed = f"{len(outcome.failures)} registrations failed: {outcome.failures[0]}"
        raise RuntimeError(failed)
    if outcome.seen + len(outcome.misses) + outcome.unanswered < run.registrations:
        raise RuntimeError(f"only {outcome.seen} queries were made")
    return outcome, counts


def churn(run):
    """`tools/bench --only churn`: the query rate while instances change their address."""
    samples = Samples()
    with Workload(run, run.services(1_000), [0]) as work:
        server, _ = work.registered()
        for number in range(run.rounds):
            for what, items in ((WITHOUT, 0), (SINGLE, 1), (BULK, BULK_ITEMS)):
                figures = queries_beside_changes(run, work, server, items, number)
                samples.add(what, figures)
                rate = f"{figures['queries_a_second']:,.0f} queries/s"
                run.say(f"round {number + 1}, {what}: {rate}")
    run.keep(f"{RATE:,} changes a second", samples)
    before = samples.median(WITHOUT, "queries_a_second")
    for what in (SINGLE, BULK):
        rate = samples.median(what, "queries_a_second")
        label = f"query rate while {RATE:,} instances a second are {what}"
        run.rows.append(compared(label, "a second", rate, WITHOUT, before, at_least=0.9))
    run.notes.append(
        "Query rate while instances change: what sends the changes takes its share of the core "
        "that the load comes from, so the ratio is lower than the server's own."
    )


def queries_beside_changes(run, work, server, items, round_number):
    """One run of the load, with so many items in each call that changes something."""
    if not items:
        return work.measured(server, 0)
    calls = changes(run, work, server, items, round_number)
    with Background(perform, server, RATE / items, calls, priority=PRIORITY) as changing:
        figures = work.measured(server, 0)
        outcome = changing.end(60)
    if outcome.failures or outcome.unanswered:
        raise RuntimeError(f"{outcome.unanswered} changes open, failed: {outcome.failures[:1]}")
    return figures | {"changes_a_second": len(outcome.latencies) * items / outcome.seconds}


def changes(run, work, server, items, round_number):
    """Calls that give instances, chosen by chance, another address; more than there is time for."""
    chance = random.Random(f"{run.seed} {items} {round_number}")
    changed = [
        (chance.randrange(work.services.instances), f"172.16.{at >> 8 & 255}.{at & 255}")
        for at in range(RATE * (run.seconds + 20))
    ]
    if items == 1:
        return [put(server, number, 200, address) for number, address in changed]
    return [bulk(server, changed[at : at + items], 200) for at in range(0, len(changed), items)]
