"""What a server has: all services and instances over HTTP, and whether DNS says the same."""

import collections
import dataclasses
import ipaddress
import math
import socket
import struct
import time

from durability.api import API
from durability.change import stored
from durability.server import ADDRESS
from oracle import message

ZONE = "mesh.internal."
TIMEOUT = 10  # seconds for one DNS reply
PIPELINED = 100  # queries that are under way at once
NOERROR, NXDOMAIN = 0, 3
LIVE = ("passing", "warning")


@dataclasses.dataclass(frozen=True)
class Found:
    instances: dict  # (service, id): what is stored of it
    services: dict  # name: revision
    serial: int
    time: float  # by the clock, when the last of it was read


def find(server):
    api = API(server.http_port)
    try:
        services, instances = {}, {}
        for service in all_pages(api, "/v1/services", "services"):
            services[service["name"]] = service["revision"]
            path = f"/v1/services/{service['name']}/instances"
            for shown in all_pages(api, path, "instances"):
                instances[shown["service"], shown["id"]] = stored(shown)
        return Found(instances, services, serial(server), time.time())
    finally:
        api.close()


def all_pages(api, path, member):
    cursor = ""
    while cursor is not None:
        page = api.read(f"{path}?limit=1000" + (f"&cursor={cursor}" if cursor else ""))
        yield from page[member]
        cursor = page["next_cursor"]


def serial(server):
    query = (ZONE, "SOA")
    (reply,) = ask(server.dns_port, [query])
    return soa_serial(reply)


def soa_serial(reply):
    rdata = reply.sections[0][0][4]
    return struct.unpack("!I", rdata[-20:-16])[0]


def ask(port, queries):
    """The replies to (name, type) queries over one TCP connection, in order."""
    replies = {}
    with socket.create_connection((ADDRESS, port), TIMEOUT) as connection:
        file = connection.makefile("rb")
        for start in range(0, len(queries), PIPELINED):
            some = range(start, min(start + PIPELINED, len(queries)))
            connection.sendall(b"".join(framed(number, *queries[number]) for number in some))
            for _ in some:
                octets = file.read(int.from_bytes(file.read(2), "big"))
                number = int.from_bytes(octets[:2], "big")
                replies[number] = message.Reply(octets)
    return [replies[number] for number in range(len(queries))]


def framed(number, name, kind):
    octets = number.to_bytes(2, "big") + message.query(name, message.type_number(kind))
    return len(octets).to_bytes(2, "big") + octets


def compare_dns(server, found, gone):
    """What DNS says otherwise than HTTP. `gone` are instances that must have no name."""
    checks = [*service_checks(found), *instance_checks(found, gone)]
    replies = ask(server.dns_port, [query for query, _, _ in checks])
    now = time.time()
    faults = []
    for ((name, kind), may_change, expected), reply in zip(checks, replies, strict=True):
        # Restored leases run from the start on; what has ended since is no fault.
        if server.spawned + may_change <= now:
            continue
        actual = (reply.rcode, frozenset(record[4] for record in reply.sections[0]))
        if actual != expected:
            faults.append(f"DNS, {name} {kind}: expected {shown(expected)}, got {shown(actual)}")
    return faults


def service_checks(found):
    """((name, type), the seconds until it may change by itself, (code, RDATA set))."""
    members = collections.defaultdict(list)
    for (service, _), fields in found.instances.items():
        members[service].append(fields)
    for service in found.services:
        live = [fields for fields in members[service] if fields["status"] in LIVE]
        seconds = min(map(lease, live), default=math.inf)
        best = min((fields["priority"] for fields in live), default=None)
        first = [fields for fields in live if fields["priority"] == best]
        for kind, size in (("A", 4), ("AAAA", 16)):
            rdata = frozenset(a for f in first for a in packed(f) if len(a) == size)
            yield (f"{service}.{ZONE}", kind), seconds, (NOERROR, rdata)
        rdata = frozenset(
            struct.pack("!3H", fields["priority"], fields["weight"], fields["port"])
            + message.name_octets(host(fields)) for fields in live
        )  # fmt: skip
        yield (f"{service}.{ZONE}", "SRV"), seconds, (NOERROR, rdata)


def instance_checks(found, gone):
    for fields in found.instances.values():
        text = b"".join(
            character_string(f"{key}={value}") for key, value in fields["metadata"].items()
        )
        yield (host(fields), "TXT"), lease(fields), (NOERROR, frozenset([text]))
        rdata = frozenset(address for address in packed(fields) if len(address) == 4)
        yield (host(fields), "A"), lease(fields), (NOERROR, rdata)
    for service, name in gone:
        yield (f"{name}.{service}.{ZONE}", "A"), math.inf, (NXDOMAIN, frozenset())


def host(fields):
    return f"{fields['id']}.{fields['service']}.{ZONE}"


def lease(fields):
    """Until it may leave by itself; what drains may do so at any time."""
    if fields["status"] == "draining":
        return 0
    return math.inf if fields["lease_seconds"] is None else fields["lease_seconds"]


def packed(fields):
    return [ipaddress.ip_address(address).packed for address in fields["addresses"]]


def character_string(text):
    octets = text.encode()
    return bytes([len(octets)]) + octets


def shown(answer):
    rcode, rdata = answer
    code = message.RCODES.get(rcode, rcode)
    return f"{code} {sorted(octets.hex() for octets in rdata)}"


def inspect(server, model, cut):
    """All that is wrong after a restart; the model takes over what was found."""
    found = find(server)
    faults = model.compare(found, cut, server.spawned)
    gone = [key for key in model.entries if key not in found.instances]
    return faults + compare_dns(server, found, gone)
