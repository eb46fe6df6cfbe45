"""CPU a query beside other servers, and what stands beside it: over UDP and over TCP."""

from bench.peers import Knot, NSD, PowerDNS, Reflector, UDP_SIZE
from bench.rows import Row, Samples, compared
from bench.sections import Comparison
from bench.workload import Workload

EDNS = {"without EDNS": 0, f"EDNS {UDP_SIZE}": UDP_SIZE}
PEERS = (NSD.name, Knot.name)
# Two that Debian does not have in a version to compare with: CPU µs a query, measured before on
# another machine with two cores; of CoreDNS the lower of two figures.
ELSEWHERE = {"CoreDNS, measured elsewhere": 65, "Consul 1.10, measured elsewhere": 131}


def udp(run):
    """`tools/bench --only udp`."""
    count = run.services(1_000)
    with Workload(run, count, EDNS.values()) as work:
        ours, _ = work.registered()
        everywhere, _ = work.registered("0.0.0.0")
        servers = [ours, everywhere, work.peer(NSD), work.peer(Knot)]
        for label, size in EDNS.items():
            what = f"UDP, {count:,} services, {label}"
            samples, comparison = beside_floor(run, work, what, size, servers)
            run.rows += cpu_rows(what, samples)
            wildcard = samples.median(everywhere.name, "cpu_us")
            loopback = samples.median(ours.name, "cpu_us")
            run.rows += [
                compared(
                    f"{what}: a listener on 0.0.0.0, CPU a query", "µs",
                    wildcard, "one on 127.0.0.1", loopback, at_most=1.1,
                ),
                size_row(what, comparison),
            ]  # fmt: skip


def beside_floor(run, work, what, size, servers):
    """All servers and the floor; what differs between their replies becomes notes."""
    run.say(what)
    comparison = Comparison(servers, work.services, run.seed, size)
    run.notes += [f"{what}: {note}." for note in comparison.differences()]
    samples = Samples()
    sizes = [work.warmed(server, size) for server in servers]
    with Reflector(run.directory, round(sizes[0])) as floor:
        work.measure([floor, *servers], size, samples)
    run.keep(what, samples)
    return samples, comparison


def size_row(what, comparison):
    asked = f"of {comparison.asked:,}"
    return Row(f"{what}: replies larger than NSD's or Knot's", comparison.larger(), asked,
               at_most=0)  # fmt: skip


def cpu_rows(what, samples):
    """Beside the floor, the better peer, and two that can't be run here."""
    ours, user = (samples.median("Rollcall", f) for f in ("cpu_us", "user_us"))
    floor = samples.median("floor", "cpu_us")
    best, peer = samples.best(PEERS, "cpu_us")
    best_user, user_peer = samples.best(PEERS, "user_us")
    cpu = f"{what}: CPU a query"
    yield compared(cpu, "µs", ours, "floor", floor, at_most=1.15)
    yield compared(cpu, "µs", ours, peer, best, at_most=0.70)
    yield compared(f"{cpu}, user", "µs", user, user_peer, best_user, at_most=0.25)
    above = best - floor
    yield compared(f"{cpu}, above the floor", "µs", ours - floor, peer, above, at_most=0.25)
    for name, known in ELSEWHERE.items():
        yield compared(cpu, "µs", ours, name, known, at_most=0.1)


def tcp(run):
    """`tools/bench --only tcp`."""
    what = "TCP, 8 connections with 50 in flight"
    samples = Samples()
    with Workload(run, run.services(1_000), [0]) as work:
        ours, _ = work.registered()
        servers = [ours, *(work.peer(kind) for kind in (PowerDNS, Knot, NSD))]
        run.say(what)
        comparison = Comparison(servers, work.services, run.seed, tcp=True)
        run.notes += [f"{what}: {note}." for note in comparison.differences()]
        run.notes.append(f"{what}: PowerDNS answers from its packet cache, without rotation.")
        for server in servers:
            work.warmed(server, 0, tcp=True)
        work.measure(servers, 0, samples, tcp=True)
    run.keep(what, samples)
    cpu = samples.median(ours.name, "cpu_us")
    for peer, target in ((PowerDNS, {"at_most": 1.0}), (Knot, {}), (NSD, {})):
        beside = samples.median(peer.name, "cpu_us")
        run.rows.append(compared(f"{what}: CPU a query", "µs", cpu, peer.name, beside, **target))
