"""The four servers: each started on a loopback port of its own with the same zone files."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from loopback import free_port

START = 60  # seconds that a program has until it answers
UDP_SIZE = 1232  # for all four, so that TC can be compared


def end_with_parent():
    """In the child: the kernel ends it when the test ends, even when that is killed."""
    prctl_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(prctl_set_pdeathsig, signal.SIGKILL)


class Server:
    """One program with a directory, a log and a port of its own."""

    name = None
    program = None

    def __init__(self, directory, zone_directory, origins):
        self.directory = os.path.join(directory, self.name)
        os.mkdir(self.directory)
        self.zone_directory, self.origins = zone_directory, origins
        self.log_path = os.path.join(self.directory, "log")
        self.process = None
        self.port = None

    def configuration(self):
        """Writes what the program reads at its start, and returns the command line."""
        raise NotImplementedError

    def start(self):
        self.port = free_port()
        command = self.configuration()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ROLLCALL_")}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment, start_new_session=True, preexec_fn=end_with_parent,
            )  # fmt: skip

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def zone_file(self, origin):
        return os.path.join(self.zone_directory, origin + "zone")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def has_read_all_zones(self):
        """Whether the log says that reading the zone files is over."""
        return True

    def wait_until_ready(self):
        deadline = time.monotonic() + START + len(self.origins) / 100
        while not (self.answers() and self.has_read_all_zones()):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended at its start:\n{self.log()[-2000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} is not ready in time:\n{self.log()[-2000:]}")
            time.sleep(0.1)

    def answers(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(0.5)
            udp.connect(("127.0.0.1", self.port))
            try:
                udp.send(bytes.fromhex("123400000001000000000000 00 0001 0001"))
                return len(udp.recv(512)) >= 12
            except OSError:
                return False

    def stop(self):
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()

    @classmethod
    def path(cls):
        search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
        found = shutil.which(cls.program, path=search)
        if not found:
            raise RuntimeError(f"{cls.program} is not installed")
        return found


class NSD(Server):
    """NSD without response rate limiting, which the Debian build has switched on."""

    name, program = "nsd", "nsd"

    def configuration(self):
        zones = "".join(
            f'zone:\n name: "{o}"\n zonefile: "{self.zone_file(o)}"\n' for o in self.origins
        )
        path = self.write(
            "nsd.conf",
            f"""server:
 ip-address: 127.0.0.1@{self.port}
 port: {self.port}
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
 tcp-timeout: 60
 ipv4-edns-size: {UDP_SIZE}
 round-robin: no
 minimal-responses: no
 refuse-any: no
 rrl-ratelimit: 0
 rrl-whitelist-ratelimit: 0
 hide-version: no
 nsid: "ascii_nsd"
 answer-cookie: yes
remote-control:
 control-enable: no
{zones}""",
        )
        return [self.path(), "-d", "-c", path]


class Knot(Server):
    """Knot without answer rotation, and without keeping anything about zones on disk."""

    name, program = "knot", "knotd"

    def configuration(self):
        zones = "".join(f' - domain: "{o}"\n   file: "{self.zone_file(o)}"\n' for o in self.origins)
        path = self.write(
            "knot.conf",
            f"""server:
 listen: 127.0.0.1@{self.port}
 rundir: "{self.directory}"
 pidfile: "{self.directory}/pid"
 udp-workers: 1
 tcp-workers: 1
 background-workers: 2
 tcp-idle-timeout: 60
 udp-max-payload: {UDP_SIZE}
 answer-rotation: off
mod-cookies:
 - id: default
   badcookie-slip: 1
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
   global-module: mod-cookies
zone:
{zones}""",
        )
        return [self.path(), "-c", path, "-s", f"{self.directory}/socket"]

    def has_read_all_zones(self):
        # A line for each zone, whether it was taken or refused.
        return len(set(re.findall(r"\[(\S+)\] (?:loaded|.*failed)", self.log()))) >= len(
            self.origins
        )


class BIND(Server):
    """BIND as an authoritative server alone, with its doubts about zone contents silenced."""

    name, program = "bind", "named"

    def configuration(self):
        zones = "".join(
            f'zone "{o}" {{ type primary; file "{self.zone_file(o)}"; }};\n' for o in self.origins
        )
        path = self.write(
            "named.conf",
            f"""options {{
 directory "{self.directory}";
 listen-on port {self.port} {{ 127.0.0.1; }};
 listen-on-v6 {{ none; }};
 pid-file none; session-keyfile none; lock-file none;
 recursion no; allow-query {{ any; }}; allow-transfer {{ none; }}; notify no;
 dnssec-validation no; empty-zones-enable no; zero-no-soa-ttl no;
 server-id hostname;
 minimal-responses no-auth; minimal-any yes;
 max-udp-size {UDP_SIZE}; edns-udp-size {UDP_SIZE}; nocookie-udp-size {UDP_SIZE};
 check-integrity no; check-sibling no; check-wildcard no; check-names primary ignore;
 check-mx ignore; check-mx-cname ignore; check-srv-cname ignore; check-dup-records ignore;
 max-records-per-type 0; max-types-per-name 0;
 masterfile-format text; zone-statistics none; tcp-clients 1000; tcp-idle-timeout 600;
}};
controls {{ }};
{zones}""",
        )
        return [self.path(), "-g", "-n", "1", "-c", path]

    def has_read_all_zones(self):
        return "all zones loaded" in self.log()


class Rollcall(Server):
    """The program under test."""

    name = "rollcall"
    binary = None

    def configuration(self):
        return [
            self.binary, "serve", "--dns", f"127.0.0.1:{self.port}", "--http", "127.0.0.1:0",
            "--zones", self.zone_directory, "--data", os.path.join(self.directory, "data"),
            "--zone", "service-zone.unused.", "--workers", "1",
        ]  # fmt: skip


PEERS = (NSD, Knot, BIND)
