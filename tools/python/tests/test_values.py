"""Addresses, names, services and settings: what is taken, and what is refused with which words."""

import unittest

from servicemesh import InvalidArgument, Service, ServiceMesh
from servicemesh.address import Address
from servicemesh.name import LONGEST_LABEL, check_callee, check_id, check_service, text_of
from servicemesh.request import MOST_RETRIES, Request
from servicemesh.settings import MOST_SERVERS, RegistryURL, Settings


class AddressTests(unittest.TestCase):
    def test_addresses_of_both_families_are_read_and_written(self):
        for text, host, port in (
            ("127.0.0.1:8080", "127.0.0.1", 8080),
            ("[::1]:65535", "::1", 65_535),
            ("[FD00:0:0::1]:1", "fd00::1", 1),
        ):
            address = Address.parse(text)
            self.assertEqual((address.host, address.port), (host, port))
            self.assertEqual(Address.parse(str(address)), address)

    def test_what_is_no_address_is_refused_with_an_example(self):
        for text in (
            "", ":", "8080", ":8080", "localhost:8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
            "127.0.0.1:65536", "127.0.0.1:0080800", "127.0.0.1:-1", "127.0.0.1: 80", "127.0.0.1:٣",
            "::1:8080", "[::1]", "[::1:80", "[127.0.0.1]:80", "[fe80::1%eth0]:80", "127.1:80", None,
            "127.0.0.1:80:80", "127.0.0.01:80 ", "http://127.0.0.1:80",
        ):  # fmt: skip
            with self.subTest(text), self.assertRaisesRegex(InvalidArgument, "127.0.0.1:8080"):
                Address.parse(text)

    def test_an_id_is_one_label_that_no_other_address_has(self):
        labels = {
            text: Address.parse(text).label
            for text in ("127.0.0.1:8080", "[::1]:8080", "[fd00::1:0]:80", "[fd00::1]:80")
        }
        self.assertEqual(labels["127.0.0.1:8080"], "127-0-0-1-8080")
        self.assertEqual(labels["[::1]:8080"], "0-0-0-0-0-0-0-1-8080")
        self.assertEqual(len(set(labels.values())), len(labels))
        longest = Address.parse("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535").label
        self.assertEqual(len(longest), 45)
        for label in [*labels.values(), longest]:
            self.assertEqual(check_id(label), label)


class NameTests(unittest.TestCase):
    def test_names_of_services_are_labels_with_dots_between(self):
        for name in ("web", "web.prod", "a", "9", "x" * LONGEST_LABEL, "A-b.c"):
            self.assertEqual(check_service(name), name)
        for name in (
            "", ".", "web.", ".web", "a..b", "-a", "a-", "a_b", "_a", "a b", "ä", "a\n",
            "web\r\nX: y", "x" * (LONGEST_LABEL + 1), ".".join(["x" * 50] * 4), None, b"web",
        ):  # fmt: skip
            with self.subTest(name), self.assertRaises(InvalidArgument):
                check_service(name)

    def test_named_ports_and_tags_can_be_called(self):
        for name in ("_admin._tcp.web", "v2.tag.web", "_web._udp"):
            self.assertEqual(check_callee(name), name)
        for name in ("_", "__a.web", "web_", "_.web"):
            with self.subTest(name), self.assertRaises(InvalidArgument):
                check_callee(name)

    def test_names_are_written_with_escapes_for_what_is_not_visible(self):
        self.assertEqual(text_of((b"a.b", b"\0c", b"x")), "a\\046b.\\000c.x.")
        self.assertEqual(text_of(()), ".")


class ServiceTests(unittest.TestCase):
    def test_each_address_is_an_instance_however_they_are_given(self):
        ids = {"127-0-0-1-80", "127-0-0-1-81"}
        for service in (
            Service("web", "127.0.0.1:80", "127.0.0.1:81"),
            Service("web", ["127.0.0.1:80", "127.0.0.1:81"]),
            Service("web", iter(["127.0.0.1:80", "127.0.0.1:81"])),
        ):
            self.assertEqual(set(service.registrations), ids)

    def test_a_service_that_can_not_be_is_refused(self):
        for make in (
            lambda: Service("web"),
            lambda: Service("web", []),
            lambda: Service("web", "127.0.0.1:80", "127.0.0.1:80"),
            lambda: Service("web", "127.0.0.1:80", "127.0.0.1:81", id="a"),
            lambda: Service("web", "127.0.0.1:80", id="a.b"),
            lambda: Service("web", 8080),
            lambda: Service("web", "127.0.0.1:80", tags="v2"),
            lambda: Service("web", "127.0.0.1:80", tags=2),
            lambda: Service("web", "127.0.0.1:80", metadata="a=b"),
            lambda: Service("web", "127.0.0.1:80", lease_seconds=0),
            lambda: Service("web", "127.0.0.1:80", lease_seconds=86_401),
            lambda: Service("web", "127.0.0.1:80", lease_seconds=True),
            lambda: Service("web", [f"127.0.0.1:{port}" for port in range(1, 102)]),
        ):
            self.assertRaises(InvalidArgument, make)
        self.assertEqual(len(Service("w", [f"[::1]:{p}" for p in range(1, 101)]).addresses), 100)


