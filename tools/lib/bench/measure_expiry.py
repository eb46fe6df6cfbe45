"""Leases of all instances that end at the same moment: how long the last stays in DNS."""

import datetime
import random
import socket
import time

from bench import sampler
from bench.background import Background
from bench.message import has_answers, query
from bench.registry_api import API
from bench.rows import Row, Samples
from bench.services import ZONE
from bench.workload import Workload

WATCHED = 1_000  # services that are asked for again and again
IN_FLIGHT = 64
TRIES = 10  # seconds without a reply
TIMED = 1_000  # queries a second whose latency is taken
BEFORE, AFTER = 1.0, 10.0  # seconds around the lease end that are looked at
GONE = 60  # seconds after the lease end until when all must be gone


def expiry(run):
    """`tools/bench --only expiry`.

    The leases end together because a restart lets them all begin when the API listens.
    """
    with Workload(run, run.services(125_000), [0]) as work:
        instances = work.services.instances
        lease = 60 + instances // 20_000
        run.say(f"registering {instances:,} instances with a lease of {lease} s")
        server, _ = work.registered(lease=lease)
        server.kill()
        run.say(f"ready again after {server.start():.1f} s")
        ends = lease_ends(run, server, instances)
        run.say(f"the leases end in {max(ends) - time.time():.0f} s")
        samples, last_seen = watched(work, server, ends)
        left = still_there(server, range(work.services.count))
    end = max(ends)
    gone = max(last_seen, end + 1)
    what = f"{instances:,} leases that end in the same second"
    figures = {
        "first_to_last_end": end - min(ends),
        "gone_after": last_seen - end,
        "left": left,
        "until_gone": latencies(samples, min(ends), gone),
        "afterwards": latencies(samples, gone, gone + AFTER),
    }
    kept = Samples()
    kept.add("Rollcall", figures)
    run.keep(what, kept)
    run.rows += [
        Row(f"{what}: the last gone from DNS after", figures["gone_after"], "s", at_most=1),
        Row(f"{what}: services still there {AFTER:.0f} s later", left, "", at_most=0),
        Row(f"{what}: DNS p99 until then", figures["until_gone"]["p99_ms"], "ms", at_most=5),
        Row(f"{what}: DNS p99 in the {AFTER:.0f} s after it", figures["afterwards"]["p99_ms"],
            "ms"),
        Row(f"{what}: queries without reply", lost(samples, min(ends)), f"of {len(samples):,}",
            at_most=0),
    ]  # fmt: skip
    run.notes.append(
        f"{what}: {WATCHED:,} services were watched, asked for one after the other without a "
        "pause; at the end all of them were asked for once. The queries that were timed were sent "
        f"at most {figures['until_gone']['sent_late_ms']:.1f} ms late."
    )


def lease_ends(run, server, instances):
    """When some leases end, by the server's word, the first and the last among them."""
    api, chance = API(server), random.Random(run.seed)
    numbers = [0, instances - 1, *(chance.randrange(instances) for _ in range(100))]
    texts = [api.instance(number)["expires_at"] for number in numbers]
    return [datetime.datetime.fromisoformat(text).timestamp() for text in texts]


def watched(work, server, ends):
    """The samples from before the lease ends until after, and when an instance was last seen."""
    time.sleep(max(0, min(ends) - BEFORE - time.time()))
    timed = ((server.address, server.port), work.timed[0], TIMED)
    step = max(1, work.services.count // WATCHED)
    with Background(sampler.sample, *timed, priority=sampler.PRIORITY) as timing:
        with Background(last_answer, server, range(0, work.services.count, step), ends) as watch:
            last_seen = watch.result(GONE + AFTER + 30)
        time.sleep(max(0, max(*ends, last_seen) + AFTER - time.time()))
        return timing.end(30), last_seen


def last_answer(_, server, numbers, ends):
    """When the last answer with an address came; asks until all are gone."""
    last = 0.0
    while time.time() < max(ends) + GONE:
        seen = still_there(server, numbers)
        if seen:
            last = time.time()
        elif last and time.time() > max(ends):
            return last
    raise RuntimeError(f"instances are in DNS {GONE} s after their lease end")


def still_there(server, numbers):
    """How many of these services have an address. What gets no reply is asked again."""
    count, asked, tries = 0, 0, 0
    left = [query(f"s{n}.{ZONE}", "A") for n in numbers]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(1)
        udp.connect((server.address, server.port))
        while left:
            waiting = {}
            for text in left[:IN_FLIGHT]:
                identifier = (asked & 0xFFFF).to_bytes(2, "big")
                udp.send(identifier + text[2:])
                waiting[identifier], asked = text, asked + 1
            try:
                while waiting:
                    reply = udp.recv(4096)
                    if waiting.pop(reply[:2], None):
                        count += has_answers(reply)
            except TimeoutError:
                tries += 1
            left = left[IN_FLIGHT:] + list(waiting.values())
            if tries > TRIES:
                raise RuntimeError("the server does not answer")
    return count


def latencies(samples, start, end):
    return sampler.percentiles([s for s in samples if start <= s.due < end])


def lost(samples, start):
    return sum(s.latency is None for s in samples if s.due >= start)
