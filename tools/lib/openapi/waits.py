"""Looks at the calls that wait, against the document: long polls, drains, event streams.

usage: waits.py DOCUMENT URL [TOKEN]       with the Python that schemathesis is installed for
"""

import http.client
import json
import sys
import urllib.parse

import jsonschema
import schemathesis
import yaml

CALL = 30  # seconds
SERVICE = "waits.narrow"
EVENTS = [
    "service-configured", "registered", "replaced", "status-changed", "draining", "drained",
    "registered", "expired", "registered", "deregistered", "service-removed",
]  # fmt: skip


class Caller:
    def __init__(self, path, url, token):
        with open(path, encoding="utf-8") as file:
            self.contract = yaml.safe_load(file)
        self.schema = schemathesis.openapi.from_path(path)
        self.url = url
        self.fields = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, method, path, status, body=None, query=None, **names):
        """The reply, which must be as the document says and have this status."""
        operation = self.schema[path][method]
        arguments = {} if body is None else {"body": body, "media_type": "application/json"}
        case = operation.Case(path_parameters=names, query=query or {}, **arguments)
        # Named, since others want data that was made.
        reply = case.call(base_url=self.url, headers=self.fields, timeout=CALL)
        case.validate_response(reply)
        if reply.status_code != status:
            raise AssertionError(f"{method} {path}: {reply.status_code}, not {status}")
        return reply

    def open_stream(self, fields, query=""):
        """The connection and the reply, whose head must be as the document says."""
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=CALL)
        connection.request("GET", f"/v1/events{query}", headers={**self.fields, **fields})
        reply = connection.getresponse()
        responses = self.contract["paths"]["/v1/events"]["get"]["responses"]
        assert reply.status == 200 and "200" in responses, reply.status
        assert reply.getheader("Content-Type") in responses["200"]["content"]
        for name, header in responses["200"]["headers"].items():
            self.validate(reply.getheader(name), header["schema"])
        return connection, reply

    def validate(self, value, schema):
        whole = {**schema, "components": self.contract["components"]}
        jsonschema.Draft202012Validator(whole).validate(value)


def main():
    caller = Caller(*sys.argv[1:3], sys.argv[3] if len(sys.argv) > 3 else None)
    if can_write(caller):
        watch(caller)
    for query in ({"service": ["-"]}, {"service": ["web"] * 65}):
        caller.call("GET", "/v1/events", 400, query=query)
    connection, reply = caller.open_stream({"Last-Event-ID": "x"})
    kind, data = next_event(reply)
    assert kind == "reset" and isinstance(data["revision"], int) and len(data) == 1, data
    connection.close()
    print("what waits is as the document says")


def can_write(caller):
    operation = caller.schema["/v1/renewals"]["POST"]
    case = operation.Case(body={"renewals": []}, media_type="application/json")
    return case.call(base_url=caller.url, headers=caller.fields, timeout=CALL).status_code == 200


def watch(caller):
    """Makes one event of each kind, and calls that wait for them."""
    connection, stream = caller.open_stream({}, f"?service={SERVICE}")
    service, instance = "/v1/services/{service}", "/v1/services/{service}/instances/{id}"
    names = {"service": SERVICE, "id": "a"}
    body = {"address": "10.0.0.1", "lease_seconds": None}
    caller.call("PUT", service, 201, {"ttl_seconds": 0}, service=SERVICE)
    caller.call("PUT", instance, 201, body, **names)
    caller.call("PUT", instance, 200, {**body, "tags": ["v2"]}, **names)
    caller.call("POST", f"{instance}/renew", 200, {"status": "warning"}, **names)
    caller.call("POST", f"{instance}/drain", 200, query={"wait": "true"}, **names)
    before = caller.call("PUT", instance, 201, {**body, "lease_seconds": 1}, **names).json()
    poll(caller, before["revision"])
    caller.call("PUT", instance, 201, body, **names)
    caller.call("DELETE", instance, 204, **names)
    caller.call("DELETE", service, 204, service=SERVICE)
    for expected in EVENTS:
        kind, data = next_event(stream)
        assert kind == expected, f"{kind}, not {expected}"
        caller.validate(data, {"$ref": "#/components/schemas/Event"})
    connection.close()


def poll(caller, revision):
    """Waits until the instance has expired, and then for what does not happen."""
    path = "/v1/services/{service}/instances"
    for after, wait in ((revision, 20), (None, 1)):
        query = {"after": revision if after is None else after, "wait": wait}
        page = caller.call("GET", path, 200, query=query, service=SERVICE).json()
        assert page["revision"] > revision or wait == 1, page
        revision = page["revision"]


def next_event(stream):
    """Kind and data of the next event, which must come in time."""
    kind = None
    while True:
        line = stream.readline().decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            return kind, json.loads(value)


if __name__ == "__main__":
    main()
