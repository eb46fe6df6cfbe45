"""Where one client is shown: the server, the instances behind it, files, and programs to run."""

import os
import subprocess

from bench.cores import die_with_parent
from clients import network
from clients.order import Mistake
from clients.service import wait_until

FILES = os.path.dirname(os.path.realpath(__file__))
CALL = 60  # seconds for a program that ends by itself
START, STOP = 60, 10  # seconds for one that does not
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}


class Place:
    def __init__(self, directory):
        self.directory = directory
        self.registry = self.backends = None  # once the network is there

    def path(self, name):
        return os.path.join(self.directory, name)

    def run(self, *command, text=None, seconds=CALL, may_fail=False):
        """What the program says: its output, and where it may fail, its errors too."""
        done = subprocess.run(
            command, input=text, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if may_fail else subprocess.PIPE, text=True,
            stdin=subprocess.DEVNULL if text is None else None, timeout=seconds, cwd=self.directory,
            env=environment(), preexec_fn=die_with_parent, check=False,
        )  # fmt: skip
        if done.returncode != 0 and not may_fail:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
        return done.stdout


class Daemon:
    """A program that goes on until its context is left, with a log."""

    def __init__(self, place, *command):
        self.place, self.command = place, command
        self.log_path = place.path(f"{os.path.basename(command[0])}.log")
        self.process = None

    def start(self, is_ready):
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.place.directory, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=environment(), preexec_fn=die_with_parent,
            )  # fmt: skip

        def is_ready_or_ended():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.command[0]} ended at its start: {self.log()[-2000:]}")
            return is_ready()

        try:
            wait_until(f"{self.command[0]} being ready", is_ready_or_ended, START)
        except Mistake as error:
            self.stop()
            raise RuntimeError(f"{error}\n{self.log()[-2000:]}") from None

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()


def environment():
    return ENVIRONMENT | {"PATH": f"{os.environ.get('PATH', '')}:{network.PATH}", "LC_ALL": "C"}


def own_file(name):
    """A configuration or a program's source, which lies beside this file."""
    return os.path.join(FILES, name)
