"""Calls against the real server and HTTP servers that answer, hang, refuse and lie."""

import collections
import json
import socket
import threading
import time
import unittest
from unittest import mock

from backend import Backend, RawBackend, closed_port
from program import Program, ProgramTest, wait_until
from servicemesh import CallFailed, CallTimedOut, NoSuchService, Service, call, connection

HANG = 60  # seconds, longer than any test
TRY = 2.0  # seconds in which also a busy machine answers


def hang(connected):
    """Reads what comes and says nothing."""
    while connected.recv(65_536):
        pass


class CallTest(ProgramTest):
    number = 0

    def backend(self, *arguments, **named):
        backend = Backend(*arguments, **named)
        self.addCleanup(backend.close)
        return backend

    def raw(self, behave):
        backend = RawBackend(behave)
        self.addCleanup(backend.close)
        return backend

    def refusing(self):
        holder, address = closed_port()
        self.addCleanup(holder.close)
        return address

    def service(self, mesh, *addresses, **settings):
        """A new service of these instances; its name."""
        CallTest.number += 1
        name = f"callee-{CallTest.number}"
        for address in addresses:
            mesh.add_service(Service(name, address, **settings))
        return name


class RequestTests(CallTest):
    def test_a_request_arrives_as_it_was_meant_with_its_caller_named(self):
        backend, mesh = self.backend(), self.mesh()
        name = self.service(mesh, backend.address)
        response = mesh.call(
            "web.prod", name, "/a%20b?c=d", "post", {"e": "ä"}, {"X-Trace": "1", "Host": "h"}
        )
        method, path, fields, body = backend.requests[0]
        self.assertEqual((method, path, json.loads(body)), ("POST", "/a%20b?c=d", {"e": "ä"}))
        self.assertEqual(fields["Rollcall-Caller"], "web.prod")
        self.assertEqual((fields["X-Trace"], fields.get_all("Host")), ("1", ["h"]))
        self.assertEqual(fields["Content-Type"], "application/json")
        self.assertEqual((response.instance.address, response.tries), (backend.address, 1))

    def test_a_response_has_status_fields_text_and_json(self):
        reply = (404, {"Content-Type": "application/json; charset=latin-1"}, b'["\\u00e4", "\xe4"]')
        backend, mesh = self.backend(lambda *_: reply), self.mesh()
        response = mesh.call("me", self.service(mesh, backend.address))
        self.assertEqual((response.status, response.reason, response.ok), (404, "Not Found", False))
        self.assertEqual(response.text, '["\\u00e4", "ä"]')
        self.assertRaises(ValueError, response.json)
        self.assertEqual(response.headers["content-length"], str(len(reply[2])))
        backend.reply = lambda *_: (200, {}, b'{"a": 1}')
        response = mesh.call("me", self.service(mesh, backend.address))
        self.assertEqual((response.ok, response.json()), (True, {"a": 1}))

    def test_an_error_status_is_a_response_and_no_reason_to_try_another(self):
        backend, mesh = self.backend(lambda *_: (503, {}, b"")), self.mesh()
        name = self.service(mesh, backend.address)
        self.assertEqual(mesh.call("me", name).status, 503)
        self.assertEqual(mesh.call("me", name, method="HEAD").body, b"")
        self.assertEqual((len(backend.requests), mesh.counters["retries"]), (2, 0))

    def test_servers_that_close_or_chunk_or_have_ipv6_are_read_to_the_end(self):
        mesh = self.mesh()
        big = bytes(range(256)) * 4_000

        def chunked(connected):
            connected.recv(65_536)
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            connected.sendall(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(big), big))

        def until_close(connected):
            connected.recv(65_536)
            connected.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + big)
            connected.shutdown(socket.SHUT_RDWR)

        old = self.backend(lambda *_: (200, {}, big), protocol="HTTP/1.0")
        for backend in (self.raw(chunked), self.raw(until_close), old):
            self.assertEqual(mesh.call("me", self.service(mesh, backend.address)).body, big)


class TurnTests(CallTest):
    def test_instances_take_turns_exactly_also_among_threads(self):
        backends, mesh = [self.backend() for _ in range(3)], self.mesh()
        name = self.service(mesh, *(backend.address for backend in backends))

        def work():
            for _ in range(30):
                # So long that no try is repeated on a busy machine.
                reply = mesh.call("me", name, timeout=HANG, deadline=HANG)
                self.assertEqual(reply.status, 200)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([len(backend.requests) for backend in backends], [60, 60, 60])
        self.assertEqual((mesh.counters["calls"], mesh.counters["tries"]), (180, 180))

    def test_weights_and_priorities_of_the_registry_decide(self):
        light, heavy, spare = (self.backend() for _ in range(3))
        mesh = self.mesh()
        name = self.service(mesh, light.address)
        mesh.add_service(Service(name, heavy.address, weight=3))
        mesh.add_service(Service(name, spare.address, priority=1))
        for _ in range(40):
            mesh.call("me", name)
        counts = [len(each.requests) for each in (light, heavy, spare)]
        self.assertEqual(counts, [10, 30, 0])

    def test_ten_thousand_calls_are_even(self):
        # The turns alone, as the requests themselves are tried above.
        mesh = self.mesh()
        name = self.service(mesh, *(f"10.0.0.{n}:80" for n in range(1, 8)))
        counts = collections.Counter()

        def answer(request, endpoint, until, number):
            counts[endpoint.id] += 1

        with mock.patch.object(mesh._calls, "_try", answer):
            for _ in range(10_003):
                mesh.call("me", name)
        self.assertEqual(set(counts.values()), {1_429})


