"""Requests and queries of every kind, so that each metric has something to tell."""

import contextlib
import http.client
import socket
import struct

from bench import message
from durability.api import API
from durability.server import ADDRESS, udp_socket

# Method, path, body, and the status that must come.
CALLS = [
    ("PUT", "/v1/services/web/instances/a", {"address": "10.0.0.1", "port": 80}, (200, 201)),
    ("PUT", "/v1/services/web/instances/b", {"addresses": ["fd00::1"], "port": 80}, (200, 201)),
    ("PUT", "/v1/services/web/instances/short", {"port": 80, "lease_seconds": 1}, (200, 201)),
    ("PUT", "/v1/services/web/instances/drained", {"port": 80}, (200, 201)),
    ("POST", "/v1/services/web/instances/drained/drain", None, (200,)),
    ("POST", "/v1/services/web/instances", {"port": 81}, (201,)),
    ("POST", "/v1/services/web/instances/a/renew", None, (200,)),
    ("POST", "/v1/services/web/instances/nobody/renew", None, (404,)),
    ("POST", "/v1/instances", {"instances": [{"service": "db", "id": "1", "port": 1}]}, (200,)),
    ("POST", "/v1/renewals", {"renewals": [{"service": "db", "id": "1"}]}, (200,)),
    ("PUT", "/v1/services/web", {"ttl_seconds": 3}, (200, 201)),
    ("PUT", "/v1/services/web", {"ttl_seconds": "long"}, (400,)),
    ("GET", "/v1/services", None, (200,)),
    ("GET", "/v1/services/web/instances?after=0&wait=1", None, (200,)),
    ("GET", "/v1/explain?name=web.mesh.internal&type=A", None, (200,)),
    ("GET", "/v1/zones", None, (200,)),
    ("GET", "/readyz", None, (200,)),
    ("POST", "/v1/zones/reload", None, (200,)),
    ("GET", "/nothing", None, (404,)),
    ("DELETE", "/metrics", None, (405,)),
]
QUERIES = [
    ("web.mesh.internal", "A"), ("web.mesh.internal", "AAAA"), ("_web._tcp.mesh.internal", "SRV"),
    ("nobody.mesh.internal", "A"), ("example.org", "A"),
]  # fmt: skip


class Load:
    """One client of each kind. While it is entered, somebody watches the events."""

    service = "monitored"

    def __init__(self, server):
        self.server = server
        # Prometheus finds the server itself as this service's instance, so it is there to scrape.
        self.target = f"{ADDRESS}:{server.http_port}"
        self.watcher = None

    def __enter__(self):
        body = {"address": ADDRESS, "port": self.server.http_port, "lease_seconds": None}
        self.call("PUT", f"/v1/services/{self.service}/instances/one", body, (201,))
        self.watcher = http.client.HTTPConnection(ADDRESS, self.server.http_port, timeout=30)
        self.watcher.request("GET", "/v1/events")
        self.watcher.getresponse()
        return self

    def __exit__(self, *_):
        self.watcher.close()

    def once(self):
        """Each call and each query once."""
        for call in CALLS:
            self.call(*call)
        for name, kind in QUERIES:
            self.ask(message.query(name, kind))

    def leave(self):
        """Prometheus's target goes."""
        self.call("DELETE", f"/v1/services/{self.service}/instances/one", None, (204,))

    def call(self, method, path, body, expected):
        api = API(self.server.http_port)
        with contextlib.closing(api):
            # What is not JSON, a page of text, is not looked at.
            reply = api.call(method, path, body)
        if reply.status not in expected:
            raise RuntimeError(f"{method} {path} got {reply.status}: {reply.body}")

    def ask(self, query):
        port = self.server.dns_port
        with udp_socket(port, timeout=10) as udp:
            udp.send(query)
            udp.recv(4096)
        with socket.create_connection((ADDRESS, port), timeout=10) as tcp:
            tcp.sendall(struct.pack(">H", len(query)) + query)
            if not tcp.recv(4096):
                raise RuntimeError("a query over TCP got no reply")
