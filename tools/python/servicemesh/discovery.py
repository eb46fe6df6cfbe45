"""Where the instances of services are: asked of DNS, kept for the TTL, and longer in an outage."""

import collections
import logging
import threading
import time
from typing import Optional, Tuple

from . import message
from .counters import Counters
from .dns import DNSClient
from .endpoint import Endpoint, Located, answers_to
from .errors import LookupFailed, NoInstances, NoSuchService
from .message import Question
from .name import DomainName, domain_name, text_of

log = logging.getLogger("servicemesh")

MOST_NAMES = 1_000  # that are kept; the one that was not used for longest goes
LONGEST_TTL = 3_600  # seconds
REFRESHED_AFTER = 0.8  # of the TTL, by a thread of its own, so that callers need not wait
LONGEST_STALE = 86_400  # seconds after the TTL that a set is still used (RFC 8767 section 4)
RETRY_AFTER = 1.0  # seconds after a look-up that failed (RFC 8767 section 5: 30 for resolvers)
STALE_WAIT = 0.3  # seconds that a caller who could have the last known set waits for a newer one
LOOKUP_TIME = 2.0  # seconds for a look-up
PARTIAL_TTL = 5.0  # seconds that a set without some of its targets counts at most
ADDRESSES_UNTIL = 0.8  # of LOOKUP_TIME: so that who waits still gets what was found by then
MOST_ADDRESSES_MISSING = 2  # targets whose addresses are asked for without trying TCP first


class _Entry:
    """What is known of a name. Times are those of the monotonic clock."""

    def __init__(self) -> None:
        self.endpoints: Tuple[Endpoint, ...] = ()
        self.failure: Optional[LookupFailed] = None  # of the last look-up
        self.is_known = False  # whether `endpoints` was ever answered
        self.refresh_at = self.expires_at = self.retry_at = 0.0
        self.done: Optional[threading.Event] = None  # of the look-up that is under way


