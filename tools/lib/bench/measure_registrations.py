"""Durable registrations a second beside etcd's puts, and how many fit through the bulk calls."""

import threading
import time

from bench import load, services, store
from bench.peers import Rollcall
from bench.registry_api import API, check_results
from bench.rows import Row, Samples, compared

CONNECTIONS = {"64 connections": 64, "one connection, one at a time": 1}
BULK_INSTANCES = 200_000  # registered in a round by each number of connections
BULK_ITEMS, RENEWAL_ITEMS = 10_000, 50_000  # in a body
RENEWAL_ROUNDS = 10  # how often each of them is renewed
PARALLEL = (1, 2)
FIRST = services.OTHER_INSTANCES


def register(run):
    """`tools/bench --only register`."""
    kind = store.file_system(run.directory)
    if kind in ("tmpfs", "ramfs"):
        raise RuntimeError(f"{run.directory} is on {kind}, where nothing is durable: see --keep")
    run.notes.append(f"Registrations: both write to {kind}; both programs are on the same core.")
    run.notes.append(
        "Registrations: etcd is asked in two ways, by its JSON gateway (wrk, new keys), which is "
        "to be compared with an API of JSON, and by gRPC (h2load, the same key each time)."
    )
    singles, bulk = Samples(), Samples()
    for number in range(run.rounds):
        pair = (measured_rollcall, measured_etcd)
        for measured in pair if number % 2 == 0 else reversed(pair):
            measured(run, singles, bulk)
        run.say(f"round {number + 1}: " + ", ".join(last_figures(singles, bulk)))
    run.keep("registrations", singles)
    run.keep("bulk calls", bulk)
    run.rows += single_rows(singles)
    run.rows += bulk_rows(bulk)


def last_figures(*samples):
    for part in samples:
        for name, rounds in part.rounds.items():
            yield f"{name}: {rounds[-1]['a_second']:,.0f}/s"


def measured_rollcall(run, singles, bulk):
    """Both programs begin each round empty."""
    first = FIRST
    with Rollcall(run.directory) as server:
        url = f"http://{server.address}:{server.http_port}"
        for label, connections in CONNECTIONS.items():
            before = sum(server.cpu())
            counts = load.wrk(url, connections, run.seconds, "rollcall", first)
            counts["cpu_us"] = (sum(server.cpu()) - before) * 1e6 / counts["completed"]
            singles.add(f"Rollcall, {label}", with_rate(counts))
            kept = API(server).instance(first + counts["completed"] - connections)
            if not kept["revision"]:
                raise RuntimeError(f"an instance without a revision: {kept}")
            first += 1_000_000
    with Rollcall(run.directory) as server:
        for connections in PARALLEL:
            measure_bulk(server, first, connections, bulk)
            first += BULK_INSTANCES


def measured_etcd(run, singles, _):
    with store.Etcd(run.directory) as server:
        first = 0
        for put, way in ((server.put_by_gateway, "JSON"), (server.put_by_grpc, "gRPC")):
            for label, connections in CONNECTIONS.items():
                before = sum(server.cpu())
                counts = put(connections, run.seconds, first)
                counts["cpu_us"] = (sum(server.cpu()) - before) * 1e6 / counts["completed"]
                singles.add(f"etcd by {way}, {label}", with_rate(counts))
                first += 1_000_000


def with_rate(counts):
    return counts | {"a_second": counts["completed"] / counts["seconds"]}


def measure_bulk(server, first, connections, samples):
    """Registers new instances, then renews them; what is sent is made before."""
    numbers = range(first, first + BULK_INSTANCES)
    calls = {
        "registrations": ("/v1/instances", 201, 1,
                          list(services.bulk_bodies(numbers, BULK_ITEMS))),
        "renewals": ("/v1/renewals", 200, RENEWAL_ROUNDS,
                     list(services.renewal_bodies(numbers, RENEWAL_ITEMS))),
    }  # fmt: skip
    for what, (path, status, times, bodies) in calls.items():
        before = sum(server.cpu())
        seconds = in_parallel(server, connections, path, bodies * times, status)
        done = BULK_INSTANCES * times
        samples.add(
            f"bulk {what}, {connections} at once",
            {"a_second": done / seconds, "cpu_us": (sum(server.cpu()) - before) * 1e6 / done},
        )  # fmt: skip


def in_parallel(server, connections, path, bodies, status):
    """The seconds until all bodies are answered, each connection with its share of them."""
    barrier = threading.Barrier(connections + 1)
    replies, errors = [], []

    def send(api, share):
        try:
            barrier.wait()
            for body in share:
                replies.append(api.call("POST", path, body))
        except Exception as error:
            errors.append(error)

    threads = [
        threading.Thread(target=send, args=(API(server), bodies[n::connections]), daemon=True)
        for n in range(connections)
    ]
    for thread in threads:
        thread.start()
    barrier.wait()
    started = time.monotonic()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - started
    if errors:
        raise RuntimeError(f"a bulk call failed: {errors[0]}")
    for reply in replies:
        check_results(*reply, status)
    return seconds


def single_rows(samples):
    for (label, connections), at_least in zip(CONNECTIONS.items(), (4, 2)):
        what = f"durable registrations, {label}"
        ours = samples.median(f"Rollcall, {label}", "a_second")
        for way, target in (("JSON", {"at_least": at_least}), ("gRPC", {})):
            puts = samples.median(f"etcd by {way}, {label}", "a_second")
            yield compared(what, "a second", ours, f"etcd by {way}", puts, **target)
        if connections > 1:
            beside = "Consul 1.10, measured elsewhere"
            yield compared(what, "a second", ours, beside, 410)


def bulk_rows(samples):
    for what, at_least in (("registrations", 100_000), ("renewals", 500_000)):
        for connections in PARALLEL:
            rate = samples.median(f"bulk {what}, {connections} at once", "a_second")
            plural = "connection" if connections == 1 else "connections"
            label = f"bulk {what}, {connections} {plural}"
            yield Row(label, rate, "a second", at_least=at_least)