class RetryTests(CallTest):
    def test_an_idempotent_request_to_one_that_hangs_is_answered_by_another(self):
        good, hanging, mesh = self.backend(), self.raw(hang), self.mesh()
        name = self.service(mesh, good.address, hanging.address)
        for method in ("GET", "PUT"):
            tries = sorted(mesh.call("me", name, method=method, timeout=TRY).tries for _ in "ab")
            self.assertEqual(tries, [1, 2])
        self.assertEqual(len(good.requests), 4)
        counters = mesh.counters
        self.assertEqual((counters["timeouts"], counters["retries"]), (2, 2))

    def test_a_post_that_may_have_arrived_is_sent_again_only_when_told(self):
        def vanish(connected):
            connected.recv(65_536)
            connected.shutdown(socket.SHUT_RDWR)

        for behave in (hang, vanish):
            good, bad, mesh = self.backend(), self.raw(behave), self.mesh()
            name = self.service(mesh, good.address, bad.address)
            failures = []
            for _ in "ab":
                try:
                    mesh.call("me", name, method="POST", timeout=TRY)
                except CallFailed as error:
                    failures.append(error)
            self.assertEqual((len(failures), len(good.requests)), (1, 1))
            self.assertTrue(failures[0].maybe_sent)
            self.assertEqual(len(failures[0].tries), 1)
            self.assertIn("idempotent=True", str(failures[0]))
            self.assertEqual(isinstance(failures[0], TimeoutError), behave is hang)
            for _ in "ab":
                mesh.call("me", name, method="POST", timeout=TRY, idempotent=True)
            self.assertEqual(len(good.requests), 3)

    def test_a_post_that_was_surely_not_sent_goes_to_another(self):
        good, mesh = self.backend(), self.mesh()
        name = self.service(mesh, good.address, self.refusing())
        for _ in range(4):
            self.assertEqual(mesh.call("me", name, method="POST", body="x").status, 200)
        self.assertEqual(len(good.requests), 4)
        self.assertEqual(mesh.counters["connection_errors"], 2)

    def test_replies_that_are_cut_off_or_no_http_are_no_responses(self):
        def cut(connected):
            connected.recv(65_536)
            connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            connected.shutdown(socket.SHUT_RDWR)

        def noise(connected):
            connected.recv(65_536)
            connected.sendall(b"SSH-2.0-x\r\n\r\n")
            connected.shutdown(socket.SHUT_RDWR)

        for behave in (cut, noise):
            good, bad, mesh = self.backend(), self.raw(behave), self.mesh()
            name = self.service(mesh, good.address, bad.address)
            texts = {mesh.call("me", name).text for _ in range(4)}
            self.assertEqual(texts, {good.name})
            self.assertGreater(bad.connections, 0)

    def test_one_instance_alone_is_tried_again_and_the_error_tells_each_try(self):
        mesh = self.mesh()
        address = self.refusing()
        name = self.service(mesh, address)
        with self.assertRaisesRegex(CallFailed, "can't connect: Connection refused") as raised:
            mesh.call("me", name, retries=3)
        self.assertEqual(len(raised.exception.tries), 4)
        self.assertIn(address, raised.exception.tries[0][0])
        self.assertFalse(raised.exception.maybe_sent or isinstance(raised.exception, TimeoutError))
        self.assertEqual(mesh.counters["calls_failed"], 1)
        with self.assertRaises(CallFailed) as raised:
            mesh.call("me", name, retries=0)
        self.assertEqual(len(raised.exception.tries), 1)

    def test_others_are_tried_before_one_is_tried_again(self):
        hanging, mesh = [self.raw(hang) for _ in range(3)], self.mesh()
        name = self.service(mesh, *(each.address for each in hanging))
        with self.assertRaises(CallTimedOut) as raised:
            mesh.call("me", name, timeout=0.1, retries=2)
        self.assertEqual(len({instance for instance, _ in raised.exception.tries}), 3)

    def test_an_instance_that_sends_an_octet_now_and_then_does_not_hold_a_call(self):
        def dribble(connected):
            connected.recv(65_536)
            octets = iter(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 9_999)
            ended = threading.Event()
            while not ended.wait(0.02):
                connected.sendall(bytes([next(octets)]))

        mesh = self.mesh()
        name = self.service(mesh, self.raw(dribble).address)
        self.assertRaises(CallTimedOut, mesh.call, "me", name, timeout=0.3, retries=0)

    def test_the_deadline_ends_a_call_whatever_the_tries(self):
        mesh = self.mesh()
        name = self.service(mesh, self.raw(hang).address)
        began = time.monotonic()
        with self.assertRaises(CallTimedOut) as raised:
            mesh.call("me", name, timeout=HANG, retries=20, deadline=0.5)
        self.assertEqual(len(raised.exception.tries), 1)
        self.assertLess(time.monotonic() - began, HANG)

    def test_a_response_that_is_too_large_ends_the_call(self):
        backend, mesh = self.backend(lambda *_: (200, {}, b"x" * 101)), self.mesh()
        name = self.service(mesh, backend.address)
        with mock.patch.object(call, "LARGEST_BODY", 100):
            with self.assertRaisesRegex(CallFailed, "limit is 100"):
                mesh.call("me", name)
        self.assertEqual(len(backend.requests), 1)
        with mock.patch.object(call, "LARGEST_BODY", 101):
            self.assertEqual(len(mesh.call("me", name).body), 101)

    def test_a_service_that_is_not_there_is_no_matter_of_tries(self):
        mesh = self.mesh()
        self.assertRaises(NoSuchService, mesh.call, "me", "nobody")
        self.assertEqual((mesh.counters["tries"], mesh.counters["calls_failed"]), (0, 1))


