"""What must be in the answers about one service, as far as its only client can know."""

import dataclasses
import time

LATE = 0.1  # seconds after its lease end that an instance may still be answered
SOON = 0.3  # seconds before it in which what is answered is not looked at


@dataclasses.dataclass
class Instance:
    address: str
    port: int
    tag: str
    status: str
    lease: float  # in seconds; None: no end
    # The lease began after the one and before the other.
    sent: float = 0.0
    replied: float = 0.0

    def begin(self, sent):
        self.sent, self.replied = sent, time.monotonic()

    def is_registered(self, since, until):
        """Whether it was, throughout; None if that can't be known."""
        if self.lease is None or until < self.sent + self.lease - SOON:
            return True
        return False if since > self.replied + self.lease + LATE else None

    def is_live(self, since, until):
        return self.status != "critical" and self.is_registered(since, until)


class Service:
    """Its instances as the last call left them."""

    def __init__(self, name):
        self.name = name
        self.instances = {}
        self.exists = False

    def forget_ended(self):
        """Leaves out what has certainly expired; what may have is kept."""
        now = time.monotonic()
        self.instances = {
            key: value
            for key, value in self.instances.items()
            if value.is_registered(now, now) is not False
        }

    def mistakes(self, found, key, since, until, tag=None):
        """What is lost and what is stale in an answer to a query sent at `since` whose reply came
        at `until`; `found` is a set of what `key` says of an instance."""
        must, may = set(), set()
        for instance in self.instances.values():
            if tag and instance.tag != tag:
                continue
            live = instance.is_live(since, until)
            if live is not False:
                may.add(key(instance))
            if live:
                must.add(key(instance))
        return must - found, found - may
