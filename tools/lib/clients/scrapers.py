"""Prometheus, which finds what to scrape by DNS and by the API."""

import json
import urllib.request

from clients import network, scenes
from clients.client import Client
from clients.place import Daemon, own_file
from clients.registry import ADDRESS
from clients.service import wait_until

URL = f"http://{ADDRESS}:9090"
JOBS = ("by-srv", "by-address", "by-http")


class Prometheus(Client):
    """A call is a look at the targets of all jobs."""

    name = "prometheus"
    expects = "scrapes each instance; asks every refresh_interval"
    keeps = 8  # seconds: the interval of 1 s, and up to 5 s until it has a change of targets

    def version(self):
        return self.place.run("prometheus", "--version").split()[2]

    def __enter__(self):
        network.use_resolver(own_file("glibc/resolv.conf"))
        self.daemon = Daemon(
            self.place, "prometheus", "--config.file", own_file("prometheus/prometheus.yml"),
            "--storage.tsdb.path", self.place.path("tsdb"),
            "--web.listen-address", URL.removeprefix("http://"),
        )  # fmt: skip
        self.daemon.start(lambda: "Server is ready" in self.daemon.log())
        return self

    def __exit__(self, *_):
        self.daemon.stop()

    def seen(self):
        for job in JOBS:
            wait_until(f"all scraped {job}", lambda: self.scrapes_all(job), scenes.PATIENCE)
            yield f"{job}: all {scenes.STEADY} instances scraped"
        yield scenes.comes_and_goes(self, self.service, self.keeps)

    def scrapes_all(self, job):
        found = {
            target["scrapeUrl"].split("/")[2] for target in self.targets()
            if target["labels"]["job"] == job and target["health"] == "up"
        }  # fmt: skip
        hosts = [f"{i.id}.{self.service.host}" for i in self.service.instances]
        wanted = hosts if job == "by-srv" else self.service.members
        return found == {f"{one}:8080" for one in wanted}

    def reached(self, calls):
        """The addresses that any job scrapes."""
        by_host = {f"{i.id}.{self.service.host}": i.address for i in self.service.instances}
        hosts = [target["scrapeUrl"].split("/")[2].split(":")[0] for target in self.targets()]
        return [by_host.get(host, host) for host in hosts]

    def targets(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{URL}/api/v1/targets?state=active", timeout=30) as reply:
            return json.load(reply)["data"]["activeTargets"]
