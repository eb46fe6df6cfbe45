"""The registry that the page shows: a server, and calls that change what it has."""

import http.client
import json

from soak.server import Server


class Registry(Server):
    """One process that can be ended and started again on its ports and data."""

    def __init__(self, binary, directory, tokens, *arguments):
        """Calls are made with the admin's token, if there are tokens."""
        super().__init__(binary, directory, *arguments)
        self.tokens = tokens

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.http[1]

    def watchers(self):
        """Event streams that are open."""
        name = 'rollcall_watchers{kind="stream"} '
        lines = self.text("GET", "/metrics").splitlines()
        return float(next(line for line in lines if line.startswith(name)).removeprefix(name))

    def call(self, method, path, body=None):
        """The reply's object, or None."""
        text = self.text(method, path, body)
        return json.loads(text) if text else None

    def text(self, method, path, body=None):
        """The reply's body; any status but 2xx is an error of the test."""
        connection = http.client.HTTPConnection(*self.http, timeout=60)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens['admin']}"
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        if reply.status // 100 != 2:
            raise RuntimeError(f"{method} {path}: {reply.status} {text[:500]}")
        return text

    def register(self, service, id, lease_seconds=None, **members):
        registration = {"port": 8080, "lease_seconds": lease_seconds, **members}
        return self.call("PUT", f"/v1/services/{service}/instances/{id}", registration)

    def accepts(self, service, id):
        """Whether a registration succeeds; one that can't be stored does not."""
        try:
            self.register(service, id)
        except RuntimeError as error:
            if " 503 " not in str(error):
                raise
            return False
        return True

    def register_many(self, registrations):
        reply = self.call("POST", "/v1/instances", {"instances": registrations})
        failed = [one for one in reply["results"] if one["status"] != 201]
        if failed:
            raise RuntimeError(f"not registered: {failed[:3]}")

    def renew(self, service, id, **members):
        return self.call("POST", f"/v1/services/{service}/instances/{id}/renew", members or None)

    def deregister(self, service, id):
        self.call("DELETE", f"/v1/services/{service}/instances/{id}")

    def empty(self):
        """Removes all services."""
        for service in self.call("GET", "/v1/services?limit=10000")["services"]:
            self.call("DELETE", f"/v1/services/{service['name']}")
