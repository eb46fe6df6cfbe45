"""A server program: started on its core with a directory, a log and ports; what it used."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import time

from bench import cores, message
from bench.services import ZONE
from loopback import free_port

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
START = 180  # seconds that a program has until it answers
STOP = 30  # seconds until it is killed


class Program:
    """One program. Leaving its context ends it and removes what it wrote."""

    name = None  # in the tables
    executable = None
    environment = {}

    def __init__(self, directory):
        self.directory = os.path.join(directory, f"{self.executable or 'server'}-{id(self):x}")
        os.mkdir(self.directory)
        self.process = None
        self.address, self.port = "127.0.0.1", free_port()

    def command(self):
        """Writes what the program reads at its start, and returns the command line."""
        raise NotImplementedError

    def is_ready(self):
        return self.answers()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        """Returns the seconds until it was ready."""
        command = self.command()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ROLLCALL_")}
        started = time.monotonic()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=inherited | self.environment, start_new_session=True,
                preexec_fn=cores.child_on(cores.SERVER),
            )  # fmt: skip
        while not self.is_ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended at its start:\n{self.log()[-2000:]}")
            if time.monotonic() > started + START:
                raise RuntimeError(f"{self.name} is not ready in time:\n{self.log()[-2000:]}")
            time.sleep(0.005)
        return time.monotonic() - started

    def stop(self, numbers=(signal.SIGTERM, signal.SIGKILL)):
        if self.process is None:
            return
        for number in numbers:
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(STOP)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
            break
        self.process.wait()
        # Killed ones of a server with several processes may hold its port a little longer.
        deadline = time.monotonic() + STOP
        while any(self.processes()) and time.monotonic() < deadline:
            time.sleep(0.005)
        self.process = None

    def kill(self):
        self.stop([signal.SIGKILL])

    @property
    def log_path(self):
        return os.path.join(self.directory, "log")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def path(self):
        search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
        found = shutil.which(self.executable, path=search)
        if not found:
            raise RuntimeError(f"{self.executable} is not installed")
        return found

    def answers(self, name=f"s0.{ZONE}"):
        """Whether it has an address for this name. A server that still loads says nothing."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(0.05)
            udp.connect((self.address, self.port))
            try:
                udp.send(message.query(name, "A"))
                return message.has_answers(udp.recv(4096))
            except OSError:
                return False

    def processes(self):
        """The ids of all processes of its session, which it was made the leader of."""
        for path in glob.glob("/proc/[0-9]*/stat"):
            fields = stat_fields(path)
            if fields and int(fields[3]) == self.process.pid and fields[0] != "Z":
                yield int(path.split("/")[2])

    def cpu(self):
        """(user, system) seconds of all its processes and threads so far."""
        user = system = 0
        for process in self.processes():
            fields = stat_fields(f"/proc/{process}/stat")
            if fields:
                user, system = user + int(fields[11]), system + int(fields[12])
        return user / TICK, system / TICK

    def memory(self):
        """Resident MiB. Of several processes, each page that they share counts once."""
        processes = list(self.processes())
        if len(processes) == 1:
            with open(f"/proc/{processes[0]}/statm", encoding="ascii") as file:
                return int(file.read().split()[1]) * PAGE / MIB
        return sum(proportional_kib(process) for process in processes) / 1024


def stat_fields(path):
    """What follows the name in /proc/PID/stat, or nothing if the process is gone."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def proportional_kib(process):
    with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
