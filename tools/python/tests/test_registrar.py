"""Leases against a scripted registry: what is sent, what is undone, and who waits for whom."""

import json
import threading
import unittest
from unittest import mock

from backend import Backend
from program import PATIENCE, ProgramTest, wait_until
from servicemesh import RegistryError, Service, ServiceMesh, registrar

LONG = 3_600  # seconds of a lease that is not renewed by itself during a test


class ScriptedRegistry(Backend):
    """Grants everything. `script(method, path)` may return another status and body."""

    def __init__(self):
        super().__init__(self._reply)
        self.script = lambda method, path: None

    def _reply(self, method, path, body):
        status, content = self.script(method, path) or self._granted(method, path, body)
        return status, {}, b"" if content is None else json.dumps(content).encode()

    def _granted(self, method, path, body):
        if method == "DELETE":
            return 204, None
        items = json.loads(body).get(path.rpartition("/")[2]) if body else None
        if items is None:
            return 200, {}
        return 200, {"results": [self.result(path, item) for item in items]}

    def result(self, path, item):
        return {"service": item["service"], "id": item["id"], "status": 200}

    def sent(self, method, ending=""):
        """The last parts of the paths of such requests."""
        paths = [path for sent, path, *_ in self.requests if sent == method]
        return [path.rpartition("/")[2] for path in paths if path.endswith(ending)]

    def lists(self, what):
        """The ids of each bulk call, as a list of lists."""
        return [
            [item["id"] for item in json.loads(body)[what]]
            for _, path, _, body in self.requests
            if path == f"/v1/{what}"
        ]


def addresses(count):
    return [f"10.0.0.{number}:80" for number in range(1, count + 1)]


def ids(*numbers):
    return [f"10-0-0-{number}-80" for number in numbers]