class Discovery:
    """Safe to use from several threads. A name is looked up by one thread at a time."""

    def __init__(self, client: DNSClient, zone: DomainName, counters: Counters) -> None:
        self._client = client
        self._zone = zone
        self._counters = counters
        self._lock = threading.Lock()
        self._entries: "collections.OrderedDict[str, _Entry]" = collections.OrderedDict()

    def endpoints(self, service: str, deadline: Optional[float] = None) -> Tuple[Endpoint, ...]:
        """The live instances, sorted, at least one.

        Raises NoSuchService, NoInstances, or LookupFailed when nothing is known of the name and no
        server answers before `deadline` (of the monotonic clock), or within LOOKUP_TIME seconds.
        """
        key = service.lower()
        now = time.monotonic()
        deadline = now + LOOKUP_TIME if deadline is None else deadline
        with self._lock:
            entry = self._entry(key)
            is_fresh = entry.is_known and now < entry.expires_at
            if now >= max(entry.refresh_at, entry.retry_at) and entry.done is None:
                self._begin(key, entry)
            done = entry.done
        if not is_fresh and done is not None:
            wait = deadline - now
            done.wait(max(0.0, min(wait, STALE_WAIT) if _has_stale(entry, now) else wait))
        return self._usable(entry, service)

    def expect_change(self, service: str) -> None:
        """Has the service looked up before it is used again; what is on its way may be too old."""
        with self._lock:
            known = self._entries.get(service.lower())
            if known is not None:
                entry = self._entries[service.lower()] = _Entry()
                entry.endpoints, entry.is_known = known.endpoints, known.is_known
                entry.expires_at = min(known.expires_at, time.monotonic())

    def _entry(self, key: str) -> _Entry:
        entry = self._entries.setdefault(key, _Entry())
        self._entries.move_to_end(key)
        while len(self._entries) > MOST_NAMES:
            self._entries.popitem(last=False)
        return entry

    def _begin(self, key: str, entry: _Entry) -> None:
        """Looks up beside the caller, who may have a set to go on with, or less time."""
        entry.done = threading.Event()
        thread = threading.Thread(
            target=self._refresh, args=(key, entry), name=f"servicemesh-{key}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # the interpreter ends, or has no more threads
            entry.done = None
            entry.failure = LookupFailed(f"{key} can't be looked up: {error}")

    def _refresh(self, key: str, entry: _Entry) -> None:
        failure: Optional[LookupFailed] = None
        endpoints, ttl = (), 0.0
        try:
            endpoints, ttl = self._look_up(domain_name(key) + self._zone)
        except LookupFailed as error:
            failure = error
        except Exception as error:  # whoever waits must be told
            log.exception("the look-up of %s ended", key)
            failure = LookupFailed(f"the look-up of {key} ended: {type(error).__name__}: {error}")
        now = time.monotonic()
        with self._lock:
            if failure is None or isinstance(failure, (NoSuchService, NoInstances)):
                if entry.is_known and endpoints != entry.endpoints:
                    self._counters.add("sets_changed")
                    log.info("%s: %s", key, ", ".join(map(str, endpoints)) or "no instances")
                entry.endpoints, entry.is_known = endpoints, True
                entry.refresh_at = now + ttl * REFRESHED_AFTER
                entry.expires_at = now + ttl
                entry.retry_at = 0.0
            else:
                entry.retry_at = now + RETRY_AFTER
                if entry.failure is None or entry.failure.args != failure.args:
                    log.warning("%s", failure)
            entry.failure = failure
            entry.done.set()
            entry.done = None

    def _usable(self, entry: _Entry, service: str) -> Tuple[Endpoint, ...]:
        now = time.monotonic()
        with self._lock:
            endpoints, failure = entry.endpoints, entry.failure
            is_late = entry.is_known and now >= entry.expires_at and entry.expires_at > 0
            if endpoints and now < entry.expires_at + LONGEST_STALE:
                # A set of TTL 0 that was looked up for this call is no stale one.
                if is_late and (failure or entry.done):
                    self._counters.add("stale_sets")
                return endpoints
        if failure is not None:
            raise type(failure)(*failure.args)
        raise LookupFailed(f"the look-up of {service} takes longer than the call may take")

    def _look_up(self, name: DomainName) -> Tuple[Tuple[Endpoint, ...], float]:
        """The endpoints, and for how many seconds they may be kept.

        Targets whose addresses no server tells are left out; raises LookupFailed if all are.
        """
        begun = time.monotonic()
        deadline, addresses_until = begun + LOOKUP_TIME, begun + LOOKUP_TIME * ADDRESSES_UNTIL
        question = Question(name, message.SRV)
        reply = self._client.ask(question, deadline)
        if reply.code == message.NXDOMAIN:
            raise NoSuchService(
                f"there is no service {text_of(name)} (NXDOMAIN): is it registered, in this zone?"
            )
        located = Located.of(reply, question)
        failure: Optional[LookupFailed] = None
        if len(located.missing) > MOST_ADDRESSES_MISSING:
            # They did not fit into a datagram, but all will into one reply over TCP.
            located = Located.of(self._client.ask(question, deadline, over_tcp=True), question)
        ttl = float(min(located.ttl, LONGEST_TTL))
        missing = located.missing
        for number, target in enumerate(missing):
            # What is left is shared, so that one that is not answered leaves time for the others.
            now = time.monotonic()
            share = (addresses_until - now) / (len(missing) - number)
            try:
                addresses, its_ttl = self._addresses(target, now + share)
            except LookupFailed as error:
                failure = error
                ttl = min(ttl, PARTIAL_TTL)
                log.info("%s is left out: %s", text_of(target), error)
                continue
            if addresses:
                located.addresses[target] = addresses
                ttl = min(ttl, its_ttl)
        endpoints = located.endpoints()
        if not endpoints and failure is not None:
            raise failure
        if not endpoints:
            raise NoInstances(
                f"{text_of(name)} has no live instance with a port now; `rollcall explain"
                f" {text_of(name)} SRV` says why"
            )
        return endpoints, ttl

    def _addresses(self, target: DomainName, deadline: float) -> "Tuple[list[str], float]":
        """Those of a target, perhaps none, and their TTL in seconds. Raises LookupFailed when no
        server tells them by then.
        """
        records = []
        for kind in (message.A, message.AAAA):
            question = Question(target, kind)
            reply = self._client.ask(question, deadline)
            records += answers_to(reply.answers, question)
        ttl = min((record.ttl for record in records), default=0)
        return [record.data for record in records if record.type != message.CNAME], float(ttl)


def _has_stale(entry: _Entry, now: float) -> bool:
    return bool(entry.endpoints) and 0 < now - entry.expires_at < LONGEST_STALE
