"""A program that resolves names as its platform does: a line in, a line out for each call."""

import os
import select
import subprocess
import time

from bench.cores import die_with_parent
from clients.order import Mistake
from clients.place import environment

PATIENCE = 300  # seconds for the calls of one line
OCTETS = 1 << 16


class Resolution:
    """Reads "COUNT NAME"; writes for each call its addresses, or "error" and the reason."""

    def __init__(self, place, *command):
        with open(place.path("resolution.log"), "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=place.directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, env=environment(), preexec_fn=die_with_parent,
            )  # fmt: skip
        self.pending = b""

    def all(self, name, calls=1):
        """The addresses of each call, in their order."""
        self.process.stdin.write(f"{calls} {name}\n".encode())
        self.process.stdin.flush()
        deadline = time.monotonic() + PATIENCE
        return [self.line(name, deadline) for _ in range(calls)]

    def line(self, name, deadline):
        while b"\n" not in self.pending:
            own = self.process.stdout.fileno()
            left = max(0, deadline - time.monotonic())
            if not select.select([own], [], [], left)[0] or not (text := os.read(own, OCTETS)):
                raise RuntimeError(f"{self.process.args[0]} says nothing of {name}")
            self.pending += text
        line, _, self.pending = self.pending.partition(b"\n")
        if line.startswith(b"error") or not line.strip():
            raise Mistake(f"{name}: {line.decode() or 'no address'}")
        return line.decode().split()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()
