"""Calls of the HTTP API on one connection, and which calls this server has."""

import dataclasses
import http.client
import json

from durability.server import ADDRESS

TIMEOUT = 30  # seconds for one reply


@dataclasses.dataclass(frozen=True)
class Reply:
    status: int
    body: object  # what its JSON says; None where there is none

    @property
    def kind(self):
        """The last part of a problem's type."""
        name = self.body.get("type", "") if isinstance(self.body, dict) else ""
        return name.rpartition(":")[2]


class API:
    """A connection that is kept; it raises OSError or HTTPException when there is no reply."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection(ADDRESS, port, timeout=TIMEOUT)
        self.connection.connect()

    @property
    def port(self):
        """Its own end's, by which the connection is known in a trace of system calls."""
        return self.connection.sock.getsockname()[1]

    def call(self, method, path, body=None):
        """Sends a body that is text as it is, any other as JSON."""
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        self.connection.request(method, path, text, headers)
        response = self.connection.getresponse()
        content = response.read()
        return Reply(response.status, json.loads(content) if content else None)

    def read(self, path):
        """The body of a GET that must succeed."""
        reply = self.call("GET", path)
        if reply.status != 200:
            raise RuntimeError(f"GET {path} got {reply.status}: {reply.body}")
        return reply.body

    def close(self):
        self.connection.close()


NO_REPLY = (OSError, http.client.HTTPException, ValueError)


@dataclasses.dataclass(frozen=True)
class Abilities:
    """Calls that not every version of the program has."""

    drains: bool
    removes_services: bool

    @classmethod
    def of(cls, api):
        """Asks for what is not there; a path or method that is unknown says so."""
        drain = api.call("POST", "/v1/services/nobody/instances/nobody/drain")
        removal = api.call("DELETE", "/v1/services/nobody")
        return cls(drain.kind == "unknown-instance", removal.kind == "unknown-service")

    @property
    def missing(self):
        absent = [] if self.drains else ["drain"]
        return absent + ([] if self.removes_services else ["removal of a service"])
