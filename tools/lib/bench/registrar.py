"""Registrations at fixed times over several connections, and a DNS query after each reply."""

import collections
import dataclasses
import re
import selectors
import socket
import time

from bench import message, services
from bench.registry_api import check_results
from bench.services import ZONE

CONNECTIONS = 32
GIVE_UP = 10  # seconds for all that is still under way at the end
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclasses.dataclass
class Call:
    """One request, and what a query that is sent after its reply must find."""

    request: bytes
    status: int  # of each item, in a bulk call
    is_bulk: bool = False
    query: bytes = None
    found: bytes = None  # somewhere in the reply

    def failure(self, status, text):
        """What is wrong with the reply, if anything is."""
        if not self.is_bulk:
            return None if status == self.status else f"{status} {text[:300]!r}"
        try:
            check_results(status, text, self.status)
        except RuntimeError as error:
            return str(error)


@dataclasses.dataclass
class Outcome:
    """What came of them. Latencies are in seconds from when a call was due."""

    latencies: list = dataclasses.field(default_factory=list)
    failures: list = dataclasses.field(default_factory=list)
    misses: list = dataclasses.field(default_factory=list)
    seen: int = 0
    unanswered: int = 0  # calls and queries
    seconds: float = 0.0


def put(server, number, status, address=None, checked=False):
    """Registers this instance. Checked, a query must see it then: for the instance's name, for
    its service's, or for the SRV records by port name, in turn."""
    service, instance = services.names(number)
    body = f"{{{services.settings(number, host=address)}}}".encode()
    path = f"/v1/services/{service}/instances/{instance}"
    call = Call(http_request(server, "PUT", path, body), status)
    if checked:
        name, kind = (
            (f"{instance}.{service}.{ZONE}", "A"),
            (f"{service}.{ZONE}", "A"),
            (f"_grpc._tcp.{service}.{ZONE}", "SRV"),
        )[number % 3]
        call.query = message.query(name, kind, 1232)
        call.found = socket.inet_aton(address or services.address(number))
        if kind == "SRV":
            call.found = bytes([len(instance)]) + instance.encode()  # the target's first label
    return call


def bulk(server, changed, status):
    """Registers many, given as (number, address), in one call."""
    items = ",".join(services.bulk_item(number, host=address) for number, address in changed)
    body = f'{{"instances":[{items}]}}'.encode()
    return Call(http_request(server, "POST", "/v1/instances", body), status, is_bulk=True)


def http_request(server, method, path, body):
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {server.address}:{server.http_port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Registrar:
    """Keeps to the times at which calls are due, whatever the replies take."""

    def __init__(self, server, rate):
        self.rate = rate
        self.outcome = Outcome()
        self.selector = selectors.DefaultSelector()
        self.idle, self.late = collections.deque(), collections.deque()
        self.asked = {}
        self.dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.dns.connect((server.address, server.port))
        self.dns.setblocking(False)
        self.selector.register(self.dns, selectors.EVENT_READ)
        for _ in range(CONNECTIONS):
            connection = Connection((server.address, server.http_port))
            self.selector.register(connection.socket, selectors.EVENT_READ, connection)
            self.idle.append(connection)

    def perform(self, calls, told_to_end=None):
        started = time.time()
        for number, call in enumerate(calls):
            due = started + number / self.rate
            while (now := time.time()) < due:
                self.take_replies(due - now)
            if told_to_end and told_to_end.poll():
                break
            self.late.append((due, call))
            self.send()
            self.take_replies(0)
        self.outcome.seconds = time.time() - started
        ending = time.time() + GIVE_UP
        while self.under_way() and time.time() < ending:
            self.take_replies(0.1)
        self.outcome.unanswered = self.under_way()
        return self.outcome

    def under_way(self):
        return len(self.late) + CONNECTIONS - len(self.idle) + len(self.asked)

    def send(self):
        while self.late and self.idle:
            self.idle.popleft().send(*self.late.popleft())

    def take_replies(self, seconds):
        for key, _ in self.selector.select(seconds):
            if key.data is None:
                self.take_dns_reply()
            elif reply := key.data.reply():
                self.take_reply(key.data, *reply)
        self.send()

    def take_reply(self, connection, status, text):
        due, call = connection.due, connection.call
        self.outcome.latencies.append(time.time() - due)
        self.idle.append(connection)
        if failure := call.failure(status, text):
            self.outcome.failures.append(failure)
        elif call.query:
            number = len(self.outcome.latencies) & 0xFFFF
            self.asked[number] = call
            self.dns.send(number.to_bytes(2, "big") + call.query[2:])

    def take_dns_reply(self):
        try:
            reply = self.dns.recv(4096)
        except OSError:
            return
        call = self.asked.pop(message.HEADER.unpack_from(reply)[0], None)
        if call is None:
            return
        if message.has_answers(reply) and call.found in reply:
            self.outcome.seen += 1
        else:
            self.outcome.misses.append(call.query.hex())


class Connection:
    """A kept HTTP/1.1 connection with one call under way at most."""

    def __init__(self, address):
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.text = b""
        self.due = self.call = None

    def send(self, due, call):
        self.due, self.call, self.text = due, call, b""
        self.socket.sendall(call.request)

    def reply(self):
        """The status and the body, once they are complete."""
        received = self.socket.recv(1 << 20)
        if not received:
            raise RuntimeError(f"the server closed a connection after {self.text[:300]!r}")
        self.text += received
        head, separator, body = self.text.partition(b"\r\n\r\n")
        length = CONTENT_LENGTH.search(head)
        if not separator or len(body) < int(length[1] if length else 0):
            return None
        return int(head.split(b" ", 2)[1]), body


def perform(told_to_end, server, rate, calls):
    """As `Background` wants it."""
    return Registrar(server, rate).perform(calls, told_to_end)