class RegistrarTests(unittest.TestCase):
    def setUp(self):
        self.registry = ScriptedRegistry()
        self.addCleanup(self.registry.close)
        self.mesh = ServiceMesh(http=self.registry.address)
        self.addCleanup(self.mesh.close)

    def limit(self, name, value):
        patch = mock.patch.object(registrar, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    # Renewals

    def test_leases_are_renewed_together(self):
        self.mesh.add_service(Service("web", addresses(50), lease_seconds=3))
        wait_until(
            lambda: any(len(each) > 25 for each in self.registry.lists("renewals")),
            "one call that renews most of them",
        )
        self.assertEqual(self.registry.sent("POST", "/renew"), [])

    def test_a_call_renews_no_more_than_its_limit(self):
        self.limit("MOST_AT_ONCE", 20)
        self.mesh.add_service(Service("web", addresses(50), lease_seconds=2))
        renewed = wait_until(
            lambda: self.mesh.counters["renewals"] >= 100 and self.registry.lists("renewals"),
            "renewals",
        )
        self.assertLessEqual(max(map(len, renewed)), 20)
        self.assertEqual({each for one in renewed for each in one}, set(ids(*range(1, 51))))

    def test_only_those_that_the_registry_does_not_know_are_registered_again(self):
        known = self.registry.result
        forgotten = set(ids(2, 3))

        def result(path, item):
            is_unknown = path == "/v1/renewals" and item["id"] in forgotten
            return {**known(path, item), **({"status": 404} if is_unknown else {})}

        self.registry.result = result
        with self.assertLogs("servicemesh", "WARNING") as logs:
            self.mesh.add_service(Service("web", addresses(4), lease_seconds=2, weight=7))
            wait_until(lambda: self.mesh.counters["registrations"] >= 6, "their return")
            forgotten.clear()
        again = {each for one in self.registry.lists("instances") for each in one}
        self.assertEqual(again, set(ids(2, 3)))
        self.assertIn("registered again", logs.output[0])
        bodies = [body for _, path, _, body in self.registry.requests if path == "/v1/instances"]
        self.assertEqual(json.loads(bodies[0])["instances"][0]["weight"], 7)

    def test_what_one_of_them_is_refused_does_not_concern_the_others(self):
        known = self.registry.result

        def result(path, item):
            problem = {"status": 403, "problem": {"detail": "not yours"}}
            return {**known(path, item), **(problem if item["id"] in ids(2) else {})}

        self.registry.result = result
        with self.assertLogs("servicemesh", "WARNING") as logs:
            self.mesh.add_service(Service("web", addresses(3), lease_seconds=2))
            wait_until(lambda: self.mesh.counters["renewals"] >= 4, "renewals of the others")
            wait_until(lambda: self.mesh.counters["lease_failures"] >= 2, "failures of one")
        self.assertEqual(len(logs.output), 1)
        self.assertRegex(logs.output[0], "10-0-0-2-80 .*not yours")

    def test_a_reply_without_results_is_a_failure_and_tried_again(self):
        for content in ({}, {"results": []}, {"results": [None]}, {"results": 5}):
            with self.subTest(content):
                self.registry.script = lambda _, path, content=content: (
                    (200, content) if path == "/v1/renewals" else None
                )
                failures = self.mesh.counters["lease_failures"]
                self.mesh.add_service(Service("web", "10.0.0.1:80", lease_seconds=1))
                wait_until(
                    lambda failures=failures: self.mesh.counters["lease_failures"] >= failures + 2,
                    "failures",
                )

    def test_a_renewal_that_hangs_holds_up_neither_additions_nor_removals(self):
        self.limit("CALL_TIME", 2.0 * PATIENCE)
        gate, renewing = threading.Event(), threading.Event()
        self.addCleanup(gate.set)

        def script(_, path):
            if "renew" in path:
                renewing.set()
                gate.wait()

        self.registry.script = script
        self.mesh.add_service(Service("old", "10.0.0.1:80", lease_seconds=LONG))
        lease = self.mesh._registrar._leases["old", ids(1)[0]]
        with self.mesh._registrar._changed:
            lease.ripe = lease.due = 0.0
            self.mesh._registrar._changed.notify_all()
        self.assertTrue(renewing.wait(PATIENCE))

        def change():
            self.mesh.add_service(Service("new", "10.0.0.2:80", lease_seconds=LONG))
            self.mesh.remove_service("old", drain=False)

        thread = threading.Thread(target=change, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive())
        self.assertEqual(self.registry.sent("DELETE"), ids(1))

    # Additions that fail

    def test_what_may_have_been_registered_is_deregistered_when_an_addition_fails(self):
        self.limit("FIRST_TIME", 0.0)

        def no_reply():
            raise ConnectionError  # the connection ends without one

        for what, reply, gone in (
            ("unknown", lambda: (503, {"outcome": "unknown"}), ids(1, 2)),
            ("no reply", no_reply, ids(1, 2)),
            ("gateway", lambda: (504, {}), ids(1, 2)),
            ("refused", lambda: (400, {"detail": "no"}), ids(1)),
            ("busy", lambda: (503, {"detail": "full"}), ids(1)),
        ):
            with self.subTest(what):
                self.registry.requests.clear()
                self.registry.script = lambda method, path, reply=reply: (
                    reply() if method == "PUT" and path.endswith(ids(2)[0]) else None
                )
                with self.assertRaises(RegistryError) as raised:
                    self.mesh.add_service(Service("web", addresses(3), lease_seconds=LONG))
                self.assertEqual(raised.exception.maybe_done, len(gone) == 2)
                self.assertEqual(self.registry.sent("DELETE"), gone)

    def test_an_earlier_try_that_may_have_been_carried_out_counts_too(self):
        replies = iter([(503, {"outcome": "unknown"}), (400, {"detail": "no"})])
        self.registry.script = lambda method, _: next(replies) if method == "PUT" else None
        with self.assertRaises(RegistryError) as raised:
            self.mesh.add_service(Service("web", addresses(1)))
        self.assertEqual(raised.exception.status, 400)
        self.assertEqual(self.registry.sent("DELETE"), ids(1))

    # Removals

    def test_a_removal_that_fails_is_told_after_all_were_tried(self):
        for drain, method in ((True, "POST"), (False, "DELETE")):
            with self.subTest(drain=drain):
                self.registry.requests.clear()
                self.registry.script = lambda *_: None
                self.mesh.add_service(Service("web", addresses(3), lease_seconds=LONG))
                self.registry.script = lambda _, path: (
                    (503, {"detail": "full"}) if ids(1)[0] in path else None
                )
                with self.assertRaisesRegex(RegistryError, "full"):
                    self.mesh.remove_service("web", drain=drain)
                self.assertEqual(len(self.registry.sent(method)), 3)

    def test_what_a_silent_registry_was_not_told_is_an_error(self):
        self.mesh.add_service(Service("web", addresses(3), lease_seconds=LONG))
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.registry.script = lambda *_: gate.wait() and None
        self.limit("CALL_TIME", 0.2)
        for drain in (False, True):
            with self.assertRaises(RegistryError):
                self.mesh.remove_service(Service("web", "10.0.0.1:80"), drain=drain)
            gate.set()
            with mock.patch.object(registrar, "CALL_TIME", PATIENCE):
                self.mesh.add_service(Service("web", "10.0.0.1:80", lease_seconds=LONG))
            gate.clear()
        with self.assertLogs("servicemesh", "WARNING") as logs:
            with self.assertRaises(RegistryError):
                self.mesh.remove_service("web", drain=False)
        self.assertEqual(len(logs.output), 3)

    def test_whether_a_drain_is_over_is_only_looked_at(self):
        for name, end in (("gone", (404, {})), ("successor", (200, {"status": "passing"}))):
            with self.subTest(name):
                looks = iter([(200, {"status": "draining"}), (503, {}), end])
                self.registry.script = lambda method, _, looks=looks: (
                    next(looks) if method == "GET" else None
                )
                self.registry.requests.clear()
                self.mesh.add_service(Service("web", addresses(1), lease_seconds=LONG))
                self.assertTrue(self.mesh.remove_service("web", wait=PATIENCE))
                self.assertEqual(self.registry.sent("POST"), ["drain"])

    def test_a_drain_that_lasts_longer_than_the_wait_is_not_over(self):
        self.registry.script = lambda method, _: (
            (200, {"status": "draining"}) if method == "GET" else None
        )
        self.mesh.add_service(Service("web", addresses(2), lease_seconds=LONG))
        self.assertFalse(self.mesh.remove_service("web", wait=0.5))


class SuccessorTests(ProgramTest):
    def test_who_registers_a_drained_id_again_is_not_drained(self):
        mesh, successor = self.mesh(), self.mesh()
        # So long that the drain does not end during the test.
        self.program.call("PUT", "/v1/services/web", {"ttl_seconds": LONG})
        mesh.add_service(Service("web", addresses(2)))
        results = []
        thread = threading.Thread(
            target=lambda: results.append(mesh.remove_service("web", wait=PATIENCE))
        )
        thread.start()
        wait_until(lambda: self.statuses() == ["draining"] * 2, "the drain")
        successor.add_service(Service("web", addresses(2)))
        thread.join()
        self.assertEqual(results, [True])
        self.assertEqual(self.statuses(), ["passing"] * 2)

    def statuses(self):
        return [each["status"] for each in self.program.instances("web").values()]
