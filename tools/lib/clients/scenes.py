"""What is looked for with every client: how calls spread, who comes, who goes."""

import threading
import time

from clients import order
from clients.order import Mistake
from clients.service import wait_until

STEADY = 5  # instances that are there all the time
CALLS = 10_000
LEASE = 3  # seconds; renewed at a third of it
OUT = 0.1  # seconds after a lease's end in which the server takes the instance out
PATIENCE = 20  # seconds beyond what a client keeps answers for
AFTERWARDS = 0.5  # seconds for which an instance that has gone is looked for
ATTEMPTS = 3  # at what needs a machine that is not too busy
PACE = 0.01  # seconds between calls that wait for something


def exact_order(client, service, calls=CALLS):
    """The server's turns reach the caller as they are."""
    reached = asked_once(service.registry, "A", calls, lambda: client.reached(calls))
    order.exact(reached, service.members)
    return f"exact order in {calls:,} calls"


def asked_once(registry, kind, calls, reach):
    """What `reach` returns, which makes so many calls; again if the server was asked more often.
    Then time ran out for a query, as on a machine that is too busy, and a turn went with it."""
    for _ in range(ATTEMPTS):
        before = registry.answers(kind)
        reached = reach()
        asked = registry.answers(kind) - before
        if asked <= calls:
            return reached
    raise RuntimeError(f"{asked} queries for {calls} calls, {ATTEMPTS} times: too busy a machine")


def even_spread(client, service, calls=CALLS):
    """The client, or what is before it, has an order of its own, by chance."""
    order.even(client.reached(calls), service.members)
    return f"even over {calls:,} calls"


def comes_and_goes(client, service, minimum=0):
    """An added instance gets calls; when it stops renewing it gets none after its lease and what
    answers are kept for: the TTL, or the client's own `minimum`."""
    added = service.add(LEASE)
    with Renewals(service, added):
        came = first_call(client, added.address, PATIENCE + minimum)
    ends_at = service.renew(added, LEASE)
    allowed = ends_at + OUT + max(service.ttl_seconds, minimum)
    last = last_call(client, added.address, allowed + AFTERWARDS)
    service.forget(added)
    if last > allowed:
        raise Mistake(
            f"a call went to {added.address} {last - ends_at:.2f} s after its lease's end, "
            f"later than {allowed - ends_at:.1f} s"
        )
    order.only(client.reached(2 * len(service.members)), service.members)
    return f"added: after {came:.1f} s; dead: last {last - ends_at:+.1f} s from its lease's end"


def first_call(client, address, seconds):
    """The seconds until one reached it."""

    def is_reached():
        time.sleep(PACE)
        return client.reaches(address)

    return wait_until(f"a call to the added {address}", is_reached, seconds)


def last_call(client, address, until):
    """When the last call that reached it began, by the clock; at first, just before now."""
    last = time.time()
    while (at := time.time()) < until:
        if client.reaches(address):
            last = at
        time.sleep(PACE)
    return last


class Renewals:
    """An instance's, at a third of its lease, until the context is left."""

    def __init__(self, service, instance):
        self.service, self.instance = service, instance
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.renew, daemon=True)

    def renew(self):
        while not self.ending.wait(LEASE / 3):
            self.service.renew(self.instance, LEASE)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()
