"""Drives servers from their document: which runs there are, and what each is told."""

import os
import re
import subprocess
import urllib.request

import yaml

from openapi import document
from soak.server import Server

HOOKS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "hooks.py")
WAITS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "waits.py")
RUN = 1_800  # seconds that one run may take
CALL = 20  # seconds that one call may take
ZONES = {"example.org.zone": "@ SOA ns hostmaster 1 1 1 1 1\n@ NS ns\nns A 192.0.2.53\n"}

# name, scope, services of each token. What a token does not allow is 403 and 404, which the
# document has, so that there the requests differ less from one another.
TOKENS = [
    ("admin", "admin", "*"), ("writer", "write", "*"), ("reader", "read", "*"),
    ("narrow", "write", "*.narrow"),
]  # fmt: skip

SETTINGS = """
hooks = "{hooks}"
seed = {seed}
base-url = "{url}"
request-timeout = {call}
continue-on-failure = true

[generation]
max-examples = {examples}
database = "none"

# That a condition does not hold, that a key belongs to another body, or that there is no more room
# is said of a request that is right in itself.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412", "422", "507"]

# A stream has no end that could be waited for: waits.py looks at it.
[[operations]]
include-path = "/v1/events"
enabled = false
"""


class Run:
    def __init__(self, programs, binary, directory, seed, examples, say):
        self.programs, self.binary, self.directory = programs, binary, directory
        self.seed, self.examples, self.say = seed, examples, say

    def perform(self):
        """What has findings, by name."""
        findings = []
        with self.server("anonymous") as server:
            contract = fetch(server)
            if not self.is_valid(contract):
                return ["the document"]
            findings += self.drive("without tokens", server, document.read(contract), None)
        tokens = os.path.join(self.directory, "tokens.yaml")
        texts = {token[0]: self.new_token(tokens, *token) for token in TOKENS}
        with self.server("tokens", "--tokens", tokens) as server:
            contract = document.with_tokens(document.read(fetch(server)))
            for name, text in texts.items():
                findings += self.drive(f"as {name}", server, contract, text)
        return findings

    def server(self, name, *options):
        directory = os.path.join(self.directory, name)
        os.mkdir(directory)
        server = Server(self.binary, directory, *options)
        for file, text in ZONES.items():
            with open(os.path.join(server.zones, file), "w", encoding="ascii") as zone:
                zone.write(text)
        return server

    def new_token(self, path, name, scope, services):
        command = [self.binary, "token", "new", "--file", path, "--name", name]
        command += ["--scope", scope, "--services", services]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def is_valid(self, text):
        path = os.path.join(self.directory, "openapi.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return self.succeeds("the document", [self.programs.path("openapi-spec-validator"), path])

    def drive(self, name, server, contract, token):
        """The runs of this caller that have findings."""
        url = f"http://127.0.0.1:{server.http[1]}"
        path = os.path.join(server.directory, f"{name.replace(' ', '-')}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(contract, file, allow_unicode=True)
        settings = SETTINGS.format(
            hooks=HOOKS, seed=self.seed, url=url, call=CALL, examples=self.examples
        )
        if token:
            settings += f'\n[auth.openapi.token]\nbearer = "{token}"\n'
        with open(f"{path}.toml", "w", encoding="utf-8") as file:
            file.write(settings)
        commands = {
            name: [
                self.programs.path("schemathesis"), "--config-file", f"{path}.toml", "run", path,
                "--checks", "all", "--no-color",
            ],
            f"what waits, {name}": [
                self.programs.path("python"), WAITS, path, url, *([token] if token else []),
            ],
        }  # fmt: skip
        return [run for run, command in commands.items() if not self.succeeds(run, command)]

    def succeeds(self, name, command):
        """Whether the command finds nothing. What it says is told only if it does."""
        self.say(name)
        environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", NO_PROXY="*", no_proxy="*")
        result = subprocess.run(
            command, cwd=self.directory, env=environment, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN,
        )  # fmt: skip
        if result.returncode:
            print(result.stdout)
        else:
            self.say("  " + summary(result.stdout))
        return result.returncode == 0


def fetch(server):
    url = f"http://127.0.0.1:{server.http[1]}/openapi.yaml"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=CALL) as reply:
        return reply.read().decode()


def summary(text):
    """The line that counts the requests, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["done"]
    return next((line for line in lines if re.match(r"\d+ generated", line)), lines[-1])
