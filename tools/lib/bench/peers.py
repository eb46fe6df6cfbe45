"""The DNS servers that are measured, each set to send the same sections as far as it can."""

import os
import subprocess

from bench.program import Program
from bench.services import ZONE
from loopback import free_port

UDP_SIZE = 1232  # the largest reply, for all


class Rollcall(Program):
    """The program under test, empty at its start."""

    name, executable = "Rollcall", "rollcall"
    binary = None

    def __init__(self, directory, listener="127.0.0.1"):
        super().__init__(directory)
        self.listener = listener
        self.http_port = free_port()
        os.mkdir(os.path.join(self.directory, "zones"))
        if listener != self.address:
            self.name = f"Rollcall on {listener}"

    def command(self):
        return [
            self.binary, "serve", "--workers", "1", "--ns-address", "127.0.0.1",
            "--dns", f"{self.listener}:{self.port}", "--http", f"127.0.0.1:{self.http_port}",
            "--zones", os.path.join(self.directory, "zones"),
            "--data", os.path.join(self.directory, "data"),
        ]  # fmt: skip

    def is_ready(self):
        return " ready " in self.log()


class NSD(Program):
    """One server process. Without minimal responses: with them it leaves out the SRV targets'
    addresses. The rate limit that the Debian build has by default is off."""

    name, executable = "NSD", "nsd"

    def __init__(self, directory, zone_file):
        super().__init__(directory)
        self.zone_file = zone_file

    def command(self):
        path = self.write(
            "nsd.conf",
            f"""server:
 ip-address: 127.0.0.1@{self.port}
 do-ip6: no
 username: ""
 zonesdir: "{self.directory}"
 database: ""
 pidfile: "{self.directory}/pid"
 xfrdfile: "{self.directory}/xfrd.state"
 xfrdir: "{self.directory}"
 zonelistfile: "{self.directory}/zone.list"
 server-count: 1
 tcp-count: 200
 tcp-query-count: 0
 ipv4-edns-size: {UDP_SIZE}
 round-robin: yes
 minimal-responses: no
 rrl-ratelimit: 0
 rrl-whitelist-ratelimit: 0
remote-control:
 control-enable: no
zone:
 name: "{ZONE}"
 zonefile: "{self.zone_file}"
""",
        )
        return [self.path(), "-d", "-c", path]


class Knot(Program):
    """One worker of each kind, and nothing about the zone kept on disk."""

    name, executable = "Knot", "knotd"

    def __init__(self, directory, zone_file):
        super().__init__(directory)
        self.zone_file = zone_file

    def command(self):
        path = self.write(
            "knot.conf",
            f"""server:
 listen: 127.0.0.1@{self.port}
 rundir: "{self.directory}"
 pidfile: "{self.directory}/pid"
 udp-workers: 1
 tcp-workers: 1
 background-workers: 1
 tcp-idle-timeout: 60
 udp-max-payload: {UDP_SIZE}
 answer-rotation: on
log:
 - target: stdout
   any: info
database:
 storage: "{self.directory}"
template:
 - id: default
   storage: "{self.directory}"
   zonefile-sync: -1
   zonefile-load: whole
   journal-content: none
   semantic-checks: off
zone:
 - domain: "{ZONE}"
   file: "{self.zone_file}"
""",
        )
        return [self.path(), "-c", path, "-s", f"{self.directory}/socket"]


class PowerDNS(Program):
    """One receiver, the zone in memory, and the packet cache on."""

    name, executable = "PowerDNS", "pdns_server"

    def __init__(self, directory, zone_file):
        super().__init__(directory)
        self.zone_file = zone_file

    def command(self):
        named = self.write(
            "named.conf",
            f'zone "{ZONE.rstrip(".")}" {{ type master; file "{self.zone_file}"; }};\n',
        )
        # Without the empty security-poll-suffix it would ask the Internet about its version.
        self.write(
            "pdns.conf",
            f"""launch=bind
bind-config={named}
bind-check-interval=0
local-address=127.0.0.1
local-port={self.port}
socket-dir={self.directory}
daemon=no
guardian=no
disable-syslog=yes
loglevel=4
security-poll-suffix=
receiver-threads=1
distributor-threads=1
cache-ttl=60
udp-truncation-threshold={UDP_SIZE}
max-tcp-connections=200
max-tcp-connections-per-client=0
max-tcp-connection-duration=0
max-tcp-transactions-per-conn=0
""",
        )
        return [self.path(), f"--config-dir={self.directory}"]


class Reflector(Program):
    """The floor: sends datagrams back, as long as Rollcall's replies are on average."""

    name, executable = "floor", "reflector"

    def __init__(self, directory, size):
        super().__init__(directory)
        self.size = size

    def command(self):
        return [built_reflector(self.directory), self.address, str(self.port), str(self.size)]

    def is_ready(self):
        # What it sends back has no answer records.
        port = f":{self.port:04X} "
        with open("/proc/net/udp", encoding="ascii") as file:
            return any(port in line for line in file)


def built_reflector(directory):
    source = os.path.join(os.path.dirname(os.path.realpath(__file__)), "reflector.c")
    program = os.path.join(directory, "reflector")
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-o", program, source], check=True)
    return program
