"""Discovery against scripted DNS servers: what is believed, who is asked, what is kept."""

import socket
import threading
import unittest
from unittest import mock

import scripted_dns as dns
from program import wait_until
from scripted_dns import A, AAAA, CNAME, SRV, ScriptedDNS, one_instance, record, reply
from servicemesh import LookupFailed, NoInstances, NoSuchService, ServiceMesh, discovery
from servicemesh import dns as client

OWNER = "web.mesh.internal"


class DiscoveryTests(unittest.TestCase):
    def setUp(self):
        # On a busy machine the scripted servers are slow; what is silent is meant to be.
        self.limit(discovery, "LOOKUP_TIME", 30.0)
        self.limit(client, "UDP_WAIT", 2.0)

    def limit(self, module, name, value):
        patch = mock.patch.object(module, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def server(self, *script):
        server = ScriptedDNS(*script)
        self.addCleanup(server.close)
        return server

    def mesh(self, *servers):
        mesh = ServiceMesh(dns=[server.address for server in servers])
        self.addCleanup(mesh.close)
        return mesh

    def ports(self, mesh):
        return [each.port for each in mesh.resolve("web")]

    # What is believed

    def test_replies_to_another_query_are_ignored_and_the_right_one_is_waited_for(self):
        def script(query, _):
            other = bytearray(one_instance(query, 666))
            other[13] ^= 1  # a letter of the question
            return [
                reply(query, identifier=dns.message.decode(query).id ^ 1, code=3),
                bytes(other), b"", b"\0" * 11, query, one_instance(query, 80),
            ]  # fmt: skip

        mesh = self.mesh(self.server(script))
        self.assertEqual(self.ports(mesh), [80])
        self.assertEqual(mesh.counters["dns_ignored"], 5)

    def test_a_reply_from_another_source_never_arrives(self):
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(stranger.close)
        server = self.server()

        def script(query, _):
            stranger.sendto(one_instance(query, 666), ("127.0.0.1", server.ports[-1]))
            return [one_instance(query, 80)]

        server.script = script
        mesh = self.mesh(server)
        self.assertEqual(self.ports(mesh), [80])
        self.assertEqual(mesh.counters["dns_ignored"], 0)

    def test_ids_and_ports_are_never_the_same_for_long(self):
        identifiers = set()

        def script(query, _):
            identifiers.add(query[:2])
            return [one_instance(query, ttl=0)]

        server = self.server(script)
        mesh = self.mesh(server)
        for _ in range(20):
            mesh.resolve("web")
        self.assertGreater(len(identifiers), 15)
        self.assertGreater(len(set(server.ports)), 15)

    def test_the_case_of_the_question_does_not_matter(self):
        def script(query, _):
            octets = bytearray(one_instance(query, 80))
            octets[13:16] = b"WeB"
            return [bytes(octets)]

        self.assertEqual(self.ports(self.mesh(self.server(script))), [80])

    # Who is asked, and how

    def test_a_truncated_reply_is_asked_for_over_tcp(self):
        def script(query, over_tcp):
            return [one_instance(query, 80) if over_tcp else reply(query, truncated=True)]

        server = self.server(script)
        self.assertEqual(self.ports(self.mesh(server)), [80])
        self.assertEqual(server.queries, [(SRV, False), (SRV, True)])

    def test_the_next_server_is_asked_where_one_fails_and_stays_the_first(self):
        dead = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(dead.close)
        dead.bind(("127.0.0.1", 0))  # takes queries and says nothing
        refusing = self.server(lambda query, _: [reply(query, code=5)])
        cut = self.server(
            lambda query, over_tcp: [] if over_tcp else [reply(query, truncated=True)]
        )
        good = self.server(lambda query, _: [one_instance(query, 80, ttl=0)])
        silent = mock.Mock(address="127.0.0.1:%d" % dead.getsockname()[1])
        mesh = self.mesh(silent, refusing, cut, good)
        self.assertEqual(self.ports(mesh), [80])
        asked = len(refusing.queries)
        self.assertEqual(self.ports(mesh), [80])
        self.assertEqual((asked, len(refusing.queries), len(good.queries)), (1, 1, 2))

    def test_targets_without_an_address_are_asked_for_both_families(self):
        def script(query, _):
            question = dns.message.decode(query).questions[0]
            if question.type == SRV:
                return [reply(query, [record(OWNER, SRV, (0, 1, 80, "host.other"))])]
            if question.type == A:
                answers = [record("host.other", CNAME, "x.other"), record("x.other", A, "10.0.0.1")]
                return [reply(query, answers)]
            return [reply(query, [record("host.other", AAAA, "fd00::1")])]

        server = self.server(script)
        found = self.mesh(server).resolve("web")
        self.assertEqual([each.addresses for each in found], [("10.0.0.1", "fd00::1")])
        self.assertEqual([kind for kind, _ in server.queries], [SRV, A, AAAA])

    def test_many_targets_without_an_address_take_one_query_over_tcp(self):
        answers = [record(OWNER, SRV, (0, 1, 80, f"i{n}.{OWNER}")) for n in range(10)]
        beside = [record(f"i{n}.{OWNER}", A, "127.0.0.1") for n in range(10)]
        server = self.server(
            lambda query, over_tcp: [reply(query, answers, beside if over_tcp else [])]
        )
        self.assertEqual(len(self.mesh(server).resolve("web")), 10)
        self.assertEqual(server.queries, [(SRV, False), (SRV, True)])

    def test_a_target_that_nobody_can_resolve_is_left_out_for_a_short_time(self):
        failing = {"b.other"}

        def script(query, _):
            question = dns.message.decode(query).questions[0]
            name = b".".join(question.name).decode()
            if question.type == SRV:
                targets = ("a.other", "b.other")
                return [reply(query, [record(OWNER, SRV, (0, 1, 80, t), 3_600) for t in targets])]
            if name in failing:
                return [reply(query, code=2)]
            kind, address = (A, "10.0.0.1") if question.type == A else (AAAA, "fd00::1")
            return [reply(query, [record(name, kind, address, 3_600)])]

        mesh = self.mesh(self.server(script))
        self.limit(discovery, "PARTIAL_TTL", 0.01)
        self.assertEqual([each.target for each in mesh.resolve("web")], ["a.other."])
        failing.clear()
        wait_until(lambda: len(mesh.resolve("web")) == 2, "the other one")
        failing.update(["a.other", "b.other"])
        mesh = self.mesh(self.server(script))
        with self.assertRaisesRegex(LookupFailed, "SERVFAIL"):
            mesh.resolve("web")

    def test_a_target_that_is_not_answered_leaves_time_for_the_others(self):
        self.limit(discovery, "LOOKUP_TIME", 4.0)

        def script(query, _):
            question = dns.message.decode(query).questions[0]
            if question.type == SRV:
                targets = ("a.other", "b.other")
                return [reply(query, [record(OWNER, SRV, (0, 1, 80, t)) for t in targets])]
            if question.name[0] == b"a":
                return []
            return [reply(query, [record("b.other", A, "10.0.0.1")])]

        found = self.mesh(self.server(script)).resolve("web")
        self.assertEqual([each.target for each in found], ["b.other."])

    def test_an_alias_is_followed_and_a_loop_of_aliases_ends(self):
        def script(query, _):
            return [
                reply(
                    query,
                    [record(OWNER, CNAME, "b.x"), record("b.x", SRV, (0, 1, 80, "h.x"))],
                    [record("h.x", A, "127.0.0.1")],
                )
            ]

        self.assertEqual(self.ports(self.mesh(self.server(script))), [80])
        loop = self.server(lambda query, _: [reply(query, [record(OWNER, CNAME, OWNER)])])
        self.assertRaises(NoInstances, self.mesh(loop).resolve, "web")

    # What the answers mean

    def test_names_that_do_not_exist_and_sets_that_are_empty_are_told_apart(self):
        server = self.server(lambda query, _: [reply(query, code=3)])
        mesh = self.mesh(server)
        with self.assertRaisesRegex(NoSuchService, OWNER):
            mesh.resolve("web")
        server.script = lambda query, _: [reply(query)]
        with self.assertRaisesRegex(NoInstances, "rollcall explain"):
            mesh.resolve("web")
        server.script = lambda query, _: [one_instance(query, 80)]
        self.assertEqual(self.ports(mesh), [80])

    def test_the_root_as_target_says_that_there_is_no_such_service(self):
        srv = record(OWNER, SRV, (0, 0, 80, ""))
        server = self.server(lambda query, _: [reply(query, [srv], [record("", A, "127.0.0.1")])])
        self.assertRaises(NoInstances, self.mesh(server).resolve, "web")
        self.assertEqual(len(server.queries), 1)

    def test_who_answers_with_octets_that_are_none_of_a_reply_does_no_harm(self):
        self.limit(client, "UDP_WAIT", 0.2)
        server = self.server(lambda query, _: [query[:2] + b"\xff" * 30])
        with self.assertRaisesRegex(LookupFailed, "ROLLCALL_DNS"):
            self.mesh(server).resolve("web")

    # What is kept

    def test_a_set_is_kept_for_its_ttl_and_then_looked_up_again(self):
        server = self.server(lambda query, _: [one_instance(query, 80, ttl=3_600)])
        mesh = self.mesh(server)
        for _ in range(50):
            self.assertEqual(self.ports(mesh), [80])
        self.assertEqual(len(server.queries), 1)

        server.script = lambda query, _: [one_instance(query, 80, ttl=1)]
        mesh = self.mesh(server)
        self.ports(mesh)
        server.script = lambda query, _: [one_instance(query, 81, ttl=1)]
        wait_until(lambda: self.ports(mesh) == [81], "the new set")
        self.assertEqual(mesh.counters["sets_changed"], 1)

    def test_a_set_that_is_about_to_end_is_looked_up_before_callers_need_it(self):
        with mock.patch.object(discovery, "REFRESHED_AFTER", 0.0):
            server = self.server(lambda query, _: [one_instance(query, 80, ttl=3_600)])
            mesh = self.mesh(server)
            self.ports(mesh)
            server.script = lambda query, _: [one_instance(query, 81, ttl=3_600)]
            wait_until(lambda: self.ports(mesh) == [81], "the new set, while the old one is good")

    def test_who_has_a_set_does_not_wait_until_a_look_up_has_failed(self):
        for ttl, refreshed_after in ((3_600, 0.0), (0, 0.8)):  # good still, and past its TTL
            server = self.server(lambda query, _: [one_instance(query, 80, ttl=ttl)])
            mesh = self.mesh(server)
            with mock.patch.object(discovery, "REFRESHED_AFTER", refreshed_after):
                self.ports(mesh)
                server.script = lambda query, _: []
                self.assertEqual(self.ports(mesh), [80])
            self.assertEqual(mesh.counters["dns_failures"], 0)
            wait_until(lambda: mesh.counters["dns_failures"] == 1, "the end of the look-up")

    def test_the_last_known_set_is_used_while_no_server_answers_and_given_up_after(self):
        server = self.server(lambda query, _: [one_instance(query, 80, ttl=0)])
        mesh = self.mesh(server)
        self.assertEqual(self.ports(mesh), [80])
        server.script = lambda query, _: []
        for _ in range(5):
            self.assertEqual(self.ports(mesh), [80])
        self.assertEqual(mesh.counters["stale_sets"], 5)
        server.script = lambda query, _: [reply(query, code=2)]
        self.assertEqual(self.ports(mesh), [80])
        server.script = lambda query, _: [one_instance(query, 81, ttl=0)]
        wait_until(lambda: self.ports(mesh) == [81], "the set of the server that is back")
        server.script = lambda query, _: []
        with mock.patch.object(discovery, "LONGEST_STALE", 0.0):
            self.assertRaises(LookupFailed, self.ports, mesh)

    def test_a_name_that_is_gone_is_not_served_from_memory(self):
        server = self.server(lambda query, _: [one_instance(query, 80, ttl=0)])
        mesh = self.mesh(server)
        self.ports(mesh)
        server.script = lambda query, _: [reply(query, code=3)]
        self.assertRaises(NoSuchService, self.ports, mesh)

    def test_many_threads_cause_one_look_up(self):
        gate = threading.Event()

        def script(query, _):
            gate.wait(5)
            return [one_instance(query, 80)]

        server = self.server(script)
        mesh = self.mesh(server)
        threads = [threading.Thread(target=self.ports, args=(mesh,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        wait_until(lambda: server.queries, "the query")
        gate.set()
        for thread in threads:
            thread.join()
        self.assertEqual(len(server.queries), 1)

    def test_names_are_kept_in_a_bounded_number(self):
        server = self.server()
        mesh = self.mesh(server)
        with mock.patch.object(discovery, "MOST_NAMES", 3):
            for name in ("a", "b", "c", "a", "d", "a"):
                mesh.resolve(name)
            self.assertEqual(len(server.queries), 4)
            mesh.resolve("b")
            self.assertEqual(len(server.queries), 5)

    def test_a_look_up_ends_in_time_when_nobody_answers(self):
        server = self.server(lambda query, _: [])
        for name, value in (("UDP_WAIT", 0.1), ("LOOKUP_TIME", 0.1)):
            with mock.patch.object(client if name == "UDP_WAIT" else discovery, name, value):
                self.assertRaises(LookupFailed, self.mesh(server).resolve, "web")
