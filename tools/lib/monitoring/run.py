"""The checks in their order. Each gives the mistakes that it finds, as lines of text."""

import http.client
import os
import re
import signal

from durability.server import ADDRESS, Server

from monitoring import expressions, promtool
from monitoring.load import Load
from monitoring.prometheus import Prometheus

FILES = os.path.join(os.path.dirname(__file__), "..", "..", "prometheus")
RULES = os.path.join(FILES, "rollcall.rules.yaml")
RULE_TESTS = os.path.join(FILES, "rollcall.rules.test.yaml")
DASHBOARD = os.path.join(FILES, "rollcall.dashboard.json")


def perform(binary, directory, say):
    say("the alert rules and their tests")
    mistakes = promtool.check("check", "rules", RULES) + promtool.check("test", "rules", RULE_TESTS)
    mistakes += expressions.untested_alerts(RULES, RULE_TESTS)
    mistakes += expressions.layout_mistakes(DASHBOARD)
    Server.binary = binary
    server = Server(directory)
    server.start()
    try:
        with Load(server) as load:
            mistakes += look_at(server, load, directory, say)
    finally:
        if server.is_running:
            server.end(signal.SIGTERM)
    return mistakes


def look_at(server, load, directory, say):
    say("a server at work: promtool check metrics")
    load.once()
    text = metrics(server)
    mistakes = promtool.check("check", "metrics", text=text)
    mistakes += list(unknown_names(text))
    say("a Prometheus that scrapes it, finds targets and loads the rules")
    with Prometheus(os.path.join(directory, "prometheus"), server.http_port, RULES) as prometheus:
        prometheus.wait_for_targets(load.service, load.target)
        for _ in range(prometheus.SCRAPES):
            load.once()
            prometheus.wait_for_scrape()
        mistakes += prometheus.rule_mistakes()
        say("each query of the rules and of the dashboard")
        mistakes += prometheus.query_mistakes(expressions.of_dashboard(DASHBOARD))
        load.leave()
        prometheus.wait_for_no_target(load.service)
    return mistakes


def metrics(server):
    connection = http.client.HTTPConnection(ADDRESS, server.http_port, timeout=30)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    if response.status != 200:
        raise RuntimeError(f"GET /metrics got {response.status}")
    try:
        return response.read().decode()
    finally:
        connection.close()


def unknown_names(text):
    """Names in the rules and the dashboard that the server does not know."""
    known = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        known |= {name + ending for ending in endings}
    # A server without TLS has no certificate.
    known.add("rollcall_tls_certificate_expiry_timestamp_seconds")
    for place, expression in expressions.of_rules(RULES) + expressions.of_dashboard(DASHBOARD):
        for name in re.findall(r"\b(?:rollcall|process)_\w+", expression):
            if name not in known:
                yield f"{place}: the server has no metric {name}"
