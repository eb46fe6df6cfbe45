"""Changes services, and knows which revisions the watchers of each must be told."""

import re
import urllib.request

from durability.api import API

BULK = 1_000
LARGE = {f"k{n}": "v" * 250 for n in range(60)}  # metadata that makes an event of 16 KiB


class Registry:
    """The server as somebody sees it who changes it. Times out by itself."""

    def __init__(self, port):
        self.api = API(port)
        self.metrics_url = f"http://127.0.0.1:{port}/metrics"
        self.changes = {}  # by service: the revisions of its changes, the registration first
        self.ports = 1

    def register(self, services):
        for at in range(0, len(services), BULK):
            items = [
                {"service": s, "id": "i", "address": "10.0.0.1", "port": 1, "lease_seconds": None}
                for s in services[at : at + BULK]
            ]
            reply = self.api.call("POST", "/v1/instances", {"instances": items})
            for result in reply.body["results"]:
                self.changes[result["service"]] = [result["revision"]]

    def change(self, service, is_large=False):
        """Another port for its instance."""
        self.ports = self.ports % 65_535 + 1
        body = {"address": "10.0.0.1", "port": self.ports, "lease_seconds": None}
        if is_large:
            body["metadata"] = LARGE
        reply = self.api.call("PUT", f"/v1/services/{service}/instances/i", body)
        if reply.status != 200:
            raise RuntimeError(f"a change of {service} got {reply.status}: {reply.body}")
        self.changes[service].append(reply.body["revision"])

    def latest(self, service):
        return self.changes[service][-1]

    def metric(self, name):
        """By its name and labels; 0 if it is not there."""
        with urllib.request.urlopen(self.metrics_url, timeout=30) as reply:
            found = re.search(rf"^{re.escape(name)} (\S+)$", reply.read().decode(), re.MULTILINE)
        return float(found[1]) if found else 0

    def watchers(self):
        kinds = ("stream", "wait")
        return sum(self.metric(f'rollcall_watchers{{kind="{kind}"}}') for kind in kinds)
