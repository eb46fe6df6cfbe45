"""The program under test: started on ports that the kernel picks, killed, started again."""

import os
import re
import signal
import socket
import subprocess
import time

from bench.cores import die_with_parent

START = 60  # seconds that the program has until it is ready
END = 30  # and until it has ended after a signal
ADDRESS = "127.0.0.1"
READY = re.compile(r"^.*\bready\b.*\bdns=127\.0\.0\.1:(\d+) http=127\.0\.0\.1:(\d+)", re.MULTILINE)


class NotStarted(RuntimeError):
    """It ended, or did not get ready in time; with the end of what it logged."""


class Server:
    """Rollcall on one data directory. Each start has a log of its own in `directory`."""

    binary = None  # set once
    environment = {}  # for all starts

    def __init__(self, directory, data=None):
        self.directory = directory
        self.data = data or os.path.join(directory, "data")
        self.zones = os.path.join(directory, "zones")
        os.makedirs(self.zones, exist_ok=True)
        self.process = None
        self.starts = 0
        self.dns_port = self.http_port = None
        self.spawned = self.ready = None  # by the clock: when it was started last, and was ready

    def spawn(self, prefix=()):
        """Starts it, by way of the command that `prefix` begins with, without waiting."""
        self.starts += 1
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ROLLCALL_")}
        command = [
            *prefix, self.binary, "serve", "--dns", f"{ADDRESS}:0", "--http", f"{ADDRESS}:0",
            "--workers", "1", "--data", self.data, "--zones", self.zones,
        ]  # fmt: skip
        self.spawned = time.time()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=inherited | self.environment, preexec_fn=die_with_parent,
            )  # fmt: skip

    def start(self, prefix=()):
        self.spawn(prefix)
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + START
        while not (line := READY.search(self.log())):
            if self.process.poll() is not None and not READY.search(self.log()):
                raise NotStarted(
                    f"it ended at its start with {self.process.returncode}: {self.log_end()}"
                )
            if time.monotonic() > deadline:
                raise NotStarted(f"it is not ready after {START} s: {self.log_end()}")
            time.sleep(0.003)
        self.ready = time.time()
        self.dns_port, self.http_port = int(line[1]), int(line[2])

    def kill(self):
        self.end(signal.SIGKILL)

    def end(self, number):
        """Sends the signal and waits; what does not end in time is killed. Returns its code."""
        if self.process is None:
            return None
        self.process.send_signal(number)
        try:
            return self.process.wait(END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"it did not end within {END} s after signal {number}") from None
        finally:
            self.process = None

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def log_path(self):
        return os.path.join(self.directory, f"log-{self.starts}")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_end(self):
        return self.log().strip()[-2000:]

    def forget_log(self):
        """Removes the last log, so that a thousand starts do not leave a thousand files."""
        os.remove(self.log_path)


def udp_socket(port, timeout):
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    connection.settimeout(timeout)
    connection.connect((ADDRESS, port))
    return connection
