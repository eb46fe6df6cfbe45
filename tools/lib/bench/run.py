"""One run of the tool: the parts in their order, each bounded in time, and what they gave."""

import os
import platform
import re
import signal
import subprocess

from bench import cores, rows
from bench.measure_expiry import expiry
from bench.measure_freshness import churn, visible
from bench.measure_million import million
from bench.measure_queries import tcp, udp
from bench.measure_registrations import register
from bench.measure_threads import threads

PARTS = {
    "udp": udp, "million": million, "tcp": tcp, "register": register, "visible": visible,
    "churn": churn, "expiry": expiry, "threads": threads,
}  # fmt: skip
PART_TIME = 1800  # seconds that a part may take
VERSIONS = (
    ("NSD", ["nsd", "-v"]), ("Knot", ["knotd", "-V"]), ("PowerDNS", ["pdns_server", "--version"]),
    ("etcd", ["etcd", "--version"]), ("dnsperf", ["dnsperf", "-H"]), ("wrk", ["wrk", "-v"]),
    ("h2load", ["h2load", "--version"]),
)  # fmt: skip


FIGURES_NOTE = (
    "Where the server's core is not busy all the time, the queries a second are as many as the "
    "load's core sends."
)


class OutOfTime(RuntimeError):
    """A part took too long."""


class Run:
    """What was asked for, and what came of it."""

    def __init__(self, arguments, directory, say):
        self.arguments, self.directory, self.say = arguments, directory, say
        self.rounds, self.seconds = arguments.rounds, arguments.seconds
        self.seed, self.registrations = arguments.seed, arguments.registrations
        self.rows, self.notes, self.failed, self.kept = [], [], {}, {}
        self.load_before = os.getloadavg()[0]
        if not cores.may_go_first():
            self.notes.append("Latencies include the wait for the load on the same core.")

    def services(self, usual):
        """How many services a part has, unless the command line says."""
        return self.arguments.services or usual

    def keep(self, what, samples):
        """For the figures below the table, and for the JSON."""
        self.kept[what] = samples

    def perform(self, names):
        signal.signal(signal.SIGALRM, out_of_time)
        for name in names:
            self.say(f"--- {name}")
            signal.alarm(PART_TIME)
            try:
                PARTS[name](self)
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                self.failed[name] = f"{type(error).__name__}: {error}"
                self.say(f"{name} FAILED: {self.failed[name]}")
            finally:
                signal.alarm(0)

    def text(self):
        title = f"Medians of {self.rounds} rounds of {self.seconds} s; {self.machine()}"
        parts = [title, rows.table(self.rows)]
        parts += [
            rows.figures_table(what, samples)
            for what, samples in self.kept.items()
            if rows.has_figures(samples)
        ]
        failed = [f"The part {name} FAILED: {why}" for name, why in self.failed.items()]
        notes = [FIGURES_NOTE, *self.notes, *failed]
        parts.append("\n".join(f"- {note}" for note in dict.fromkeys(notes)))
        return "\n\n".join(part for part in parts if part)

    def machine(self):
        return f"{os.cpu_count()} cores, Linux {platform.release()}"

    def as_json(self):
        return {
            "machine": {"cores": os.cpu_count(), "kernel": platform.release()},
            "load_before": self.load_before,
            "versions": {name: version(command) for name, command in VERSIONS},
            "settings": {
                "rounds": self.rounds, "seconds": self.seconds, "seed": self.seed,
                "services": self.arguments.services, "registrations": self.registrations,
            },
            "rows": [row.as_json() for row in self.rows],
            "rounds": {what: samples.rounds for what, samples in self.kept.items()},
            "notes": self.notes,
            "failed": self.failed,
        }  # fmt: skip


def out_of_time(*_):
    raise OutOfTime(f"it took more than {PART_TIME} s")


def version(command):
    """The first version number that the program says."""
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    said = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=10, check=False, env=os.environ | {"PATH": search},
    ).stdout  # fmt: skip
    found = re.search(r"\d+\.\d+(\.\d+)?", said)
    return found[0] if found else "unknown"