class ConnectionTests(CallTest):
    def test_connections_are_kept_and_ones_that_were_closed_are_replaced(self):
        backend, mesh = self.backend(), self.mesh()
        name = self.service(mesh, backend.address)
        for _ in range(10):
            mesh.call("me", name)
        self.assertEqual(backend.connections, 1)
        kept = mesh._calls._pool._idle[0]
        kept.sock._tcp.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: not kept.is_usable, "the end of the connection")
        self.assertEqual(mesh.call("me", name).tries, 1)
        self.assertEqual((backend.connections, mesh.counters["connections"]), (2, 2))

    def test_what_may_not_be_repeated_gets_a_connection_of_its_own(self):
        backend, mesh = self.backend(), self.mesh()
        name = self.service(mesh, backend.address)
        for method, connections in (("GET", 1), ("POST", 2), ("POST", 3), ("GET", 3)):
            mesh.call("me", name, method=method)
            self.assertEqual(backend.connections, connections)

    def test_a_kept_connection_that_closes_with_the_request_is_no_failure(self):
        first = threading.Event()

        def once(connected):
            while b"\r\n\r\n" not in connected.recv(65_536):
                pass
            if not first.is_set():
                first.set()
                connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                connected.recv(65_536)
                connected.shutdown(socket.SHUT_RDWR)
            else:
                connected.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        backend, mesh = self.raw(once), self.mesh()
        name = self.service(mesh, backend.address)
        self.assertEqual(mesh.call("me", name, retries=0).status, 200)
        self.assertEqual(mesh.call("me", name, retries=0).status, 204)
        self.assertEqual(backend.connections, 2)

    def test_kept_connections_are_bounded(self):
        backends, mesh = [self.backend() for _ in range(3)], self.mesh()
        name = self.service(mesh, *(backend.address for backend in backends))
        with mock.patch.object(connection, "MOST_KEPT", 2):
            for _ in range(6):
                mesh.call("me", name)
            self.assertEqual(len(mesh._calls._pool._idle), 2)

    def test_an_instance_with_two_addresses_is_tried_at_both(self):
        backend, mesh = self.backend(), self.mesh()
        port = int(backend.address.rpartition(":")[2])
        body = {"addresses": ["127.0.0.9", "::1", "127.0.0.1"], "port": port}
        self.program.call("PUT", "/v1/services/many/instances/m1", body)
        self.assertEqual(len(mesh.resolve("many")[0].addresses), 3)
        self.assertEqual(mesh.call("me", "many", retries=0, timeout=5).text, backend.name)

    def test_the_end_of_a_mesh_closes_its_connections(self):
        backend, mesh = self.backend(), self.mesh()
        mesh.call("me", self.service(mesh, backend.address))
        kept = mesh._calls._pool._idle[0]
        mesh.close()
        self.assertIsNone(kept.sock)


class OutageTests(unittest.TestCase):
    def test_calls_go_on_while_the_server_is_away(self):
        program = Program()
        self.addCleanup(program.remove)
        backend = Backend()
        self.addCleanup(backend.close)
        with program.mesh() as mesh:
            mesh.add_service(Service("web", backend.address))
            program.call("PUT", "/v1/services/web", {"ttl_seconds": 0})
            self.assertEqual(mesh.call("me", "web").status, 200)
            program.kill()
            for _ in range(20):
                self.assertEqual(mesh.call("me", "web").status, 200)
            self.assertGreater(mesh.counters["stale_sets"], 0)
            program.start()
            wait_until(lambda: self.is_looked_up(mesh), "a set that was looked up again")

    def is_looked_up(self, mesh):
        before = mesh.counters["stale_sets"]
        self.assertEqual(mesh.call("me", "web").status, 200)
        return mesh.counters["stale_sets"] == before
