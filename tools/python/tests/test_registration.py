"""Registration against the real server: it stays, comes back, goes, and is refused in words."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from program import PATIENCE, Program, ProgramTest, wait_until
from servicemesh import InvalidArgument, MeshError, NoInstances, RegistryError, Service
from servicemesh.lease import LONGEST_RETRY, Lease, Outcome

PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class LeaseTests(unittest.TestCase):
    """The plan alone, with a clock of the test's."""

    def lease(self):
        return Lease(("web", "a"), {"lease_seconds": 30})

    def test_a_lease_is_renewed_at_a_third_and_a_little_before_or_after(self):
        for chance, due in ((0, 109), (0.5, 110), (1, 111)):
            lease = self.lease()
            lease.note(Outcome.KEPT, 100, chance)
            self.assertAlmostEqual(lease.due, due)
            self.assertAlmostEqual(lease.ripe, 109)
            self.assertTrue(lease.is_registered)

    def test_what_the_registry_forgot_is_registered_at_once(self):
        lease = self.lease()
        lease.note(Outcome.KEPT, 0, 0)
        lease.note(Outcome.GONE, 10, 0)
        self.assertEqual((lease.is_registered, lease.ripe, lease.due), (False, 10, 10))

    def test_failures_back_off_by_doubling_up_to_the_interval(self):
        lease = self.lease()
        lease.note(Outcome.KEPT, 0, 0)
        pauses = []
        for _ in range(20):
            lease.note(Outcome.FAILED, 0, 1)
            pauses.append(lease.due)
        self.assertEqual(pauses[:6], [0.5, 1, 2, 4, 8, 10])
        self.assertEqual(pauses[-1], 10)
        self.assertTrue(lease.is_registered)
        lease.interval = 1_000
        lease.note(Outcome.FAILED, 0, 0)
        self.assertEqual(lease.due, LONGEST_RETRY / 2)
        lease.note(Outcome.KEPT, 0, 0)
        lease.note(Outcome.FAILED, 0, 1)
        self.assertEqual(lease.due, 0.5)


