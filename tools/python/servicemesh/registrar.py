"""Keeps instances registered while the process lives, and deregisters them at its end."""

import atexit
import logging
import os
import random
import threading
import time
from typing import Dict, List, Optional, Set

from .counters import Counters
from .errors import InvalidArgument, MeshError, RegistryError
from .lease import Lease, Outcome
from .registry import Key, RegistryClient
from .service import Service

log = logging.getLogger("servicemesh")

MOST_INSTANCES = 1_000
CALL_TIME = 5.0  # seconds that a call to the registry may take
FIRST_TIME = 2.0  # seconds for which a first registration is tried while nobody answers
FIRST_PAUSE = 0.2  # seconds between these tries
END_TIME = 3.0  # seconds that the end may take

_running: Set["Registrar"] = set()


class Registrar:
    """One daemon thread for all leases. Safe to use from several threads."""

    def __init__(self, client: RegistryClient, counters: Counters) -> None:
        self._client = client
        self._counters = counters
        self._leases: Dict[Key, Lease] = {}
        self._changed = threading.Condition()  # of the leases, or of the end
        self._calling = threading.Lock()  # so that no renewal overtakes a deregistration
        self._thread: Optional[threading.Thread] = None
        self._is_closed = False

    def add(self, service: Service) -> None:
        """Returns when all instances are registered; raises RegistryError, and then none is."""
        added = [
            Lease(_key(service.name, instance), body)
            for instance, body in service.registrations.items()
        ]
        with self._calling:
            if self._is_closed:
                raise MeshError("this mesh is closed")
            if len({*self._leases, *(lease.key for lease in added)}) > MOST_INSTANCES:
                raise InvalidArgument(f"a mesh keeps at most {MOST_INSTANCES} instances")
            for number, lease in enumerate(added):
                try:
                    self._register_first(lease)
                except MeshError:
                    self._undo([each.key for each in added[:number]])
                    raise
            with self._changed:
                self._leases.update((lease.key, lease) for lease in added)
                self._start()
                self._changed.notify()

    def remove(self, keys: List[Key], drain: bool, wait: float) -> bool:
        """Tells whether the instances are gone."""
        with self._calling:
            with self._changed:
                kept = [key for key in keys if self._leases.pop(key, None)]
            if not drain:
                self._deregister(kept, CALL_TIME)
                return True
            self._drain(kept)
        until = time.monotonic() + wait
        return all(self._wait_until_gone(key, until) for key in kept)

    def keys(self, name: str) -> List[Key]:
        """Of the instances of a service that are kept."""
        with self._changed:
            return [key for key in self._leases if key[0] == name.lower()]

    def close(self) -> None:
        """Deregisters what is kept, within END_TIME; what then is left ends with its lease."""
        until = time.monotonic() + END_TIME
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        # A call that is under way is waited for: it might be a registration that comes late.
        is_alone = self._calling.acquire(timeout=END_TIME / 2)
        with self._changed:
            keys = list(self._leases)
            self._leases.clear()
        if is_alone:
            self._calling.release()
        self._deregister(keys, until - time.monotonic())
        _running.discard(self)

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
            lease = self._next_due()
            if lease is None:
                return
            with self._calling:
                if self._leases.get(lease.key) is lease:
                    lease.note(self._keep(lease), time.monotonic(), random.random())

    def _next_due(self) -> Optional[Lease]:
        """Waits for it; None at the end."""
        with self._changed:
            while not self._is_closed:
                lease = min(self._leases.values(), key=lambda each: each.due, default=None)
                if lease is not None and lease.due <= time.monotonic():
                    return lease
                self._changed.wait(None if lease is None else lease.due - time.monotonic())
        return None

    def _keep(self, lease: Lease) -> Outcome:
        name = "/".join(lease.key)
        # A call that hangs is to leave time for another one.
        timeout = min(CALL_TIME, max(1.0, lease.interval))
        try:
            if lease.is_registered:
                self._client.renew(lease.key, timeout)
                self._counters.add("renewals")
            else:
                self._register(lease, timeout)
        except RegistryError as error:
            if lease.is_registered and error.status == 404:
                log.warning("%s is not registered any more, and is registered again", name)
                return Outcome.GONE
            self._counters.add("lease_failures")
            if lease.failures == 0:
                log.warning("%s can't be kept, and is tried again: %s", name, error)
            return Outcome.FAILED
        except Exception:  # one instance's fault is not to end the leases of the others
            self._counters.add("lease_failures")
            log.exception("%s can't be kept, and is tried again", name)
            return Outcome.FAILED
        if lease.failures:
            log.warning("%s is kept again", name)
        return Outcome.KEPT

    # Calls

    def _register_first(self, lease: Lease) -> None:
        until = time.monotonic() + FIRST_TIME
        while True:
            try:
                self._register(lease, CALL_TIME)
                break
            except RegistryError as error:
                if not error.is_passing or time.monotonic() + FIRST_PAUSE > until:
                    raise
            time.sleep(FIRST_PAUSE * random.uniform(0.5, 1.0))
        lease.note(Outcome.KEPT, time.monotonic(), random.random())

    def _register(self, lease: Lease, timeout: float) -> None:
        stored = self._client.register(lease.key, lease.body, timeout)
        self._counters.add("registrations")
        log.info("%s is registered", "/".join(lease.key))
        for warning in stored.get("warnings", []):
            log.info("%s: %s", "/".join(lease.key), warning)

    def _undo(self, keys: List[Key]) -> None:
        """Deregisters what was just registered; what that had replaced is registered again."""
        self._deregister(keys, CALL_TIME)
        with self._changed:
            for key in keys:
                if key in self._leases:
                    self._leases[key].note(Outcome.GONE, time.monotonic(), 0)
            self._changed.notify()

    def _drain(self, keys: List[Key]) -> None:
        """Raises the first of the errors, after all were tried."""
        errors = []
        for key in keys:
            try:
                self._client.drain(key, CALL_TIME)
                self._counters.add("deregistrations")
                log.info("%s is drained", "/".join(key))
            except RegistryError as error:
                if error.status != 404:
                    errors.append(error)
        if errors:
            raise errors[0]

    def _wait_until_gone(self, key: Key, until: float) -> bool:
        left = until - time.monotonic()
        if left <= 0:
            return False
        try:
            self._client.drain(key, left, is_waiting=True)
        except RegistryError as error:
            return error.status == 404
        return True

    def _deregister(self, keys: List[Key], seconds: float) -> None:
        """Does not raise: what can't be deregistered ends with its lease."""
        until = time.monotonic() + seconds
        for key in keys:
            left = until - time.monotonic()
            if left <= 0:
                log.warning("%s is left to the end of its lease", "/".join(key))
                continue
            try:
                self._client.deregister(key, left)
                self._counters.add("deregistrations")
                log.info("%s is deregistered", "/".join(key))
            except RegistryError as error:
                if error.status != 404:
                    log.warning("%s is left to the end of its lease: %s", "/".join(key), error)


def _key(name: str, instance: str) -> Key:
    return (name.lower(), instance.lower())


def _close_all() -> None:
    for registrar in list(_running):
        registrar.close()


atexit.register(_close_all)
# A child keeps no leases of its parent, and does not deregister them at its end.
os.register_at_fork(after_in_child=_running.clear)