class SettingsTests(unittest.TestCase):
    def test_arguments_go_before_the_environment_and_that_before_defaults(self):
        default = Settings.read(environment={})
        self.assertEqual(default.servers, (Address("127.0.0.1", 5300),))
        self.assertEqual(str(default.registry), "http://127.0.0.1:8053")
        self.assertEqual(default.zone, (b"mesh", b"internal"))
        given = Settings.read(
            zone="b.example.",
            environment={
                "ROLLCALL_DNS": "127.0.0.1:53, [::1]:5300,10.0.0.1",
                "ROLLCALL_HTTP": "https://[::1]/",
                "ROLLCALL_ZONE": "a.example",
                "ROLLCALL_TOKEN": "secret",
            },
        )
        addresses = (Address("127.0.0.1", 53), Address("::1", 5300), Address("10.0.0.1", 53))
        self.assertEqual(given.servers, addresses)
        self.assertEqual(given.registry, RegistryURL(True, "::1", 443))
        self.assertEqual((given.zone, given.token), ((b"b", b"example"), "secret"))
        # As `rollcall serve` has it.
        served = Settings.read(environment={"ROLLCALL_HTTP": "127.0.0.1:8053"})
        self.assertEqual(str(served.registry), "http://127.0.0.1:8053")

    def test_settings_that_can_not_be_are_refused_by_name(self):
        for settings, word in (
            ({"dns": "localhost:53"}, "ROLLCALL_DNS"),
            ({"dns": ","}, "ROLLCALL_DNS"),
            ({"dns": ["10.0.0.1:53"] * (MOST_SERVERS + 1)}, "ROLLCALL_DNS"),
            ({"http": "ftp://127.0.0.1"}, "ROLLCALL_HTTP"),
            ({"http": "http://127.0.0.1:8053/v1"}, "ROLLCALL_HTTP"),
            ({"http": "http://127.0.0.1:99999"}, "ROLLCALL_HTTP"),
            ({"http": "127.0.0.1:1,127.0.0.1:2"}, "ROLLCALL_HTTP"),
            ({"zone": "a..b"}, "label"),
            ({"token": "a b"}, "ROLLCALL_TOKEN"),
            ({"token": "a", "http": "http://10.0.0.1:8053"}, "without TLS"),
            ({"http": "https://10.0.0.1", "ca_file": "/none"}, "ROLLCALL_CA_FILE"),
        ):
            with self.subTest(settings), self.assertRaisesRegex(InvalidArgument, word):
                ServiceMesh(**settings)
        ServiceMesh(token="a", http="http://10.0.0.1:8053", allow_plaintext=True)


class RequestTests(unittest.TestCase):
    def request(self, **arguments):
        given = {
            "caller": "a", "callee": "b", "path": "/", "method": "GET", "body": None,
            "headers": None, "timeout": 1, "retries": 0, "deadline": 1, "idempotent": None,
        }  # fmt: skip
        return Request.of(**{**given, **arguments})

    def test_what_would_be_another_request_than_it_looks_is_refused(self):
        for arguments in (
            {"caller": "a\r\nX: y"}, {"callee": "b/c"}, {"path": "x"}, {"path": "/a b"},
            {"path": "/\r\nX: y"}, {"path": "/ä"}, {"path": "/#a"}, {"path": "/" + "a" * 8_000},
            {"method": "GET /"}, {"method": ""}, {"method": "CONNECT"}, {"method": None},
            {"headers": {"a b": "c"}}, {"headers": {"a": "b\nc"}}, {"headers": {"a": 1}},
            {"headers": [("a", "b")]},
            {"headers": {"rollcall-caller": "x"}}, {"headers": {"Content-Length": "1"}},
            {"body": 5}, {"body": {"a": {1}}}, {"body": [float("nan")]},
            {"timeout": 0}, {"timeout": "1"}, {"deadline": -1}, {"deadline": float("nan")},
            {"retries": -1}, {"retries": MOST_RETRIES + 1}, {"retries": 1.5},
        ):  # fmt: skip
            with self.subTest(arguments), self.assertRaises(InvalidArgument):
                self.request(**arguments)

    def test_a_body_says_what_it_is_unless_the_caller_does(self):
        self.assertEqual(self.request(body={"a": 1}).fields["Content-Type"], "application/json")
        self.assertIn("utf-8", self.request(body="ä").fields["Content-Type"])
        self.assertNotIn("Content-Type", self.request(body=b"x").fields)
        fields = self.request(body=[1], headers={"content-type": "text/x"}).fields
        self.assertEqual(fields, {"content-type": "text/x", "Rollcall-Caller": "a"})

    def test_only_methods_that_are_idempotent_may_be_repeated_unless_told(self):
        for method in ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"):
            self.assertTrue(self.request(method=method).is_repeatable)
        for method in ("POST", "PATCH", "FOO"):
            self.assertFalse(self.request(method=method).is_repeatable)
        self.assertTrue(self.request(method="POST", idempotent=True).is_repeatable)
        self.assertFalse(self.request(method="GET", idempotent=False).is_repeatable)