class RegistrationTests(ProgramTest):
    def test_a_service_is_in_dns_when_add_service_returns(self):
        mesh = self.mesh()
        mesh.add_service(Service("here", "10.0.0.1:80", weight=3, tags=["v2"], metadata={"a": "b"}))
        found = [(each.id, each.address) for each in mesh.resolve("here")]
        self.assertEqual(found, [("10-0-0-1-80", "10.0.0.1:80")])
        stored = self.program.instances("here")["10-0-0-1-80"]
        self.assertEqual((stored["weight"], stored["tags"]), (3, ["v2"]))
        self.assertEqual((stored["metadata"], stored["lease_seconds"]), ({"a": "b"}, 30))
        self.assertEqual(mesh.resolve("v2.tag.here"), mesh.resolve("v2.tag.here"))

    def test_several_addresses_of_both_families_are_instances_of_their_own(self):
        mesh = self.mesh()
        mesh.add_service(Service("both", "10.0.0.1:80", "[fd00::1]:80"))
        self.assertEqual(
            sorted(each.address for each in mesh.resolve("both")), ["10.0.0.1:80", "[fd00::1]:80"]
        )
        mesh.add_service(Service("both", "10.0.0.2:80"))
        self.assertEqual(len(mesh.resolve("both")), 3)

    def test_an_added_instance_can_be_replaced(self):
        mesh = self.mesh()
        for weight in (1, 7):
            mesh.add_service(Service("again", "10.0.0.1:80", weight=weight))
        self.assertEqual([each.weight for each in mesh.resolve("again")], [7])

    def test_a_refusal_leaves_what_was_kept_before(self):
        mesh = self.mesh()
        # So long a lease that no renewal finds out by itself.
        mesh.add_service(Service("before", "10.0.0.1:80", lease_seconds=3_600))
        with self.assertRaises(RegistryError):
            mesh.add_service(Service("before", "10.0.0.1:80", "224.0.0.1:80", weight=9))
        stored = wait_until(lambda: self.program.instances("before"), "the instance's return")
        self.assertEqual(stored["10-0-0-1-80"]["weight"], 1)

    def test_a_lease_is_kept_for_as_long_as_the_process_lives(self):
        mesh = self.mesh()
        mesh.add_service(Service("kept", "10.0.0.1:80", lease_seconds=1))
        revision = self.program.instances("kept")["10-0-0-1-80"]["revision"]
        # More than three leases long; the first gap would be a new revision.
        wait_until(lambda: mesh.counters["renewals"] >= 10, "ten renewals")
        self.assertEqual(self.program.instances("kept")["10-0-0-1-80"]["revision"], revision)

    def test_what_somebody_else_deregisters_is_registered_again(self):
        mesh = self.mesh()
        mesh.add_service(Service("back", "10.0.0.1:80", lease_seconds=2))
        status, _ = self.program.call("DELETE", "/v1/services/back/instances/10-0-0-1-80")
        self.assertEqual(status, 204)
        wait_until(lambda: self.program.instances("back"), "the instance's return")
        wait_until(lambda: mesh.counters["registrations"] == 2, "the count of it")

    def test_what_the_registry_refuses_is_told_in_its_words_and_nothing_is_kept(self):
        mesh = self.mesh()
        for service, status, words in (
            (Service("ns", "10.0.0.1:80"), 400, "reserved"),
            (Service("w", "10.0.0.1:80", "224.0.0.1:80"), 400, "multicast"),
            (Service("w", "10.0.0.1:80", weight=0), 400, "weight"),
        ):
            with self.subTest(words), self.assertRaisesRegex(RegistryError, words) as raised:
                mesh.add_service(service)
            error = raised.exception
            self.assertEqual((error.status, error.problem), (status, "bad-field"))
            self.assertEqual(self.program.instances(service.name), {})
            with self.assertRaisesRegex(InvalidArgument, "not added"):
                mesh.remove_service(service)

    def test_what_is_no_service_or_no_json_is_refused_before_anything_is_sent(self):
        mesh = self.mesh()
        self.assertRaises(InvalidArgument, mesh.add_service, "web")
        service = Service("json", "10.0.0.1:80", metadata={"a": {1}})
        self.assertRaises(InvalidArgument, mesh.add_service, service)
        self.assertRaises(InvalidArgument, mesh.remove_service, "web")

    def test_a_removed_service_is_in_no_answer_and_gone_after_its_drain(self):
        mesh = self.mesh()
        mesh.add_service(Service("leaving", "10.0.0.1:80", "10.0.0.2:80"))
        self.assertEqual(len(mesh.resolve("leaving")), 2)
        self.assertFalse(mesh.remove_service(Service("leaving", "10.0.0.1:80")))
        self.assertEqual([each.address for each in mesh.resolve("leaving")], ["10.0.0.2:80"])
        self.assertEqual(self.program.instances("leaving")["10-0-0-1-80"]["status"], "draining")
        self.program.call("PUT", "/v1/services/leaving", {"ttl_seconds": 0})
        self.assertTrue(mesh.remove_service("leaving", wait=PATIENCE))
        self.assertRaises(NoInstances, mesh.resolve, "leaving")

    def test_without_a_drain_it_is_gone_at_once(self):
        mesh = self.mesh()
        mesh.add_service(Service("gone", "10.0.0.1:80"))
        self.assertTrue(mesh.remove_service("GONE", drain=False))
        self.assertEqual(self.program.instances("gone"), {})

    def test_a_mesh_deregisters_at_the_end_of_with_and_can_not_be_used_then(self):
        with self.program.mesh() as mesh:
            mesh.add_service(Service("with", "10.0.0.1:80", "10.0.0.2:80"))
            self.assertEqual(len(self.program.instances("with")), 2)
        self.assertEqual(self.program.instances("with"), {})
        for use in (
            lambda: mesh.add_service(Service("with", "10.0.0.1:80")),
            lambda: mesh.resolve("with"),
            lambda: mesh.call("a", "with"),
            lambda: mesh.remove_service("with"),
        ):
            with self.assertRaisesRegex(MeshError, "closed"):
                use()
        mesh.close()


