"""Keeps instances registered while the process lives, and deregisters them at its end."""

import atexit
import contextlib
import logging
import os
import random
import threading
import time
from typing import Dict, Iterable, Iterator, List, Optional, Set

from .counters import Counters
from .errors import InvalidArgument, MeshError, RegistryError
from .lease import Lease, Outcome
from .registry import MOST_AT_ONCE, Key, RegistryClient
from .service import Service

log = logging.getLogger("servicemesh")

MOST_INSTANCES = 1_000
CALL_TIME = 5.0  # seconds that a call to the registry may take
FIRST_TIME = 2.0  # seconds for which a first registration is tried while nobody answers
FIRST_PAUSE = 0.2  # seconds between these tries
GONE_PAUSE = 0.25  # seconds between looks at whether an instance has gone
END_TIME = 3.0  # seconds that the end may take

_running: Set["Registrar"] = set()


class Registrar:
    """One daemon thread for all leases. Safe to use from several threads."""

    def __init__(self, client: RegistryClient, counters: Counters) -> None:
        self._client = client
        self._counters = counters
        self._leases: Dict[Key, Lease] = {}
        self._changed = threading.Condition()  # of the leases, of what is claimed, or of the end
        # Who claims a key alone registers and deregisters it: no registration may come late.
        # Renewals need no claim, as they bring nothing back.
        self._claimed: Set[Key] = set()
        self._adding = threading.Lock()  # so that what is counted stays so
        self._thread: Optional[threading.Thread] = None
        self._is_closed = False

    def add(self, service: Service) -> None:
        """Returns when all instances are registered; raises RegistryError, and then none is."""
        added = [
            Lease(_key(service.name, instance), body)
            for instance, body in service.registrations.items()
        ]
        keys = [lease.key for lease in added]
        with self._adding, self._claim(keys):
            with self._changed:
                self._check_open()
                if len({*self._leases, *keys}) > MOST_INSTANCES:
                    raise InvalidArgument(f"a mesh keeps at most {MOST_INSTANCES} instances")
            for number, lease in enumerate(added):
                try:
                    self._register_first(lease)
                except MeshError as error:
                    # What nobody knows of may be registered, or come to be so.
                    is_open = isinstance(error, RegistryError) and error.maybe_done
                    self._undo(keys[: number + 1 if is_open else number])
                    raise
            try:
                with self._changed:
                    self._check_open()
                    self._leases.update((lease.key, lease) for lease in added)
                    self._start()
            except MeshError:  # the end came in between
                self._undo(keys)
                raise

    def remove(self, keys: List[Key], drain: bool, wait: float) -> bool:
        """Tells whether the instances are gone.

        Raises the first of the errors, after all instances were tried; none is kept any more.
        """
        with self._claim(keys):
            with self._changed:
                kept = [key for key in keys if self._leases.pop(key, None)]
            errors = self._take_out(kept, drain)
        if errors:
            raise errors[0]
        until = time.monotonic() + wait
        return not drain or all(self._wait_until_gone(key, until) for key in kept)

    def keys(self, name: str) -> List[Key]:
        """Of the instances of a service that are kept."""
        with self._changed:
            return [key for key in self._leases if key[0] == name.lower()]

    def close(self) -> None:
        """Deregisters what is kept, within END_TIME; what then is left ends with its lease."""
        until = time.monotonic() + END_TIME
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            # A call that is under way is waited for: it might be a registration that comes late.
            self._changed.wait_for(lambda: not self._claimed, END_TIME / 2)
            keys = list(self._leases)
            self._leases.clear()
        self._deregister(keys, until - time.monotonic())
        _running.discard(self)

    @contextlib.contextmanager
    def _claim(self, keys: List[Key]) -> Iterator[None]:
        """Waits until nobody else has claimed any of them."""
        with self._changed:
            self._changed.wait_for(lambda: self._claimed.isdisjoint(keys))
            self._claimed.update(keys)
        try:
            yield
        finally:
            self._release(keys)

    def _release(self, keys: Iterable[Key]) -> None:
        with self._changed:
            self._claimed.difference_update(keys)
            self._changed.notify_all()

    def _check_open(self) -> None:
        if self._is_closed:
            raise MeshError("this mesh is closed")

    # The thread

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._keep_all, name="servicemesh-leases", daemon=True
            )
            self._thread.start()
            _running.add(self)

    def _keep_all(self) -> None:
        while True:
            leases = self._next_due()
            if not leases:
                return
            is_renewal = leases[0].is_registered
            try:
                outcomes = self._keep(leases, is_renewal)
                # The same for all: what was done together stays so.
                now, chance = time.monotonic(), random.random()
                with self._changed:
                    for lease, outcome in zip(leases, outcomes):
                        if self._is_still(lease, is_renewal):
                            lease.note(outcome, now, chance)
            finally:
                if not is_renewal:
                    self._release([lease.key for lease in leases])

    def _is_still(self, lease: Lease, is_renewal: bool) -> bool:
        """Whether the step counts: neither replaced nor removed meanwhile, nor to be registered
        again, as where an addition that had replaced it is undone.
        """
        return self._leases.get(lease.key) is lease and lease.is_registered == is_renewal

    def _next_due(self) -> List[Lease]:
        """Waits for the leases to renew or, claimed, to register together; none at the end."""
        with self._changed:
            while not self._is_closed:
                now = time.monotonic()
                free = [
                    lease
                    for lease in self._leases.values()
                    if lease.is_registered or lease.key not in self._claimed
                ]
                first = min(free, key=lambda each: each.due, default=None)
                if first is None or first.due > now:
                    self._changed.wait(None if first is None else first.due - now)
                    continue
                together = [
                    lease
                    for lease in sorted(free, key=lambda each: each.due)
                    if lease.is_registered == first.is_registered and lease.ripe <= now
                ][:MOST_AT_ONCE]
                if not first.is_registered:
                    self._claimed.update(lease.key for lease in together)
                return together
        return []

    def _keep(self, leases: List[Lease], is_renewal: bool) -> List[Outcome]:
        # A call that hangs is to leave time for another one.
        shortest = min(lease.interval for lease in leases)
        timeout = min(CALL_TIME, max(1.0, shortest))
        try:
            if is_renewal:
                errors = self._client.renew_all([lease.key for lease in leases], timeout)
            else:
                errors = self._client.register_all(
                    {lease.key: lease.body for lease in leases}, timeout
                )
        except RegistryError as error:
            self._note_failures(leases, error)
            return [Outcome.FAILED] * len(leases)
        except Exception:  # a fault of this call is not to end the thread of all leases
            self._counters.add("lease_failures", len(leases))
            log.exception("%s can't be kept, and is tried again", _names(leases))
            return [Outcome.FAILED] * len(leases)
        return [
            self._outcome(lease, error, is_renewal) for lease, error in zip(leases, errors)
        ]

    def _outcome(self, lease: Lease, error: Optional[RegistryError], is_renewal: bool) -> Outcome:
        if error is None:
            self._counters.add("renewals" if is_renewal else "registrations")
            if not is_renewal:
                log.info("%s is registered", _names([lease]))
            if lease.failures:
                log.warning("%s is kept again", _names([lease]))
            return Outcome.KEPT
        if is_renewal and error.status == 404:
            if self._is_still(lease, is_renewal):
                log.warning(
                    "%s is not registered any more, and is registered again", _names([lease])
                )
            return Outcome.GONE
        self._note_failures([lease], error)
        return Outcome.FAILED

    def _note_failures(self, leases: List[Lease], error: RegistryError) -> None:
        """Warns of those that did not fail before."""
        self._counters.add("lease_failures", len(leases))
        new = [lease for lease in leases if lease.failures == 0]
        if new:
            log.warning("%s can't be kept, and is tried again: %s", _names(new), error)

    # Calls

    def _register_first(self, lease: Lease) -> None:
        """The error that it raises says `maybe_done` also if an earlier try may have been."""
        until = time.monotonic() + FIRST_TIME
        maybe_done = False
        while True:
            try:
                stored = self._client.register(lease.key, lease.body, CALL_TIME)
                break
            except RegistryError as error:
                maybe_done = error.maybe_done = maybe_done or error.maybe_done
                if not error.is_passing or time.monotonic() + FIRST_PAUSE > until:
                    raise
            time.sleep(FIRST_PAUSE * random.uniform(0.5, 1.0))
        self._counters.add("registrations")
        log.info("%s is registered", _names([lease]))
        for warning in stored.get("warnings", []):
            log.info("%s: %s", _names([lease]), warning)
        lease.note(Outcome.KEPT, time.monotonic(), random.random())

    def _undo(self, keys: List[Key]) -> None:
        """Deregisters what was just registered; what that had replaced is registered again."""
        self._deregister(keys, CALL_TIME)
        with self._changed:
            for key in keys:
                if key in self._leases:
                    self._leases[key].note(Outcome.GONE, time.monotonic(), 0)
            self._changed.notify_all()

    def _deregister(self, keys: List[Key], seconds: float) -> None:
        """Does not raise: what can't be deregistered ends with its lease."""
        self._take_out(keys, False, time.monotonic() + seconds)

    def _take_out(
        self, keys: List[Key], drain: bool, until: Optional[float] = None
    ) -> List[RegistryError]:
        """Drains or deregisters, and returns what went wrong, which is logged too.

        It goes on until then, by the monotonic clock, or else as long as the registry replies and
        CALL_TIME after that.
        """
        errors = []
        is_bounded = until is not None
        until = until if until is not None else time.monotonic() + CALL_TIME
        for key in keys:
            name, left = "/".join(key), until - time.monotonic()
            error: Optional[RegistryError] = None
            try:
                if left <= 0:
                    raise RegistryError(f"the registry was not told of {name} in time")
                if drain:
                    self._client.drain(key, min(left, CALL_TIME))
                else:
                    self._client.deregister(key, min(left, CALL_TIME))
                self._counters.add("deregistrations")
                log.info("%s is %s", name, "drained" if drain else "deregistered")
            except RegistryError as raised:
                error = raised
            if not is_bounded and (error is None or error.status is not None):
                until = time.monotonic() + CALL_TIME
            if error is not None and error.status != 404:
                log.warning("%s is left to the end of its lease: %s", name, error)
                errors.append(error)
        return errors

    def _wait_until_gone(self, key: Key, until: float) -> bool:
        """Only looks: to drain once more might drain who has registered the id in between."""
        while True:
            left = until - time.monotonic()
            if left <= 0:
                return False
            try:
                if not self._client.is_draining(key, min(left, CALL_TIME)):
                    return True  # somebody else has its id now
            except RegistryError as error:
                if error.status == 404:
                    return True
                if not error.is_passing:
                    return False
            time.sleep(max(0.0, min(GONE_PAUSE, until - time.monotonic())))


def _names(leases: List[Lease]) -> str:
    more = f" and {len(leases) - 1} more" if len(leases) > 1 else ""
    return "/".join(leases[0].key) + more


def _key(name: str, instance: str) -> Key:
    return (name.lower(), instance.lower())


def _close_all() -> None:
    for registrar in list(_running):
        registrar.close()


atexit.register(_close_all)
# A child keeps no leases of its parent, and does not deregister them at its end.
os.register_at_fork(after_in_child=_running.clear)
