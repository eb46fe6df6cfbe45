"""What must be stored and what may be, as far as requests and replies tell."""

import collections
import math
import threading
import time

from durability.change import (
    DRAIN, REFUSED, REGISTER, REMOVE, REMOVE_SERVICE, RENEW, SAFE_AT, SET_STATUS, State,
    applied, lease_end, results,
)  # fmt: skip

CLOCK_GRAIN = 1  # seconds by which the end of a drain may differ after a restart
OVERDUE = 0.7  # seconds that a running server has to remove an instance whose drain has ended
ADDRESSED = {RENEW, SET_STATUS, REMOVE, DRAIN}


class Entry:
    """One instance: each state that it may be stored in, one of them when that is certain."""

    def __init__(self):
        self.possible = [None]
        self.before = None  # while a change of it is under way


class Model:
    """All instances that were ever asked for. Each is changed by one client at a time."""

    def __init__(self, accepts_failures=False):
        self.accepts_failures = accepts_failures
        self.entries = collections.defaultdict(Entry)
        self.services = collections.defaultdict(lambda: {False})  # name: whether it may exist
        self.revision = 0  # the highest that was seen
        self.service_revisions = {}
        self.serial = None
        self.looked = math.inf  # by the clock, when the server had started last and was looked at
        self.counts = collections.Counter()  # acknowledged changes by kind
        self.refused = self.expired = 0
        self.failed = 0  # changes answered with 503
        self.last_failed = -math.inf  # by the clock, when the last of them was
        self.unanswered = []  # (change, the keys of the instances that were there before it)
        self.answerless = 0  # how many there were in all
        self.faults = []
        self.lock = threading.Lock()

    # While requests are sent

    def begin(self, change, sent):
        """Returns the highest revision before it, for `finish`."""
        with self.lock:
            for item in change.items:
                entry = self.entries[item.key]
                entry.before = entry.possible
                after = [applied(item, state, sent) for state in entry.before]
                entry.possible = distinct(entry.before + after)
                if item.kind == REGISTER:
                    self.services[item.key[0]] = self.services[item.key[0]] | {True}
            if change.service:
                self.services[change.service] = self.services[change.service] | {False}
            return self.revision

    def finish(self, change, reply, sent, revision_before):
        """Without a reply nothing becomes certain."""
        with self.lock:
            outcome = results(change, reply)
            if reply is None:
                there = {item.key for item in change.items
                         if change.service and None not in self.entries[item.key].before}
                self.unanswered.append((change, there))
                self.answerless += 1
            for item, result in zip(change.items, outcome, strict=True):
                fault = self.settle(item, result, sent, revision_before)
                if fault:
                    self.faults.append(f"{change.method} {change.path}, {item.key}: {fault}")
            if change.service and reply is not None:
                self.settle_service(change, reply)

    def settle(self, item, result, sent, revision_before):
        """Takes over what the reply says of one item; returns what is wrong with it."""
        entry = self.entries[item.key]
        before, entry.before = entry.before, None
        status = result.status
        if status is None:
            return None
        if 200 <= status < 300:
            return self.acknowledge(item, entry, before, result, sent, revision_before)
        if status == 503 and self.accepts_failures:
            self.failed += 1
            self.last_failed = time.time()
            if not result.is_unknown:
                entry.possible = before
            return None
        entry.possible = before
        if status == 404 and item.kind in ADDRESSED:
            if not any(may_be_gone(state, time.time()) for state in before):
                return f"it is unknown to the server (404), but is {described(before)}"
            # Its removal may not be stored yet: it may come back with a restart.
            entry.possible = distinct([*before, None])
            return None
        if 400 <= status < 500 and item.kind == REFUSED:
            self.refused += 1
            return None
        return f"the reply is {status}: {result.problem}"

    def acknowledge(self, item, entry, before, result, sent, revision_before):
        if item.kind == REFUSED:
            return f"it must be refused, but the reply is {result.status}"
        if item.kind in ADDRESSED and all(state is None for state in before):
            return f"it is not there, but the reply is {result.status}"
        after = distinct(
            [applied(item, s, sent) for s in before if s is not None or item.kind == REGISTER]
        )
        self.counts[item.kind] += 1
        if item.kind == REMOVE:
            entry.possible = [None]
            return None
        fields = result.stored or {}
        agreeing = [state for state in after if agree(state.fields, fields, is_partial=True)]
        if not agreeing:
            return f"the reply shows {fields}, but it is {described(after)}"
        known = {state.fields.get("revision") for state in before if state is not None}
        known_now = [State(state.fields | fields, state.may_end) for state in agreeing]
        if item.kind == RENEW and self.accepts_failures:
            # It is answered from memory. What became of a change in doubt, which has a revision
            # that nobody was told, it does not tell.
            known_now += [
                state for state in before
                if state not in agreeing or (state and "revision" not in state.fields)
            ]
        entry.possible = distinct(known_now)
        if item.kind == REGISTER:
            self.services[item.key[0]] = {True}
        return self.take_revision(item.key[0], fields.get("revision"), known, revision_before)

    def take_revision(self, service, revision, known, revision_before):
        if revision is None or revision in known:
            return None
        if None not in known and revision <= revision_before:
            return f"the new revision {revision} is not after {revision_before}"
        self.revision = max(self.revision, revision)
        newest = max(self.service_revisions.get(service, 0), revision)
        self.service_revisions[service] = newest
        return None

    def settle_service(self, change, reply):
        if 200 <= reply.status < 300:
            self.services[change.service] = {False}
            self.service_revisions.pop(change.service, None)
            self.counts[REMOVE_SERVICE] += 1

    def saw_serial(self, serial):
        """Returns what is wrong with it, while the server runs."""
        with self.lock:
            before, self.serial = self.serial, serial
            if before is not None and serial != before and not is_later(serial, before):
                return f"the SOA serial went from {before} back to {serial}"
            return None

    # After a restart

    def compare(self, found, cut, started):
        """What is wrong with what was found; it is what is certain from now on.

        The server was cut off at `cut` and started again at `started`, by the clock.
        """
        faults = self.compare_position(found) + self.compare_unanswered(found, cut, started)
        for name in sorted(self.services.keys() | found.services.keys()):
            may_exist, exists = self.services[name], name in found.services
            if exists not in may_exist:
                faults.append(f"the service {name} is {'there' if exists else 'not there'}")
        for key in sorted(self.entries.keys() | found.instances.keys()):
            entry, actual = self.entries[key], found.instances.get(key)
            due = max(actual.get(SAFE_AT, math.inf), self.looked) if actual else math.inf
            # A store that fails keeps no removal either.
            if max(due, self.last_failed) + OVERDUE < cut:
                faults.append(f"{'/'.join(key)} still drains: {actual}")
            if not self.is_possible(entry.possible, actual, cut, started, found.time):
                faults.append(f"{'/'.join(key)}: {difference(entry.possible, actual)}")
        self.adopt(found, started)
        return faults

    def adopt(self, found, started):
        """What was found, and only that, is there."""
        self.serial, self.looked = found.serial, found.time
        self.service_revisions = dict(found.services)
        for name in self.services.keys() | found.services.keys():
            self.services[name] = {name in found.services}
        for key in self.entries.keys() | found.instances.keys():
            self.entries[key].possible = [as_state(found.instances.get(key), started)]

    def compare_position(self, found):
        faults = []
        if self.serial is not None and not is_later(found.serial, self.serial):
            faults.append(f"the SOA serial was {self.serial} and is {found.serial}: not higher")
        for name, revision in found.services.items():
            if revision < self.service_revisions.get(name, 0):
                before = self.service_revisions[name]
                faults.append(f"the revision of {name} was {before} and is {revision}")
        return faults

    def compare_unanswered(self, found, cut, started):
        """A change of several instances is carried out whole or not at all."""
        faults = []
        for change, there in self.unanswered:
            done = set()
            for item in change.items:
                actual = found.instances.get(item.key)
                if item.kind == REGISTER and actual is not None:
                    done.add(agree(item.fields, actual))
                # What was perhaps away before, or has expired since, says nothing by being away.
                elif item.key in there and not any(
                    has_perhaps_ended(state, cut, started, found.time)
                    for state in self.entries[item.key].possible if state is not None
                ):
                    done.add(actual is None)
            if len(done) > 1:
                faults.append(f"{change.method} {change.path} was carried out in part")
        self.unanswered.clear()
        return faults

    def is_possible(self, possible, actual, cut, started, looked):
        if actual is not None:
            return any(state is not None and agree(state.fields, actual) for state in possible)
        if any(state is None for state in possible):
            return True
        if any(may_be_gone(state, cut) for state in possible):
            self.expired += 1
            return True
        return any(has_perhaps_ended(state, cut, started, looked) for state in possible)