class ProcessTests(ProgramTest):
    """Scripts that run as programs of their own."""

    def script(self, text, *, prefix=(), **environment):
        code = f"from servicemesh import *\nimport os, sys, signal\nsm = ServiceMesh()\n{text}"
        return subprocess.Popen(
            [*prefix, sys.executable, "-B", "-c", code], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **self.program.environment, "PYTHONPATH": PACKAGE, **environment},
        )  # fmt: skip

    def finish(self, process):
        output, errors = process.communicate(timeout=PATIENCE)
        self.assertEqual(errors, "")
        return process.returncode, output

    def test_the_end_of_the_interpreter_deregisters(self):
        for name, end in (("end", ""), ("exit", "sys.exit(3)")):
            process = self.script(
                f"sm.add_service(Service('{name}', '10.0.0.1:80'))\n"
                f"print(flush=True)\ninput()\n{end}"
            )
            process.stdout.readline()
            self.assertEqual(len(self.program.instances(name)), 1)
            process.stdin.write("\n")
            code, _ = self.finish(process)
            self.assertEqual((code, self.program.instances(name)), (3 if end else 0, {}))

    def test_an_uncaught_error_and_an_interrupt_deregister_too(self):
        process = self.script("sm.add_service(Service('error', '10.0.0.1:80'))\n1 / 0")
        self.assertIn("ZeroDivisionError", process.communicate(timeout=PATIENCE)[1])
        self.assertEqual(self.program.instances("error"), {})
        # Who runs the tests in the background may have had the interrupt ignored.
        process = self.script(
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "sm.add_service(Service('ctrl-c', '10.0.0.1:80'))\nprint(flush=True)\nsignal.pause()"
        )
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        self.assertIn("KeyboardInterrupt", process.communicate(timeout=PATIENCE)[1])
        self.assertEqual(self.program.instances("ctrl-c"), {})

    def test_ids_are_the_same_after_a_restart_of_the_process(self):
        for _ in range(2):
            process = self.script(
                "sm.add_service(Service('stable', '10.0.0.1:80'))\n"
                "print(flush=True)\nsignal.pause()"
            )
            process.stdout.readline()
            self.assertEqual(list(self.program.instances("stable")), ["10-0-0-1-80"])
            process.kill()
            process.communicate(timeout=PATIENCE)

    def test_a_child_by_fork_keeps_no_leases_and_can_resolve_and_register(self):
        process = self.script(
            "sm.add_service(Service('parent', '10.0.0.1:80'))\n"
            "sm.resolve('parent')\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    assert len(sm.resolve('parent')) == 1\n"
            "    sm.add_service(Service('child', '10.0.0.1:80'))\n"
            "    assert sm.counters['registrations'] == 1\n"
            "    sys.exit(0)\n"
            "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
            "print(flush=True)\n"
            "input()",
            PYTHONWARNINGS="ignore",  # of Python itself, about forks beside threads
        )
        process.stdout.readline()
        self.assertEqual(len(self.program.instances("parent")), 1)
        self.assertEqual(self.program.instances("child"), {})
        process.stdin.write("\n")
        self.assertEqual(self.finish(process)[0], 0)
        self.assertEqual(self.program.instances("parent"), {})

    def test_a_fork_while_threads_hold_the_locks_hangs_nobody(self):
        process = self.script(
            "import threading\n"
            "sm.add_service(Service('busy', '10.0.0.1:80', lease_seconds=1))\n"
            "def work():\n"
            "    while True: sm.resolve('busy'); sm.counters\n"
            "for _ in range(4): threading.Thread(target=work, daemon=True).start()\n"
            "for _ in range(30):\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            "        signal.alarm(10)\n"
            "        sm.resolve('busy')\n"
            "        os._exit(0)\n"
            "    assert os.waitpid(child, 0)[1] == 0\n"
            "os.write(1, b'done')\n"
            "os._exit(0)",
            PYTHONWARNINGS="ignore",
        )
        self.assertEqual(self.finish(process), (0, "done"))


