"""A real Prometheus on loopback, that ends with its context."""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml
from bench.cores import die_with_parent
from durability.server import ADDRESS

START, PATIENCE = 60, 60  # seconds
LISTENING = re.compile(r'Listening on"? address=(?:\[::\]|127\.0\.0\.1):(\d+)')
# What Grafana would put there.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*"}
# Queries that have no answer where the server has no TLS, or did not start anew.
EMPTY = ("rollcall_tls_certificate_expiry_timestamp_seconds", "> 0")


class Prometheus:
    SCRAPES = 3  # until rates can be told, and a lease has ended

    def __init__(self, directory, http_port, rules):
        self.directory = directory
        self.http_port = http_port
        self.rules = os.path.abspath(rules)
        self.process = self.url = None

    def __enter__(self):
        os.makedirs(self.directory)
        configuration = os.path.join(self.directory, "prometheus.yml")
        with open(configuration, "w", encoding="utf-8") as file:
            yaml.safe_dump(self.configuration(), file)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [
                    "prometheus", "--config.file", configuration,
                    "--storage.tsdb.path", os.path.join(self.directory, "data"),
                    "--web.listen-address", f"{ADDRESS}:0",
                ],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=die_with_parent,
            )  # fmt: skip
        wait_for("Prometheus being ready", self.is_listening, START, self.log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(START)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def configuration(self):
        """As docs/monitoring.md has it, but that things happen sooner."""
        targets = f"http://{ADDRESS}:{self.http_port}/v1/prometheus/targets"
        relabeling = [
            {"source_labels": [f"__meta_rollcall_{name}"], "target_label": label}
            for name, label in (("service", "service"), ("id", "instance"))
        ]
        return {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [self.rules],
            "scrape_configs": [
                {
                    "job_name": "rollcall",
                    "static_configs": [{"targets": [f"{ADDRESS}:{self.http_port}"]}],
                },
                {
                    "job_name": "mesh",
                    "http_sd_configs": [
                        {"url": f"{targets}?service=monitored", "refresh_interval": "1s"}
                    ],
                    "relabel_configs": relabeling,
                },
            ],
        }

    # What it does

    def is_listening(self):
        line = LISTENING.search(self.log())
        if self.process.poll() is not None:
            raise RuntimeError(f"Prometheus ended: {self.log()[-2000:]}")
        if not line:
            return False
        self.url = f"http://{ADDRESS}:{line[1]}"
        try:
            self.get("/-/ready")
        except (urllib.error.URLError, RuntimeError):
            return False
        return True

    def wait_for_targets(self, service, target_address):
        """Until both jobs have a target that is scraped, the second one's from the registry."""
        wanted = {("rollcall", None, target_address), ("mesh", service, target_address)}

        def are_there():
            found = set()
            for target in self.targets():
                labels, address = target["labels"], target["discoveredLabels"]["__address__"]
                if target["health"] == "up":
                    found.add((labels["job"], labels.get("service"), address))
            return wanted <= found

        wait_for("both targets being up", are_there, PATIENCE, self.log)

    def wait_for_no_target(self, service):
        wait_for(
            "the target's end with its registration",
            lambda: not any(t["labels"].get("service") == service for t in self.targets()),
            PATIENCE, self.log,
        )  # fmt: skip

    def wait_for_scrape(self):
        """Until the server was scraped again."""
        now = time.time()
        query = 'timestamp(rollcall_build_info{job="rollcall"})'
        wait_for(
            "a scrape", lambda: any(v > now for v in self.values(query)), PATIENCE, self.log
        )

    def rule_mistakes(self):
        def are_evaluated():
            return all(rule["lastEvaluation"][:4] > "0001" for rule in self.loaded_rules())

        wait_for("the rules being evaluated", are_evaluated, PATIENCE, self.log)
        for rule in self.loaded_rules():
            if rule["health"] != "ok":
                yield f"rule {rule['name']}: {rule.get('lastError')}"
            # This server is well.
            if rule["state"] == "firing":
                yield f"rule {rule['name']} fires for a server that has nothing"

    def query_mistakes(self, queries):
        for place, query in queries:
            for name, value in VARIABLES.items():
                query = query.replace(name, value)
            try:
                values = self.values(query)
            except RuntimeError as error:
                yield f"{place}: {error}"
                continue
            if not values and not any(part in query for part in EMPTY):
                yield f"{place}: nothing is found by {query}"

    # What it says

    def targets(self):
        return self.data("/api/v1/targets")["activeTargets"]

    def loaded_rules(self):
        return [r for group in self.data("/api/v1/rules")["groups"] for r in group["rules"]]

    def values(self, query):
        result = self.data("/api/v1/query?" + urllib.parse.urlencode({"query": query}))["result"]
        return [float(series["value"][1]) for series in result]

    def data(self, path):
        return json.loads(self.get(path))["data"]

    def get(self, path):
        # No proxy of the user's is meant here.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.url + path, timeout=30) as reply:
                return reply.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{error.code}: {error.read().decode()}") from None

    @property
    def log_path(self):
        return os.path.join(self.directory, "log")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()


def wait_for(what, condition, seconds, log):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"no {what} within {seconds} s: {log()[-2000:]}")
        time.sleep(0.05)
