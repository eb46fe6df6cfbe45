"""The parts of a flood, the server that they are put on, and what must hold in each."""

import contextlib
import math
import time

from bench import cores, peers, registry_api, services
from bench.background import Background
from flood import attackers, clients, datagrams
from flood.rows import Row

WARM_UP = 3  # seconds of the clients before an attack begins
HOLD = 12  # seconds that an attack goes on after its last connection
END = 30  # seconds for a process to end and to say what it counted
CLIENTS_PRIORITY = 2  # before the sender of datagrams, which has 1
SUCCESS = 0.99
# What the limits allow in buffers: 64 MiB of HTTP replies that nobody takes and 64 KiB besides for
# each of 1,100 connections, twice 64 KiB for each of 1,000 DNS connections; and NIO's own share.
MEMORY_ABOVE_IDLE = 320  # MiB


class Server(peers.Rollcall):
    """Rollcall with what can be read of it from outside."""

    def start(self):
        seconds = super().start()
        cores.put_session_first(self.process.pid)
        return seconds

    def kernel_drops(self):
        """Datagrams for its UDP port that found no room, by /proc/net/udp."""
        with open("/proc/net/udp", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        port = f":{self.port:04X}"
        return sum(int(row[-1]) for row in rows if row[1].endswith(port))

    def peak_memory(self):
        """MiB since the last call of `forget_peak`."""
        return self.status("VmHWM") / 1024

    def forget_peak(self):
        for process in self.processes():
            with open(f"/proc/{process}/clear_refs", "w", encoding="ascii") as file:
                file.write("5")

    def status(self, field):
        for process in self.processes():
            with open(f"/proc/{process}/status", encoding="ascii") as file:
                return next(int(line.split()[1]) for line in file if line.startswith(field + ":"))
        raise RuntimeError(f"the server ended:\n{self.log()[-2000:]}")


class Flood:
    """A server with registrations, and one part after another."""

    def __init__(self, arguments, server, say):
        self.arguments, self.server, self.say = arguments, server, say
        self.seed = arguments.seed
        self.services = services.Services(arguments.services)
        self.notes = []
        registry_api.register_all(server, self.services, services.LONG_LEASE, say)
        self.idle_memory = server.memory()

    def perform(self, part):
        self.server.forget_peak()
        found = PARTS[part](self)
        above = max(0, self.server.peak_memory() - self.idle_memory)
        found.append(
            Row(f"{part}: peak memory above {self.idle_memory:.0f} MiB when idle", above, "MiB",
                at_most=MEMORY_ABOVE_IDLE)
        )  # fmt: skip
        return found

    def behaving(self, dawdling):
        """Clients that behave, in a process of their own."""
        server = Address(self.server.address, self.server.port, self.server.http_port)
        return Background(
            clients.perform, server, self.services.count, dawdling, self.seed,
            priority=CLIENTS_PRIORITY,
        )  # fmt: skip

    def beside_clients(self, part, names, count, rate, dawdling):
        """Puts these attacks on the server at the same time, with well-behaved clients beside."""
        known = attackers.attacks(self.server, self.services)
        with contextlib.ExitStack() as stack:
            behaved = stack.enter_context(self.behaving(dawdling))
            time.sleep(WARM_UP)
            attacking = {
                name: stack.enter_context(
                    Background(
                        attackers.perform, known[name], self.target(known[name]),
                        round(count * known[name].share), rate * known[name].share,
                        self.arguments.addresses,
                    )
                )
                for name in names
            }  # fmt: skip
            time.sleep(count / rate + HOLD)
            if self.server.process.poll() is not None:
                raise RuntimeError(f"the server ended:\n{self.server.log()[-2000:]}")
            tallies = behaved.end(END)
            counted = {name: attack.end(END) for name, attack in attacking.items()}
        wanted = {name: count * known[name].share for name in names}
        return self.attack_rows(part, counted, wanted) + self.client_rows(part, tallies)

    def target(self, attack):
        port = self.server.http_port if attack.over_http else self.server.port
        return (self.server.address, port)

    def attack_rows(self, part, counted, wanted):
        for name, figures in counted.items():
            self.notes.append(f"{part}, {name}: {figures}")
        return [
            Row(f"{part}: {name}, connections opened", figures["opened"] - figures["failed"], "",
                at_least=wanted[name] * 0.99)
            for name, figures in counted.items()
        ]  # fmt: skip

    def client_rows(self, part, tallies, promised=None):
        """What is promised for a kind of attempts, if it is not the same as for all others."""
        found, promised = [], promised or {}
        for kind, tally in sorted(tallies.items()):
            if tally.failures:
                self.notes.append(f"{part}, {kind}: {tally.failures}")
            slowest = sorted(tally.latencies)[math.ceil(len(tally.latencies) * 0.99) - 1 :][:1]
            found.append(
                Row(f"{part}: {kind} that succeed, of {tally.tried}", tally.share, "",
                    at_least=promised.get(kind, SUCCESS))
            )  # fmt: skip
            found.append(Row(f"{part}: {kind}, p99", slowest[0] * 1000 if slowest else 0, "ms"))
        return found


class Address:
    """Where the server is, for processes of their own."""

    def __init__(self, address, port, http_port):
        self.address, self.port, self.http_port = address, port, http_port


def connections(flood):
    arguments = flood.arguments
    return flood.beside_clients(
        "connections", ["idle on DNS", "idle on HTTP"], arguments.connections // 2,
        arguments.rate / 2, dawdling=1.0,
    )  # fmt: skip


def rush(flood):
    """As fast as they can be opened; the clients ask as soon as they are connected."""
    arguments = flood.arguments
    return flood.beside_clients(
        "rush", ["idle on DNS", "idle on HTTP"], arguments.connections // 2,
        arguments.rush_rate / 2, dawdling=0,
    )  # fmt: skip


def dribblers(flood):
    return flood.beside_clients(
        "dribblers", ["dribbling queries", "dribbling heads", "dribbling bodies"],
        flood.arguments.slow, 200, dawdling=1.0,
    )  # fmt: skip


def readers(flood):
    return flood.beside_clients(
        "readers", ["not reading DNS", "not reading HTTP"], flood.arguments.slow, 100,
        dawdling=1.0,
    )  # fmt: skip


PARTS = {
    "udp": datagrams.measure,
    "connections": connections,
    "rush": rush,
    "dribblers": dribblers,
    "readers": readers,
}


def started(directory, binary):
    peers.Rollcall.binary = binary
    cores.choose()
    return Server(directory)