class OutageTests(unittest.TestCase):
    def test_a_registry_that_comes_back_empty_is_told_again(self):
        program = Program()
        self.addCleanup(program.remove)
        with program.mesh() as mesh:
            mesh.add_service(Service("web", "10.0.0.1:80", lease_seconds=2))
            mesh.resolve("web")
            program.kill(forget=True)
            wait_until(lambda: mesh.counters["lease_failures"] >= 2, "failed renewals")
            self.assertEqual(len(mesh.resolve("web")), 1)
            program.start()
            wait_until(lambda: program.instances("web"), "the instance's return")

    def test_a_registry_that_is_not_there_is_told_so_and_the_end_does_not_hang(self):
        program = Program()
        self.addCleanup(program.remove)
        mesh = program.mesh()
        mesh.add_service(Service("web", "10.0.0.1:80"))
        program.kill()
        with self.assertRaisesRegex(RegistryError, "Connection refused.*ROLLCALL_HTTP"):
            mesh.add_service(Service("late", "10.0.0.1:80"))
        with self.assertLogs("servicemesh", "WARNING") as logs:
            mesh.close()
        self.assertIn("left to the end of its lease", logs.output[0])

    def test_a_registry_with_tls_is_believed_only_with_a_certificate_that_is_trusted(self):
        directory = self.directory()
        certificate, key = (os.path.join(directory, name) for name in ("pem", "key"))
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ],
            capture_output=True, check=True, timeout=PATIENCE,
        )  # fmt: skip
        config = os.path.join(directory, "config.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"tls_certificate: {certificate}\ntls_key: {key}\n")
        program = Program("--config", config)
        self.addCleanup(program.remove)
        url = f"https://127.0.0.1:{program.ports[1]}"
        service = Service("web", "10.0.0.1:80")
        with program.mesh(http=url) as mesh:
            with self.assertRaisesRegex(RegistryError, "not trusted.*ROLLCALL_CA_FILE"):
                mesh.add_service(service)
        with program.mesh(http=url, ca_file=certificate) as mesh:
            mesh.add_service(service)
            self.assertEqual(len(mesh.resolve("web")), 1)
        with program.mesh() as mesh:
            with self.assertRaisesRegex(RegistryError, "write https://"):
                mesh.add_service(service)

    def test_tls_to_a_registry_without_it_is_explained(self):
        program = Program()
        self.addCleanup(program.remove)
        with program.mesh(http=f"https://127.0.0.1:{program.ports[1]}") as mesh:
            with self.assertRaisesRegex(RegistryError, "write http://"):
                mesh.add_service(Service("web", "10.0.0.1:80"))

    def directory(self):
        directory = tempfile.mkdtemp(prefix="servicemesh-test.")
        self.addCleanup(shutil.rmtree, directory)
        return directory

    def test_tokens_are_sent_and_their_lack_is_explained(self):
        path = os.path.join(self.directory(), "tokens.yaml")
        made = subprocess.run(
            [
                Program.binary, "token", "new", "--file", path, "--name", "test", "--scope",
                "write", "--services", "web", "--json",
            ],
            capture_output=True, text=True, check=True, timeout=PATIENCE,
        )  # fmt: skip
        program = Program("--tokens", path)
        self.addCleanup(program.remove)
        for token, status, service, words in (
            (None, 401, "web", "ROLLCALL_TOKEN"),
            (json.loads(made.stdout)["token"], 403, "other", "cover the service"),
        ):
            with program.mesh(token=token) as mesh:
                with self.assertRaisesRegex(RegistryError, words) as raised:
                    mesh.add_service(Service(service, "10.0.0.1:80"))
                self.assertEqual(raised.exception.status, status)
        with program.mesh(token=token) as mesh:
            mesh.add_service(Service("web", "10.0.0.1:80"))
            self.assertEqual(len(mesh.resolve("web")), 1)