def has_perhaps_ended(state, cut, started, looked):
    # Restored leases run their full length from the start on.
    return may_be_gone(state, cut) or may_be_gone(as_state(state.fields, started), looked)


def as_state(fields, started):
    if fields is None:
        return None
    may_end = started if fields["status"] == "draining" else lease_end(fields, started)
    return State(dict(fields), may_end)


def may_be_gone(state, time_of):
    return state is None or state.may_end <= time_of


def agree(expected, actual, is_partial=False):
    """Whether the members that are expected are there; of a partial one, those that it has."""
    if is_partial:
        expected = {key: value for key, value in expected.items() if key in actual}
    return all(key in actual and same(key, value, actual[key]) for key, value in expected.items())


def same(key, expected, actual):
    if key == SAFE_AT:
        return abs(expected - actual) <= CLOCK_GRAIN
    return expected == actual


def distinct(states):
    kept = []
    for state in states:
        if state not in kept:
            kept.append(state)
    return kept


def is_later(serial, before):
    """RFC 1982 section 3.2."""
    return 0 < (serial - before) % 2**32 < 2**31


def described(states):
    return " or ".join(distinct(["not there" if s is None else str(s.fields) for s in states]))


def difference(possible, actual):
    """What was expected and found; of an instance that is there, the members that differ."""
    if actual is None:
        return f"expected {described(possible)}; found not there"
    parts = []
    for state in possible:
        if state is None:
            parts.append("not there")
        else:
            wrong = [name for name in state.fields if name not in actual
                     or not same(name, state.fields[name], actual[name])]  # fmt: skip
            parts.append(str({name: state.fields[name] for name in wrong}))
    return f"expected {' or '.join(distinct(parts))}; found {actual}"
