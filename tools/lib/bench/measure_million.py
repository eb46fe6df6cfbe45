"""A million instances: CPU a query, resident memory, and how long a restart takes."""

from bench.measure_queries import EDNS, PEERS, beside_floor, size_row
from bench.peers import Knot, NSD
from bench.rows import Row, Samples, compared
from bench.workload import Workload

RESTARTS = 3


def million(run):
    """`tools/bench --only million`."""
    count = run.services(125_000)
    what = f"UDP, {count:,} services"
    with Workload(run, count, EDNS.values()) as work:
        ours, seconds = work.registered()
        memory = ours.memory()
        run.say(f"registered in {seconds:.1f} s, {memory:.0f} MiB resident")
        nsd, knot = work.peer(NSD), work.peer(Knot)
        for label, size in EDNS.items():
            run.rows += cpu_rows(run, work, f"{what}, {label}", size, [ours, nsd, knot])
        held = f"{what}: resident memory, {work.services.instances:,} instances"
        run.rows += [
            Row(f"{held}, after registration", memory, "MiB", at_most=600),
            Row(f"{held}, after the queries", ours.memory(), "MiB", "Knot, records only",
                knot.memory(), at_most=600),
        ]  # fmt: skip
        run.rows += restart_rows(run, what, held, ours, nsd)
    run.notes.append(
        f"{what}: NSD and Knot do not hold the names of tags; NSD's memory is that of all its "
        "processes, each shared page counted once."
    )


def cpu_rows(run, work, what, size, servers):
    samples, comparison = beside_floor(run, work, what, size, servers)
    ours = samples.median("Rollcall", "cpu_us")
    best, peer = samples.best(PEERS, "cpu_us")
    yield compared(f"{what}: CPU a query", "µs", ours, peer, best, at_most=0.55)
    floor = samples.median("floor", "cpu_us")
    yield compared(f"{what}: CPU a query", "µs", ours, "floor", floor)
    yield size_row(what, comparison)


def restart_rows(run, what, held, ours, nsd):
    """Both killed and started again in turn; the files are in the page cache for both."""
    samples = Samples()
    for number in range(min(run.rounds, RESTARTS)):
        for server in (ours, nsd):
            server.kill()
            seconds = server.start()
            if not server.answers():
                raise RuntimeError(f"{server.name} has no answer after its restart")
            samples.add(server.name, {"seconds": seconds, "memory_mib": server.memory()})
            run.say(f"restart {number + 1}, {server.name}: {seconds:.2f} s")
    run.keep(f"{what}: restart", samples)
    load = samples.median(NSD.name, "seconds")
    seconds = samples.median(ours.name, "seconds")
    yield Row(f"{what}: kill -9 to ready", seconds, "s", "NSD's load", load, at_most=10)
    memory = samples.median(ours.name, "memory_mib")
    yield Row(f"{held}, after a restart", memory, "MiB", at_most=600)
