"""A server that a tool drives: started, looked at from outside, ended."""

import os
import shutil
import signal
import subprocess
import time

from bench.cores import die_with_parent
from loopback import free_port

MUTEX = os.path.join(os.path.dirname(os.path.realpath(__file__)), "mutex.c")
START, STOP = 120, 60  # seconds; a sanitizer makes both slow


class Server:
    """One process with its directories. Leaving its context ends it."""

    def __init__(self, binary, directory, *arguments):
        self.binary, self.directory, self.arguments = binary, directory, arguments
        self.dns = ("127.0.0.1", free_port())
        self.http = ("127.0.0.1", free_port())
        self.zones = os.path.join(directory, "zones")
        os.mkdir(self.zones)
        self.process = None
        self.sanitizer = sanitizer(binary)

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [
                    self.binary, "serve", "--workers", "2", "--zones", self.zones,
                    "--dns", "127.0.0.1:%d" % self.dns[1], "--http", "127.0.0.1:%d" % self.http[1],
                    "--data", os.path.join(self.directory, "data"), *self.arguments,
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment(), preexec_fn=die_with_parent,
            )  # fmt: skip
        deadline = time.monotonic() + START
        while " ready " not in self.log():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"the server does not get ready:\n{self.log()[-2000:]}")
            time.sleep(0.05)
        return self

    def environment(self):
        others = {k: v for k, v in os.environ.items() if not k.startswith("ROLLCALL_")}
        if self.sanitizer != "thread":
            return others
        library = os.path.join(self.directory, "mutex.so")
        # Swift's own, since no other compiler calls as Swift does.
        swift = os.path.realpath(shutil.which("swift"))
        compiler = os.path.join(os.path.dirname(swift), "clang")
        subprocess.run(
            [compiler, "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", library, MUTEX],
            check=True,
        )
        return others | {"LD_PRELOAD": library}

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Its exit status, or None when it had to be killed."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None

    @property
    def log_path(self):
        return os.path.join(self.directory, "log")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    # As the kernel sees it

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def resident(self):
        """In KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def sanitizer(binary):
    """What the program was built with, if anything."""
    with open(binary, "rb") as file:
        text = file.read()
    for name, mark in (("address", b"__asan_init"), ("thread", b"__tsan_init")):
        if mark in text:
            return name
    return None
