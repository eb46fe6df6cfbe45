"""Calls of Rollcall's HTTP API on one connection that is kept."""

import http.client
import json
import time

from bench.services import names

TIMEOUT = 120  # seconds for one reply


class API:
    """A connection to a server that runs; what it can't do raises."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(
            server.address, server.http_port, timeout=TIMEOUT
        )

    def call(self, method, path, body=None):
        """The status and the body of the reply."""
        headers = {"Content-Type": "application/json"} if body else {}
        self.connection.request(method, path, body, headers)
        reply = self.connection.getresponse()
        return reply.status, reply.read()

    def bulk(self, path, bodies, expected):
        """Sends bodies that were made before, one after the other; returns the seconds.

        The replies are looked at when the time is over.
        """
        replies = []
        started = time.monotonic()
        for body in bodies:
            replies.append(self.call("POST", path, body))
        seconds = time.monotonic() - started
        for status, text in replies:
            check_results(status, text, expected)
        return seconds

    def instance(self, number):
        service, instance = names(number)
        status, text = self.call("GET", f"/v1/services/{service}/instances/{instance}")
        if status != 200:
            raise RuntimeError(f"{service}/{instance} is not there: {status} {text[:500]}")
        return json.loads(text)


def check_results(status, text, expected):
    """Each item of a bulk call must have its status."""
    if status != 200:
        raise RuntimeError(f"a bulk call got {status}: {text[:500]}")
    for result in json.loads(text)["results"]:
        if result["status"] != expected:
            raise RuntimeError(f"an item of a bulk call got {result}")


def register_all(server, services, lease, say):
    """Registers all the services; returns the seconds that the calls took."""
    api, seconds, done = API(server), 0.0, 0
    for body in services.bulk_bodies(lease=lease):
        seconds += api.bulk("/v1/instances", [body], 201)
        done += 10_000
        if done % 100_000 == 0:
            say(f"registered {min(done, services.instances):,} of {services.instances:,}")
    return seconds
