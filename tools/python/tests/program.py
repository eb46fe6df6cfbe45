"""The server under test, and what all tests do alike."""

import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

from servicemesh import ServiceMesh

START = 60  # seconds until it is ready
END = 30  # seconds until it has ended
PATIENCE = 30  # seconds for what must happen sooner or later
READY = re.compile(r"ready .*?dns=127\.0\.0\.1:(\d+) http=127\.0\.0\.1:(\d+)")


def wait_until(condition, what):
    """What the condition returned when it was true; fails the test when it never is."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.005)


class Program:
    """Rollcall, on ports that the kernel picks and that stay the same over restarts."""

    binary = None  # set once

    def __init__(self, *options):
        self.directory = tempfile.mkdtemp(prefix="servicemesh-test.", dir="/var/tmp")
        self.options = options
        self.ports = (0, 0)
        self.log_path = os.path.join(self.directory, "log")
        self.start()

    def start(self):
        dns, api = self.ports
        command = [
            self.binary, "serve", "--dns", f"127.0.0.1:{dns}", "--http", f"127.0.0.1:{api}",
            "--workers", "1", *self.options,
        ]  # fmt: skip
        os.makedirs(os.path.join(self.directory, "zones"), exist_ok=True)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START
        while True:
            ready = READY.search(self.log())
            if ready:
                break
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server does not start: {self.log()[-2000:]}")
            time.sleep(0.003)
        self.ports = int(ready[1]), int(ready[2])

    def kill(self, forget=False):
        """Ends it at once; with `forget` the next start knows nothing."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(END)
        if forget:
            shutil.rmtree(os.path.join(self.directory, "rollcall-data"), ignore_errors=True)

    def remove(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def environment(self):
        dns, api = self.ports
        return {"ROLLCALL_DNS": f"127.0.0.1:{dns}", "ROLLCALL_HTTP": f"http://127.0.0.1:{api}"}

    def mesh(self, **settings):
        given = {
            "dns": self.environment["ROLLCALL_DNS"], "http": self.environment["ROLLCALL_HTTP"]
        }  # fmt: skip
        return ServiceMesh(**{**given, **settings})

    def call(self, method, path, body=None):
        """Status and JSON of a call of the API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[1], timeout=10)
        try:
            octets = None if body is None else json.dumps(body)
            fields = {"Content-Type": "application/json"}
            connection.request(method, path, octets, fields)
            reply = connection.getresponse()
            content = reply.read()
            return reply.status, json.loads(content) if content else None
        finally:
            connection.close()

    def instances(self, service):
        """Of a service, by id."""
        status, body = self.call("GET", f"/v1/services/{service}/instances")
        return {each["id"]: each for each in body["instances"]} if status == 200 else {}


class ProgramTest(unittest.TestCase):
    """A test with a server for all tests of the class, and meshes that are closed after each."""

    @classmethod
    def setUpClass(cls):
        cls.program = Program()
        cls.addClassCleanup(cls.program.remove)

    def mesh(self, **settings):
        mesh = self.program.mesh(**settings)
        self.addCleanup(mesh.close)
        return mesh
